//! Where the SIP sockets say what passes: one bounded push per message and nothing else on their way. A task of its own takes the
//! messages in from time to time, keeps those of the last calls (`protocol/capture`), and hands copies on (`hep_export.rs`).

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use tokio::sync::{Mutex, mpsc, oneshot, watch};

use super::hep_export::{ExportFigures, HepExport};
use crate::{
    protocol::{
        capture::{CaptureCounts, CaptureLimits, CaptureStore, CapturedCall, CapturedMessage, HepIdentity},
        sip::{Flow, FlowId},
    },
    types::{CallId, Clock, Mono, OfFamily, PerFamily, settings::settings},
};

/// Reports that may wait; more are dropped and counted.
const REPORTS_MAX: usize = 16_384;
/// Questions that may wait.
const ASKS_MAX: usize = 64;
/// Reports gather for so long before they are taken in, so that a burst wakes the task once.
const GATHER_MS: u64 = 20;
/// What is shorter is a keep-alive.
const MESSAGE_MIN: usize = 16;

settings! {
    /// Section `capture`.
    pub struct CaptureSettings {
        /// Whether the SIP messages of the last calls are kept in memory, for the ladder on a call's page, its pcap file and HEP.
        pub enabled: bool = true,
        /// Bytes kept, all together; the oldest calls fall out first.
        pub bytes_max: usize = 33_554_432,
        /// Messages kept, all together.
        pub messages_max: usize = 50_000,
        /// Messages kept of one call: its beginning and its end, what lies between falls out.
        pub messages_per_call_max: usize = 400,
        /// Address and port of a HEP v3 collector over UDP, such as Homer's "192.0.2.9:9060"; every SIP message is sent there,
        /// masked, except calls that are refused unread while too many come. "" sends none.
        pub hep_collector: Option<SocketAddr> = None,
        /// Number under which the collector knows this node.
        pub hep_capture_id: u32 = 1,
        /// What the collector asks for, if it does.
        pub hep_password: String = String::new(),
    }
}

/// What passes, said by the sockets. Cheap to clone; does nothing when the capture is off.
#[derive(Clone)]
pub struct SipTap {
    on: Option<Tapped>,
}

#[derive(Clone)]
struct Tapped {
    clock: Arc<dyn Clock>,
    reports: mpsc::Sender<Report>,
    figures: Arc<Figures>,
}

enum Report {
    Passed {
        at_us: i64,
        flow: Flow,
        is_inbound: bool,
        bytes: Arc<[u8]>,
    },
    /// Our address of a socket or a connection.
    Opened {
        flow: FlowId,
        local: SocketAddr,
    },
    Closed(FlowId),
    Named {
        call: CallId,
        call_id: Arc<str>,
    },
    /// Our address as others reach it.
    Advertised(PerFamily<SocketAddr>),
}

enum Ask {
    OfCall(CallId, oneshot::Sender<Option<CapturedCall>>),
    Counts(oneshot::Sender<CaptureCounts>),
}

#[derive(Debug, Default)]
struct Figures {
    lost: AtomicU64,
    exports: Arc<ExportFigures>,
}

/// The capture in figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CaptureStats {
    /// What is kept.
    pub counts: CaptureCounts,
    /// Messages that nobody took in, because too many came at once.
    pub lost: u64,
    /// Messages sent to the collector.
    pub exported: u64,
    /// Messages that the collector did not get, because too many waited or the network refused them.
    pub unexported: u64,
}

/// What was captured, for those who ask. Cheap to clone.
#[derive(Clone)]
pub struct CaptureHandle {
    on: Option<(mpsc::Sender<Ask>, Arc<Figures>)>,
}

impl SipTap {
    /// One that nobody listens to.
    pub const fn off() -> Self {
        Self { on: None }
    }

    /// A message came in.
    pub(super) fn heard(&self, flow: Flow, bytes: &[u8]) {
        if let Some(tapped) = &self.on {
            tapped.passed(flow, true, bytes.into());
        }
    }

    /// A message goes out.
    pub(super) fn said(&self, flow: Flow, bytes: &Arc<[u8]>) {
        if let Some(tapped) = self.on.as_ref().filter(|_| bytes.len() >= MESSAGE_MIN) {
            tapped.passed(flow, false, bytes.clone());
        }
    }

    /// A socket or a connection is open at this address of ours.
    pub(super) fn opened(&self, flow: FlowId, local: SocketAddr) {
        self.report(Report::Opened { flow, local });
    }

    /// A connection is gone.
    pub(super) fn closed(&self, flow: FlowId) {
        self.report(Report::Closed(flow));
    }

    /// Where others reach us, for sockets that listen on every address.
    pub(super) fn advertised(&self, addresses: PerFamily<SocketAddr>) {
        self.report(Report::Advertised(addresses));
    }

    /// The dialog of this Call-ID belongs to this call.
    pub(super) fn named(&self, call: CallId, call_id: Arc<str>) {
        self.report(Report::Named { call, call_id });
    }

    fn report(&self, report: Report) {
        if let Some(tapped) = &self.on {
            tapped.report(report);
        }
    }
}

