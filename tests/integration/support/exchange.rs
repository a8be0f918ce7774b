//! A running exchange: the switch's loop with real sockets and a real media plane, a small directory, and a journal and customers
//! played by the story.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use centralita::{
    app::{
        fact_channel::{FactReceiver, fact_channel},
        switch_handle::SwitchHandle,
        switch_loop::{CallerLookup, FORK_NOTICES_MAX, SwitchLoop, SwitchLoopParts, SwitchLoopStats, WIRE_MAX},
    },
    domain::{
        centre::CallerMatch,
        directory::{Directory, Number, NumberTarget, Trunk},
    },
    net::{
        SipNet, SipNetSettings, StirSettings, StirVerifier, SystemClock,
        forks::{ForkSettings, Forks},
        media::{MediaHandle, MediaPlane, MediaSettings},
    },
    protocol::sip::{Advertised, SipSettings},
    switch::{Input, Switch},
    types::{Clock, IpFamily, PerFamily, PhoneNumber, Rng, settings::PortRange},
};
use futures_util::future::BoxFuture;
use tokio::{runtime::Handle, sync::mpsc, task::JoinHandle};

/// How often a story looks whether something has come true.
const LOOK_MS: u64 = 5;
/// Nothing takes longer than this, even on a loaded machine.
const PATIENCE_MS: u64 = 20_000;

/// The exchange with everything that a story needs of it.
pub struct Exchange {
    pub handle: SwitchHandle,
    pub sip: SocketAddr,
    pub facts: FactReceiver,
    media: MediaHandle,
    clock: Arc<SystemClock>,
    running: JoinHandle<()>,
}

/// Nobody is known.
struct NobodyKnown;

impl CallerLookup for NobodyKnown {
    fn look_up(&self, _: PhoneNumber) -> BoxFuture<'static, CallerMatch> {
        Box::pin(async { CallerMatch::default() })
    }
}

impl Exchange {
    /// Starts on loopback, with these RTP ports.
    pub async fn start(ports: PortRange) -> Self {
        let exchange = Self::start_empty(ports).await;
        exchange.set_up().await;
        exchange
    }

    /// Hands the directory over.
    pub async fn set_up(&self) {
        self.handle.input(Input::Directory(Arc::new(directory()))).await;
    }

    /// The same without a directory, as every start is for a moment.
    pub async fn start_empty(ports: PortRange) -> Self {
        let clock = Arc::new(SystemClock::start());
        let (wire_in, wire) = mpsc::channel(WIRE_MAX);
        let (notices_in, notices) = mpsc::channel(WIRE_MAX);
        let (facts_in, facts) = fact_channel(1_024);
        let listen = vec!["127.0.0.1:0".parse().expect("an address")];
        let net = SipNet::open(
            &SipNetSettings { listen, ..SipNetSettings::default() },
            clock.clone(),
            wire_in,
            None,
            &Handle::current(),
        )
        .await;
        let net = net.expect("the SIP edge");
        let media_settings =
            MediaSettings { bind: vec!["127.0.0.1".parse().expect("an address")], ports, ..MediaSettings::default() };
        // Calls go from thread to thread all the time.
        let media_settings = MediaSettings { browser_port: 0, threads: 3, fill_percent: 0, ..media_settings };
        let media = MediaPlane::start(&media_settings, clock.clone(), Rng::seeded(1), notices_in).expect("the media plane");
        let (fork_notices_in, fork_notices) = mpsc::channel(FORK_NOTICES_MAX);
        let forks = Forks::start(&ForkSettings::default(), &media_settings, Rng::seeded(2), clock.clone(), fork_notices_in)
            .expect("no file is named")
            .0;
        let sip = *net.advertised().of(IpFamily::V4);
        let advertised = PerFamily::One(Advertised { host: sip.ip().to_string(), port: sip.port() });
        let settings = SipSettings {
            udp: advertised.clone(),
            tcp: advertised,
            default_udp_flow: net.main_udp_flows(),
            ..SipSettings::default()
        };
        let switch = Switch::new(settings, 1_000, Rng::seeded(2), [9; 32]);
        let parts = SwitchLoopParts {
            switch,
            clock: clock.clone(),
            wire,
            notices,
            net,
            media: media.clone(),
            forks,
            fork_notices,
            facts: facts_in,
            journal: Arc::default(),
            callers: Arc::new(NobodyKnown),
            identities: Arc::new(StirVerifier::open(&StirSettings::default(), clock.clone()).expect("no files are named")),
            // Nobody listens: nothing is written down.
            snapshots: mpsc::channel(1).0,
        };
        let (switch_loop, handle) = SwitchLoop::new(parts);
        let running = tokio::spawn(switch_loop.run());
        Self { handle, sip, facts, media, clock, running }
    }

    /// Looks at the figures until they are as wanted.
    pub async fn wait_until(&self, what: &str, is_so: impl Fn(&SwitchLoopStats) -> bool) -> SwitchLoopStats {
        let patience = self.clock.now().mono + PATIENCE_MS;
        loop {
            let stats = self.handle.stats().await.expect("a running switch");
            if is_so(&stats) {
                return stats;
            }
            let now = self.clock.now().mono;
            assert!(now < patience, "{what} did not come true: {stats:?}");
            self.clock.sleep_until(now + LOOK_MS).await;
        }
    }

    /// Stops in the order of the server.
    pub async fn stop(self) {
        self.handle.drain(Duration::from_secs(5)).await;
        self.running.await.expect("the loop ends by itself");
        self.media.stop();
    }
}

fn directory() -> Directory {
    let mut directory = Directory { version: 1, ..Directory::default() };
    let echo = Number {
        number: "1009".into(),
        name: "Echo".into(),
        target: NumberTarget::Echo,
        is_on_web_phone: false,
        answering: Default::default(),
    };
    directory.numbers.insert("1009".into(), echo);
    let trunk = Trunk {
        sources: vec!["127.0.0.0/8".into()],
        calls_max: 1_000,
        ..Trunk::new("loopback".parse().expect("a key"), "Loopback")
    };
    directory.trunks.insert(trunk.id.clone(), trunk);
    directory
}
