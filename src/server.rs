//! The composition root: the one place that knows every part. Opens store and sockets, starts the loops, stops them in order.
//! Decides nothing about calls; what is opened here is closed here.

mod callbacks;
mod earlier_calls;
mod first_start;
mod histogram;
mod listeners;
mod loops;
mod metrics;
mod recordings;
mod scripts;
mod stop;
mod switch_thread;
mod tasks;
mod work_items;

use std::{
    io::Write,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::{
    sync::{Semaphore, mpsc, watch},
    task::JoinHandle,
};

pub use first_start::{NewAdministrator, first_start, typed};
pub use stop::Stopped;

use self::{
    callbacks::restore_callbacks,
    earlier_calls::count_earlier_calls,
    listeners::{Doors, Listeners, not_available},
    scripts::Scripts,
    switch_thread::SwitchThread,
    tasks::Tasks,
    work_items::restore_work,
};
use crate::{
    app::{
        access::Access,
        alerts::Alerts,
        broadcasts::Broadcasts,
        callbacks::Callbacks,
        calls::Calls,
        customers::Customers,
        desk::Desk,
        directory::DirectoryDesk,
        events::Events,
        journal_loop,
        rate_limit::RateLimit,
        reports::Reports,
        signalling::SignallingDesk,
        snapshot_loop::{SnapshotStatus, Snapshots},
        switch_handle::SwitchHandle,
        switch_loop::{CallerLookup, FORK_NOTICES_MAX, SwitchLoop, SwitchLoopParts, WIRE_MAX},
        tickets::Tickets,
        users::Users,
        work_items::WorkItems,
    },
    cli::Failure,
    config::Config,
    console::{self, BoardRoom, ConsoleState, Pops, Sockets},
    domain::centre::CallerMatch,
    http::{self, AppState, Readiness},
    net::{
        CaptureHandle, Certificates, Reach, ReadAgain, Secrets, SipCapture, SipNet, SipNetFault, SipSockets, Stir, StirFault,
        SystemClock, WebhookPoster, forks::Forks, media::MediaPlane, recording::Recorder,
    },
    protocol::sip::{Advertised, Gruus, IdentityTimes, PingSettings, RegistrationLimits, SessionTimerLimits, SipSettings},
    protocol::stir::PassportSigner,
    store::{
        DataDir, Db, OpenFault, for_a_caller,
        repair::{self, GoesOn},
    },
    switch::{CallSnapshot, Input, Survivors, Switch},
    types::{CallId, Clock, IpFamily, PerFamily, PhoneNumber, Rng},
};

/// Dialogs beyond two for each call: those that are being refused or are ending.
const DIALOGS_SPARE: usize = 100;

/// openapi.json: the REST interface and the messages of both sockets, ending with a line feed.
pub fn openapi_json() -> String {
    let mut document = http::openapi();
    let components = document.components.get_or_insert_default();
    for (name, schema) in console::wire::schemas() {
        components.schemas.entry(name).or_insert(schema);
    }
    let mut text = document.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// What lasts, opened: the ground on which `serve` and the small commands stand.
pub struct Ground {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The node's generator; each part gets its own by [`Ground::rng`].
    seed: Mutex<Rng>,
    /// The database.
    pub db: Db,
    /// Users, sessions, tokens.
    pub users: Users,
    /// What is set up.
    pub directory: DirectoryDesk,
    /// Tickets.
    pub tickets: Tickets,
    /// Customers.
    pub customers: Customers,
}

impl Ground {
    /// Takes the data folder for this process, opens the database and brings it to this version.
    pub async fn open(config: &Config, data: &Path) -> Result<Self, Failure> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let folder = DataDir::take(data)?;
        let db = Db::open(&config.store, folder, clock.clone()).await?;
        let seed = Mutex::new(Rng::from_seed(Secrets.octets().map_err(anyhow::Error::from)?));
        let fault = |error: &dyn std::fmt::Display| Failure::Unavailable(format!("the database cannot be read: {error}"));
        let realm = SipSettings::default().realm;
        let directory = DirectoryDesk::open(db.clone(), clock.clone(), &realm);
        let directory = directory.await.map_err(|error| fault(&error))?;
        let rng = || part(&seed);
        let tickets = Tickets::open_desk(db.clone(), clock.clone(), rng(), directory.watch()).await;
        let tickets = tickets.map_err(|error| fault(&error))?;
        let customers = Customers::new(db.clone(), clock.clone(), rng(), directory.watch(), tickets.clone());
        let users = Users::new(db.clone(), clock.clone(), directory.clone());
        Ok(Self { clock, seed, db, users, directory, tickets, customers })
    }

    /// A generator for one part, drawn from the node's.
    pub fn rng(&self) -> Rng {
        part(&self.seed)
    }
}

fn part(seed: &Mutex<Rng>) -> Rng {
    seed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).part()
}