impl Tapped {
    fn passed(&self, flow: Flow, is_inbound: bool, bytes: Arc<[u8]>) {
        self.report(Report::Passed { at_us: self.clock.wall_us(), flow, is_inbound, bytes });
    }

    fn report(&self, report: Report) {
        if self.reports.try_send(report).is_err() {
            self.figures.lost.fetch_add(1, Relaxed);
        }
    }
}

impl CaptureHandle {
    /// Whether anything is captured at all.
    pub fn is_on(&self) -> bool {
        self.on.is_some()
    }

    /// What is kept of a call, with everything that has passed up to now.
    pub async fn of_call(&self, call: CallId) -> Option<CapturedCall> {
        let (asks, _) = self.on.as_ref()?;
        let (reply, answer) = oneshot::channel();
        asks.send(Ask::OfCall(call, reply)).await.ok()?;
        answer.await.ok().flatten()
    }

    /// In figures.
    pub async fn stats(&self) -> CaptureStats {
        let Some((asks, figures)) = &self.on else { return CaptureStats::default() };
        let (reply, answer) = oneshot::channel();
        let counts = match asks.send(Ask::Counts(reply)).await {
            Ok(()) => answer.await.unwrap_or_default(),
            Err(_) => CaptureCounts::default(),
        };
        CaptureStats {
            counts,
            lost: figures.lost.load(Relaxed),
            exported: figures.exports.sent.load(Relaxed),
            unexported: figures.exports.dropped.load(Relaxed),
        }
    }
}

/// The capture's task, to be kept running.
#[derive(Clone)]
pub struct SipCapture {
    state: Option<Arc<Mutex<State>>>,
}

impl SipCapture {
    /// By these settings: where to report, where to ask, and what is to run.
    pub fn new(settings: &CaptureSettings, clock: Arc<dyn Clock>) -> (SipTap, CaptureHandle, Self) {
        if !settings.enabled {
            return (SipTap::off(), CaptureHandle { on: None }, Self { state: None });
        }
        let (reports_in, reports) = mpsc::channel(REPORTS_MAX);
        let (asks_in, asks) = mpsc::channel(ASKS_MAX);
        let figures = Arc::new(Figures::default());
        let limits = CaptureLimits {
            bytes_max: settings.bytes_max,
            messages_max: settings.messages_max,
            messages_per_call_max: settings.messages_per_call_max.min(settings.messages_max),
        };
        let identity = HepIdentity { capture_id: settings.hep_capture_id, password: settings.hep_password.clone() };
        let export = settings.hep_collector.map(|collector| HepExport::new(collector, identity, figures.exports.clone()));
        let state = State {
            clock: clock.clone(),
            reports,
            asks,
            store: CaptureStore::new(limits),
            locals: BTreeMap::new(),
            advertised: PerFamily::One(SocketAddr::from(([0, 0, 0, 0], 0))),
            export,
        };
        let tap = SipTap { on: Some(Tapped { clock, reports: reports_in, figures: figures.clone() }) };
        (tap, CaptureHandle { on: Some((asks_in, figures)) }, Self { state: Some(Arc::new(Mutex::new(state))) })
    }

    /// Runs until `stopping` turns true; the collector still gets what has passed by then.
    pub async fn run(self, mut stopping: watch::Receiver<bool>) {
        let Some(state) = self.state else { return };
        let mut state = state.lock().await;
        tokio::select! {
            () = state.run() => {}
            _ = stopping.wait_for(|is_stopping| *is_stopping) => {}
        }
        state.take_all();
        state.export(None).await;
    }
}

struct State {
    clock: Arc<dyn Clock>,
    reports: mpsc::Receiver<Report>,
    asks: mpsc::Receiver<Ask>,
    store: CaptureStore,
    locals: BTreeMap<FlowId, SocketAddr>,
    advertised: PerFamily<SocketAddr>,
    export: Option<HepExport>,
}