impl From<OpenFault> for Failure {
    fn from(fault: OpenFault) -> Self {
        Self::Unavailable(sentence(&fault))
    }
}

impl From<StirFault> for Failure {
    fn from(fault: StirFault) -> Self {
        Self::Unavailable(sentence(&fault))
    }
}

impl From<SipNetFault> for Failure {
    fn from(fault: SipNetFault) -> Self {
        Self::Unavailable(sentence(&fault))
    }
}

fn whole_secs(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

/// With a capital and a full stop.
fn sentence(fault: &dyn std::fmt::Display) -> String {
    let text = fault.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

/// Answers "who is this?" from the customers' records.
struct Recognition(Customers);

impl CallerLookup for Recognition {
    fn look_up(&self, number: PhoneNumber) -> BoxFuture<'static, CallerMatch> {
        let customers = self.0.clone();
        Box::pin(async move {
            for_a_caller(customers.who_is(&number)).await.unwrap_or_else(|fault| {
                tracing::warn!(%fault, "a caller cannot be looked up; the call goes on without a name");
                CallerMatch::default()
            })
        })
    }
}

/// The exchange, started.
struct Exchange {
    switch: SwitchHandle,
    media: crate::net::media::MediaHandle,
    recorder: Recorder,
    forks: Forks,
    advertised: PerFamily<SocketAddr>,
    /// Where the switch runs.
    _thread: SwitchThread,
    /// Who is asked for the names of trunks, and which addresses can be used.
    name_servers: Vec<SocketAddr>,
    reach: Reach,
    sip_sockets: SipSockets,
    switch_loop: JoinHandle<()>,
    captured: CaptureHandle,
    capture: SipCapture,
    journal: Arc<journal_loop::JournalStatus>,
    journal_loop: JoinHandle<()>,
    snapshots: Arc<SnapshotStatus>,
    snapshot_loop: JoinHandle<()>,
    stir: Stir,
}

impl Exchange {
    async fn start(config: &Config, ground: &Ground, certificates: Option<Certificates>) -> Result<Self, Failure> {
        let clock = ground.clock.clone();
        let (wire_in, wire) = mpsc::channel(WIRE_MAX);
        let (notices_in, notices) = mpsc::channel(WIRE_MAX);
        let thread = SwitchThread::start().map_err(anyhow::Error::from)?;
        let net = SipNet::open(&config.sip, clock.clone(), wire_in, certificates, thread.handle()).await?;
        let (tap, captured, capture) = SipCapture::new(&config.capture, clock.clone());
        net.tap_into(tap);
        for address in net.tls_listening() {
            tracing::info!(%address, "SIP over TLS");
        }
        let (recorder, tap_feed) = recordings::start(config, ground, notices_in.clone())?;
        let (fork_notices_in, fork_notices) = mpsc::channel(FORK_NOTICES_MAX);
        let (forks, feed) =
            Forks::start(&config.forks, &config.media, ground.rng(), clock.clone(), fork_notices_in).map_err(|error| {
                Failure::Unavailable(format!("Copies of calls' audio (forks.trusted) cannot be sent: {error}."))
            })?;
        let media = MediaPlane::start_with_taps(&config.media, clock.clone(), ground.rng(), notices_in, tap_feed, Some(&feed))
            .map_err(|error| {
                let bind = config.media.addresses().of(IpFamily::V4).bind;
                not_available(SocketAddr::new(bind, config.media.browser_port), "media.browser_port", &error)
            })?;
        let (advertised, reach, sip_sockets) = (net.advertised(), Reach::of(net.listening()), net.sockets());
        let stir = Stir::open(&config.stir, clock.clone())?;
        let as_others_see = |address: SocketAddr| Advertised { host: host_of(address.ip()), port: address.port() };
        let ours = advertised.map(as_others_see);
        for address in config.media.addresses().iter() {
            tracing::info!(bind = %address.bind, advertised = %address.advertised, "audio");
        }
        let sip = SipSettings {
            udp: ours.clone(),
            tls: net.advertised_tls().map(as_others_see),
            tcp: ours,
            default_udp_flow: net.main_udp_flows(),
            user_agent: concat!("Centralita/", env!("CARGO_PKG_VERSION")).into(),
            never_banned: config.sip.never_banned.clone(),
            // A call has two parties, and the one too many is refused by the floor, which says why. Recorders have dialogs beside them.
            dialogs_max: config
                .limits
                .calls_max
                .saturating_mul(2)
                .saturating_add(DIALOGS_SPARE + 2 * config.forks.copies_max as usize),
            registration: RegistrationLimits {
                // Twice within the time that a silent connection is kept, so that a lost REGISTER costs nothing.
                stream_expires_max_secs: whole_secs(config.sip.idle / 2),
                ..RegistrationLimits::default()
            },
            session_timer: SessionTimerLimits {
                session_expires_secs: whole_secs(config.sip.session_expires),
                min_se_secs: whole_secs(config.sip.min_se),
            },
            pings: PingSettings {
                every_ms: millis(config.sip.ping_every).max(1_000),
                answer_ms_max: millis(config.sip.ping_timeout).max(100),
                ..PingSettings::default()
            },
            identity: IdentityTimes { wait_ms: millis(config.stir.wait), fresh_secs: u64::from(whole_secs(config.stir.fresh)) },
            well_known: net.well_known(),
            signer: stir.signer.clone().map(|signer| signer as Arc<dyn PassportSigner>),
            gruus: Some(Gruus::new(ground.db.derived_key("temporary GRUU"))),
            ..SipSettings::default()
        };
        let secret = Secrets.octets().map_err(anyhow::Error::from)?;
        let mut switch = Switch::new(sip, config.limits.calls_max, ground.rng(), secret);
        switch.set_park(config.park.clone());
        switch.set_media_families(config.media.families());
        let not_usable =
            |what: &str, error| Failure::Unavailable(format!("{what} in the data folder cannot be used: {error}."));
        let snapshots = Snapshots::open(ground.db.data().path(), clock.now().wall).await;
        let (snapshots, mut survivors) = snapshots.map_err(|error| not_usable("The file of live calls", error))?;
        let goes_on = GoesOn {
            calls: survivors.calls.iter().map(CallSnapshot::id).collect(),
            agents: survivors.agents.iter().map(|agent| agent.id.clone()).collect(),
        };
        let journal = journal_loop::start(ground.db.clone(), clock.clone(), ground.directory.watch(), goes_on).await;
        let (facts, status, journal_loop) = journal.map_err(|error| not_usable("The journal's file", error))?;
        leave_out_ended(&ground.db, &mut survivors).await;
        let directory = ground.directory.watch().borrow().clone();
        count_earlier_calls(&ground.db, &directory, clock.now().wall, &mut switch).await;
        let taken_up: Vec<CallId> = survivors.calls.iter().map(CallSnapshot::id).collect();
        restore_callbacks(&ground.db, taken_up.iter().copied().collect(), &mut switch).await;
        restore_work(&ground.db, &mut switch).await;
        if !taken_up.is_empty() {
            tracing::warn!(calls = taken_up.len(), "calls of an earlier process are taken up");
        }
        switch.take_up(survivors);
        let (snapshot_door, snapshots, snapshot_loop) = snapshots.start(&taken_up, clock.clone());
        let (switch_loop, switch) = SwitchLoop::new(SwitchLoopParts {
            switch,
            clock,
            wire,
            notices,
            net,
            media: media.clone(),
            forks: forks.clone(),
            fork_notices,
            facts,
            journal: status.clone(),
            callers: Arc::new(Recognition(ground.customers.clone())),
            identities: stir.verifier.clone(),
            snapshots: snapshot_door,
        });
        Ok(Self {
            switch,
            media,
            recorder,
            forks,
            advertised,
            name_servers: config.sip.name_servers.clone(),
            reach,
            sip_sockets,
            switch_loop: thread.handle().spawn(switch_loop.run()),
            _thread: thread,
            captured,
            capture,
            journal: status,
            journal_loop,
            snapshots,
            snapshot_loop,
            stir,
        })
    }

    /// Waits until a part without which there is no exchange has ended, and says which and why.
    async fn ended(&mut self, db: &Db) -> String {
        let why = |ended: Result<(), tokio::task::JoinError>| ended.err().map(|error| format!(": {error}")).unwrap_or_default();
        tokio::select! {
            biased;
            ended = &mut self.switch_loop => format!("the exchange stopped{}", why(ended)),
            ended = &mut self.journal_loop => format!("the journal stopped{}", why(ended)),
            () = db.writer_ended() => "the writer of the database stopped".to_owned(),
            () = self.media.ended() => "the audio of calls stopped".to_owned(),
        }
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A call whose end is stored has ended, whatever was written down of it before.
async fn leave_out_ended(db: &Db, survivors: &mut Survivors) {
    let live = survivors.calls.iter().filter(|call| !call.is_over()).map(CallSnapshot::id);
    match repair::ended_among(db, live).await {
        Ok(ended) => survivors.calls.retain(|call| call.is_over() || !ended.contains(&call.id())),
        Err(fault) => tracing::error!(%fault, "calls of an earlier process that have ended cannot be told from others"),
    }
}

fn host_of(address: std::net::IpAddr) -> String {
    match address {
        std::net::IpAddr::V4(ip) => ip.to_string(),
        std::net::IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// Runs a node until it is told to stop. `announce` is told once everything is open, with the line for people and programs.
pub async fn serve(config: Config, ground: Ground, announce: impl FnOnce(&str)) -> Result<Stopped, Failure> {
    let node = start(config, ground).await?;
    // Ports and certificates are there: the password that is shown only once is shown by a server that runs.
    first_start(&node.ground).await?;
    let mut signals = stop::Signals::listen()?;
    announce(&format!("ready {}", node.addresses));
    stop::stop(node, &mut signals).await
}

/// Where a node can be reached; `None` for what is switched off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// Plain HTTP.
    pub http: Option<SocketAddr>,
    /// HTTPS.
    pub https: Option<SocketAddr>,
    /// SIP, as others reach it.
    pub sip: PerFamily<SocketAddr>,
    /// Prometheus.
    pub metrics: Option<SocketAddr>,
}

impl std::fmt::Display for Addresses {
    /// `http=http://… https=https://… sip=…`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (name, address) in [("http", self.http), ("https", self.https)] {
            if let Some(address) = address {
                write!(f, "{name}={name}://{address} ")?;
            }
        }
        let sip: Vec<String> = self.sip.iter().map(ToString::to_string).collect();
        write!(f, "sip={}", sip.join(","))
    }
}

/// A running node.
pub struct Node {
    config: Config,
    ground: Ground,
    exchange: Exchange,
    readiness: Readiness,
    /// Certificates and keys.
    read_again: ReadAgain,
    stop: watch::Sender<bool>,
    doors: Doors,
    loops: Vec<JoinHandle<()>>,
    addresses: Addresses,
}

impl Node {
    /// Where it can be reached.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// No new calls, running ones end or reach the limit, everything closes.
    pub async fn stop(self) {
        stop::in_order(self).await;
    }
}

/// Opens everything and begins to work.
pub async fn start(config: Config, ground: Ground) -> Result<Node, Failure> {
    let (stop, stopping) = watch::channel(false);
    let readiness = Readiness::default();
    let read_again = ReadAgain::default();
    let build: Arc<str> = concat!(env!("CARGO_PKG_VERSION"), "+", env!("CENTRALITA_BUILD")).into();
    let listeners = Listeners::open(&config, ground.db.data().path())?;
    let exchange = Exchange::start(&config, &ground, listeners.certificates()).await?;

    let access = Access::new(ground.users.clone(), ground.clock.clone(), config.http.sign_in_failures_per_minute);
    let desk = Desk::new(ground.db.clone(), ground.clock.clone(), ground.customers.clone(), ground.tickets.clone());
    let pops = Pops::new(desk.clone());
    let alerts = Alerts::new(ground.db.clone(), ground.clock.clone(), ground.rng(), ground.directory.watch());
    let poster = WebhookPoster::open(&config.webhooks).map_err(|error| {
        Failure::Unavailable(format!("Outside systems (webhooks.trusted) cannot be told of alerts: {error}."))
    })?;
    let recordings = recordings::desk(&ground, exchange.recorder.folder())?;
    let traffic = http::Traffic::default();
    let app = AppState {
        settings: Arc::new(config.http.clone()),
        further_origins: config.http.origins.clone().into(),
        clock: ground.clock.clone(),
        readiness: readiness.clone(),
        traffic: traffic.clone(),
        pace: Arc::new(http::Pace::new(&config.http)),
        build: build.clone(),
        is_web_phone_enabled: config.web_phone.enabled,
        access: access.clone(),
        directory: ground.directory.watch(),
        customers: ground.customers.clone(),
        tickets: ground.tickets.clone(),
        centre: ground.directory.clone(),
        alerts: alerts.clone(),
        broadcasts: Broadcasts::new(ground.db.clone(), ground.clock.clone(), ground.rng(), ground.directory.watch()),
        calls: Calls::new(ground.db.clone()),
        callbacks: Callbacks::new(
            ground.db.clone(),
            ground.clock.clone(),
            ground.rng(),
            ground.directory.watch(),
            ground.customers.clone(),
            exchange.switch.clone(),
        ),
        work_items: WorkItems::new(ground.db.clone(), ground.customers.clone(), exchange.switch.clone()),
        signalling: SignallingDesk::new(ground.db.clone(), ground.clock.clone(), exchange.captured.clone()),
        recordings: recordings.clone(),
        events: Events::new(ground.db.clone()),
        reports: Reports::new(ground.db.clone(), ground.directory.watch()),
        switch: exchange.switch.clone(),
        openapi: openapi_json().into(),
    };
    let consoles = ConsoleState::new(console::Parts {
        clock: ground.clock.clone(),
        rng: Mutex::new(ground.rng()),
        build,
        access,
        switch: exchange.switch.clone(),
        desk: desk.clone(),
        directory: ground.directory.watch(),
        sockets: Sockets::new(config.limits.consoles_max),
        board: BoardRoom::default(),
        pops: pops.clone(),
        web_phone_by_address: RateLimit::per_minute(config.web_phone.calls_per_minute),
        web_phone_in_all: RateLimit::per_minute(config.web_phone.all_calls_per_minute),
        web_phone_sockets: Arc::new(Semaphore::new(config.web_phone.calls_max)),
        web_phone: config.web_phone.clone(),
        sip_sockets: exchange.sip_sockets.clone(),
        stopping: stopping.clone(),
    });

    let tasks = Tasks::new(ground.clock.clone());
    let scripts = Scripts::open(&config, &ground, &exchange.switch, &exchange.media);
    let mut loops = vec![scripts.start(&tasks, stopping.clone()).await?];
    let files = (listeners.certificates(), exchange.stir.clone(), read_again.clone());
    loops.push(loops::follow_files(&tasks, files, ground.clock.clone(), stopping.clone()));
    loops.extend(loops::start(&tasks, &ground, &exchange, pops, consoles.clone(), recordings.clone(), stopping.clone()));
    let reports = Reports::new(ground.db.clone(), ground.directory.watch());
    let (checking, balances) = loops::check_balances(&tasks, reports, ground.clock.clone(), stopping.clone());
    loops.push(checking);
    loops.extend(loops::watch_floor(&tasks, &ground, &exchange, (alerts, poster), desk, stopping));
    let figures = metrics::Figures {
        switch: exchange.switch.clone(),
        media: exchange.media.clone(),
        recorder: exchange.recorder.clone(),
        recordings,
        forks: exchange.forks.clone(),
        captured: exchange.captured.clone(),
        journal: exchange.journal.clone(),
        balances,
        snapshots: exchange.snapshots.clone(),
        tickets: ground.tickets.clone(),
        consoles: consoles.clone(),
        clock: ground.clock.clone(),
        traffic,
        tasks,
        certificates: listeners.certificates(),
    };
    let addresses = listeners.addresses(exchange.advertised);
    let doors = listeners.serve(http::router(app, console::routes(consoles)), figures);
    // Who asks whether we are ready may call the moment after.
    exchange.switch.input(Input::Directory(ground.directory.current())).await;
    readiness.set(true);
    Ok(Node { config, ground, exchange, readiness, read_again, stop, doors, loops, addresses })
}

/// One line on standard output, at once.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody reads: the log still has it.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