impl State {
    async fn run(&mut self) {
        let clock = self.clock.clone();
        loop {
            let due = self.export.as_ref().and_then(HepExport::next_due);
            let export_due = async {
                match due {
                    Some(due) => clock.sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                report = self.reports.recv() => {
                    let Some(report) = report else { return };
                    self.take(report);
                    clock.sleep_until(clock.now().mono + GATHER_MS).await;
                    self.take_all();
                }
                Some(ask) = self.asks.recv() => {
                    self.take_all();
                    self.answer(ask);
                }
                () = export_due => self.export(Some(self.clock.now().mono)).await,
            }
        }
    }

    /// Bounded, so that a flood of reports never keeps questions and the collector waiting.
    fn take_all(&mut self) {
        for _ in 0..REPORTS_MAX {
            let Ok(report) = self.reports.try_recv() else { return };
            self.take(report);
        }
    }

    fn take(&mut self, report: Report) {
        match report {
            Report::Passed { at_us, flow, is_inbound, bytes } => {
                let local = self.local(flow);
                let (source, destination) = if is_inbound { (flow.remote, local) } else { (local, flow.remote) };
                let message = CapturedMessage { at_us, source, destination, transport: flow.transport, is_inbound, bytes };
                if let Some(export) = &mut self.export {
                    export.add(message.clone(), self.clock.now().mono);
                }
                self.store.keep(message);
            }
            Report::Opened { flow, local } => {
                self.locals.insert(flow, local);
            }
            Report::Closed(flow) => {
                self.locals.remove(&flow);
            }
            Report::Named { call, call_id } => self.store.name(call, &call_id),
            Report::Advertised(addresses) => self.advertised = addresses,
        }
    }

    fn answer(&self, ask: Ask) {
        // Who asked may have gone meanwhile.
        match ask {
            Ask::OfCall(call, reply) => drop(reply.send(self.store.of_call(call))),
            Ask::Counts(reply) => drop(reply.send(self.store.counts())),
        }
    }

    /// Our address on this flow. A socket that listens on every address does not say by which one a datagram came: then it is the
    /// one that others reach us at, or the loopback for what comes from there.
    fn local(&self, flow: Flow) -> SocketAddr {
        let advertised = *self.advertised.of(flow.remote.family());
        let local = self.locals.get(&flow.id).copied().unwrap_or(advertised);
        let remote = flow.remote.ip().to_canonical();
        let ip = match (local.ip().to_canonical(), remote) {
            (ip, _) if !ip.is_unspecified() => ip,
            (_, IpAddr::V4(remote)) if remote.is_loopback() => Ipv4Addr::LOCALHOST.into(),
            (_, IpAddr::V6(remote)) if remote.is_loopback() => Ipv6Addr::LOCALHOST.into(),
            (ip, remote) if advertised.is_ipv4() == remote.is_ipv4() => {
                if advertised.ip().is_unspecified() {
                    ip
                } else {
                    advertised.ip()
                }
            }
            (_, IpAddr::V4(_)) => Ipv4Addr::UNSPECIFIED.into(),
            (_, IpAddr::V6(_)) => Ipv6Addr::UNSPECIFIED.into(),
        };
        SocketAddr::new(ip, local.port())
    }

    /// Sends what is due by then, or everything.
    async fn export(&mut self, by: Option<Mono>) {
        if let Some(export) = &mut self.export {
            export.send_due(by, &self.store).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        net::SystemClock,
        protocol::{capture::Outline, sip::Transport},
        types::Rng,
    };

    fn flow(remote: &str) -> Flow {
        Flow { transport: Transport::Udp, id: FlowId(1), remote: remote.parse().unwrap() }
    }

    fn text(start: &str, call_id: &str) -> Arc<[u8]> {
        format!("{start} sip:1001@h SIP/2.0\r\nCall-ID: {call_id}\r\nAuthorization: Digest response=\"abc\"\r\n\r\n")
            .into_bytes()
            .into()
    }

    fn started(settings: CaptureSettings) -> (SipTap, CaptureHandle) {
        let (tap, handle, capture) = SipCapture::new(&settings, Arc::new(SystemClock::start()));
        // Whoever could stop it is gone: it runs as long as the story.
        tokio::spawn(async move {
            let (_stop, stopping) = watch::channel(false);
            capture.run(stopping).await;
        });
        tap.advertised(PerFamily::One("192.0.2.9:5060".parse().unwrap()));
        tap.opened(FlowId(1), "0.0.0.0:5060".parse().unwrap());
        (tap, handle)
    }

    fn a_call() -> CallId {
        CallId::mint(crate::types::Timestamp::from_millis(1_766_000_000_000), &mut Rng::seeded(1))
    }

    #[tokio::test]
    async fn what_passed_is_there_at_once_with_both_addresses() {
        let (tap, handle) = started(CaptureSettings::default());
        tap.heard(flow("127.0.0.1:5070"), &text("INVITE", "a"));
        tap.named(a_call(), "a".into());
        tap.said(flow("198.51.100.7:5060"), &text("BYE", "a"));
        tap.said(flow("198.51.100.7:5060"), &Arc::from(*b"\r\n\r\n"));
        let kept = handle.of_call(a_call()).await.unwrap();
        let seen: Vec<_> = kept
            .messages
            .iter()
            .map(|message| {
                let method = Outline::of(&message.bytes).method.unwrap_or("");
                format!("{method} {} > {} {}", message.source, message.destination, message.is_inbound)
            })
            .collect();
        assert_eq!(seen, ["INVITE 127.0.0.1:5070 > 127.0.0.1:5060 true", "BYE 192.0.2.9:5060 > 198.51.100.7:5060 false"]);
        assert_eq!((handle.stats().await.counts.messages, handle.stats().await.lost), (2, 0));
    }

    #[tokio::test]
    async fn a_capture_that_is_off_keeps_and_costs_nothing() {
        let (tap, handle) = started(CaptureSettings { enabled: false, ..CaptureSettings::default() });
        tap.heard(flow("127.0.0.1:5070"), &text("INVITE", "a"));
        tap.named(a_call(), "a".into());
        assert_eq!((handle.is_on(), handle.of_call(a_call()).await), (false, None));
        assert_eq!(handle.stats().await, CaptureStats::default());
    }
}
