//! The loop around the switch: carries what comes from the wire, the media workers and people in, and what the switch wants out.
//! Decides nothing about calls. Never waits for anyone: what cannot be handed on at once waits in bounded queues, and when the
//! journal falls too far behind, new calls are refused.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use futures_util::future::BoxFuture;
use tokio::{
    runtime::Handle,
    sync::{Semaphore, broadcast, mpsc, oneshot, watch},
};

use super::{
    fact_channel::FactSender,
    journal_loop::JournalStatus,
    overload::{Backlog, Causes, Overload},
    snapshot_loop::SnapshotBatch,
    switch_handle::{Ask, SwitchHandle},
};
use crate::{
    domain::{
        access::{AccessEvent, AccessEventKind},
        centre::{CallerMatch, Drift, Fact, Refusal},
        event::Event,
    },
    net::{SipNet, SipNetStats, StirVerifier, forks::Forks, media::MediaHandle},
    protocol::{
        forking::{ForkNotice, ForkOrder},
        media::MediaNotice,
        sip::DialogId,
        stir::SignedPassport,
    },
    switch::{CommandRequest, Input, LiveUpdate, Output, Switch, SwitchStats},
    types::{CallId, Clock, ForkEnd, ForkFailure, IdentityFault, Mono, Now, PhoneNumber},
};

/// Messages and notices that may wait for the switch; beyond, the SIP edge drops and counts.
pub const WIRE_MAX: usize = 8_192;
/// Asks of people and programs that may wait.
const ASKS_MAX: usize = 1_024;
/// What may wait of what is reported of copies of calls' audio; who sends them waits beyond.
pub const FORK_NOTICES_MAX: usize = 1_024;
/// Inputs handled in one turn. What a turn answers goes out at once, and peers lose what comes in larger bursts than their sockets hold.
const BATCH_MAX: usize = 64;
/// Live updates that a slow console may be behind.
const LIVE_MAX: usize = 8_192;
/// Facts that may wait at all.
const FACTS_MAX: usize = 200_000;
/// Look-ups at a time; a caller beyond them is not recognised.
const LOOK_UPS_MAX: usize = 256;
/// A look-up that takes longer is counted; the floor has gone on without it.
const LOOK_UP_MS_MAX: u64 = 150;
/// What is found later still paints the record, until then.
const LATE_LOOK_UP_MS_MAX: u64 = 10_000;
/// Late look-ups at a time. They take no place of those to come.
const LATE_LOOK_UPS_MAX: usize = 64;
/// How often a draining switch looks whether the last call is over, besides after every turn.
const DRAIN_LOOK_MS: u64 = 250;
/// How long the parties of calls that a shutdown ends have to acknowledge it; a BYE that is lost is sent again meanwhile, and recordings
/// are written to their end.
const GOODBYE_MS_MAX: u64 = 2_000;
/// How often is looked whether new calls can be taken again, besides after every turn: those that are refused make no turn.
const OVERLOAD_LOOK_MS: u64 = 250;
/// Changes of calls gather for so long before they are written down: most calls change several times at once.
const SNAPSHOT_EVERY_MS: u64 = 60;
/// Calls and agents written down in one go.
const SNAPSHOT_MAX: usize = 512;

/// Finds out who a caller is.
pub trait CallerLookup: Send + Sync + 'static {
    /// Customers with this number, best first. Nobody waits for longer than 150 ms; what comes within ten seconds still counts.
    fn look_up(&self, number: PhoneNumber) -> BoxFuture<'static, CallerMatch>;
}

/// Finds out whether what callers' networks signed is worth anything.
pub trait IdentityChecks: Send + Sync + 'static {
    /// Whether this statement was signed by somebody who may. Bounds by itself how many wait for a certificate, and for how long.
    fn check(&self, passport: Arc<SignedPassport>) -> BoxFuture<'static, Result<(), IdentityFault>>;
}

impl IdentityChecks for StirVerifier {
    fn check(&self, passport: Arc<SignedPassport>) -> BoxFuture<'static, Result<(), IdentityFault>> {
        Self::check(self, passport)
    }
}

/// The loop in figures.
#[derive(Debug, Clone)]
pub struct SwitchLoopStats {
    /// The switch's own.
    pub switch: SwitchStats,
    /// The SIP sockets'.
    pub sip_net: SipNetStats,
    /// Messages that wait for the switch.
    pub messages_waiting: usize,
    /// Facts that wait for the journal.
    pub facts_waiting: usize,
    /// Facts lost because the journal was too far behind.
    pub facts_lost: u64,
    /// Look-ups that took too long or found no place.
    pub look_ups_missed: u64,
    /// Why new calls are refused now.
    pub overload: Causes,
}

/// Everything that the loop carries between.
pub struct SwitchLoop {
    switch: Switch,
    clock: Arc<dyn Clock>,
    wire: mpsc::Receiver<Input>,
    notices: mpsc::Receiver<MediaNotice>,
    asks: mpsc::Receiver<Ask>,
    handle: SwitchHandle,
    /// Without one nobody is known, and a trunk's call would be challenged like a stranger's: until then the wire waits.
    has_directory: bool,
    net: SipNet,
    media: MediaHandle,
    forks: Forks,
    fork_notices: mpsc::Receiver<ForkNotice>,
    /// The one that ended a wait.
    fork_notice: Option<ForkNotice>,
    facts: FactSender,
    journal: Arc<JournalStatus>,
    facts_waiting: VecDeque<Fact>,
    facts_lost: u64,
    overload: Overload,
    overload_told: watch::Sender<Causes>,
    callers: Arc<dyn CallerLookup>,
    look_ups: Arc<Semaphore>,
    late_look_ups: Arc<Semaphore>,
    look_ups_missed: Arc<AtomicU64>,
    identities: Arc<dyn IdentityChecks>,
    replies: BTreeMap<u64, oneshot::Sender<Result<(), Refusal>>>,
    next_request: u64,
    draining: Option<Draining>,
    snapshots: mpsc::Sender<SnapshotBatch>,
    snapshot_at: Mono,
    /// Where runs what the loop does not wait for.
    aside: Handle,
    /// Who is told when calls have been left as they stand, for the next process.
    left: Option<oneshot::Sender<()>>,
}

struct Draining {
    until: Mono,
    /// Set once the patience is over and every call has been ended.
    goodbyes_until: Option<Mono>,
    /// Set while no call is left: so long the ends of recordings are waited for.
    quiet_until: Option<Mono>,
    told: Vec<oneshot::Sender<()>>,
}

/// What the loop is built from.
pub struct SwitchLoopParts {
    /// The switch.
    pub switch: Switch,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Where the SIP edge puts what it hears; made with room for [`WIRE_MAX`].
    pub wire: mpsc::Receiver<Input>,
    /// Where the media workers put what they hear; made with room for [`WIRE_MAX`].
    pub notices: mpsc::Receiver<MediaNotice>,
    /// The SIP edge.
    pub net: SipNet,
    /// The media workers.
    pub media: MediaHandle,
    /// Who sends copies of calls' audio.
    pub forks: Forks,
    /// Where that puts what it hears; made with room for [`FORK_NOTICES_MAX`].
    pub fork_notices: mpsc::Receiver<ForkNotice>,
    /// The journal.
    pub facts: FactSender,
    /// Whether the journal has room for the facts of new calls.
    pub journal: Arc<JournalStatus>,
    /// Who callers are.
    pub callers: Arc<dyn CallerLookup>,
    /// What callers' networks signed.
    pub identities: Arc<dyn IdentityChecks>,
    /// Where changes of calls that shall outlast the process are left.
    pub snapshots: mpsc::Sender<SnapshotBatch>,
}

impl SwitchLoop {
    /// A loop that is ready to run, and the handle to it. It may run on another runtime than the caller's, which does the rest.
    pub fn new(parts: SwitchLoopParts) -> (Self, SwitchHandle) {
        let (asks_in, asks) = mpsc::channel(ASKS_MAX);
        let (overload_told, overload) = watch::channel(Causes::default());
        let handle = SwitchHandle {
            asks: asks_in,
            live: broadcast::Sender::new(LIVE_MAX),
            recognised: broadcast::Sender::new(LIVE_MAX),
            overload,
        };
        let this = Self {
            switch: parts.switch,
            clock: parts.clock,
            wire: parts.wire,
            notices: parts.notices,
            asks,
            handle: handle.clone(),
            has_directory: false,
            net: parts.net,
            media: parts.media,
            forks: parts.forks,
            fork_notices: parts.fork_notices,
            fork_notice: None,
            facts: parts.facts,
            journal: parts.journal,
            facts_waiting: VecDeque::new(),
            facts_lost: 0,
            overload: Overload::default(),
            overload_told,
            callers: parts.callers,
            look_ups: Arc::new(Semaphore::new(LOOK_UPS_MAX)),
            late_look_ups: Arc::new(Semaphore::new(LATE_LOOK_UPS_MAX)),
            look_ups_missed: Arc::default(),
            identities: parts.identities,
            replies: BTreeMap::new(),
            next_request: 0,
            draining: None,
            snapshots: parts.snapshots,
            snapshot_at: Mono::default(),
            aside: Handle::current(),
            left: None,
        };
        (this, handle)
    }

    /// Runs until it has drained.
    pub async fn run(mut self) {
        let mut wire = Vec::with_capacity(BATCH_MAX);
        let mut notices = Vec::with_capacity(BATCH_MAX);
        let mut asks = Vec::with_capacity(BATCH_MAX);
        loop {
            self.wait(&mut wire, &mut notices, &mut asks).await;
            let (now, was_full) = (self.clock.now(), wire.len() == BATCH_MAX);
            for input in wire.drain(..) {
                self.switch.handle(input, now);
            }
            for notice in notices.drain(..) {
                self.switch.handle(Input::Media(notice), now);
            }
            self.hear_forks(now);
            self.switch.spare_audio(self.media.stats().is_tight());
            for ask in asks.drain(..) {
                self.take(ask, now);
            }
            if self.switch.next_wakeup().is_some_and(|at| at <= now.mono) {
                self.switch.timeout(now);
            }
            self.carry_out(now);
            self.write_down(now);
            if self.left.is_some() {
                self.leave(now).await;
                break;
            }
            if self.has_drained(now) {
                break;
            }
            if was_full {
                // Who reads the sockets shares this thread: a backlog shall stand where it is seen, and not in the kernel.
                tokio::task::yield_now().await;
            }
        }
        // What the last turn still said (BYEs, the last facts) is on its way before anyone hears that we are done.
        while let Some(fact) = self.facts_waiting.pop_front() {
            if !self.facts.send(fact).await {
                break;
            }
        }
        self.net.close().await;
        if let Some(told) = self.left {
            let _ = told.send(());
        }
        for told in self.draining.into_iter().flat_map(|draining| draining.told) {
            let _ = told.send(());
        }
    }

    /// Waits for anything to do, and takes what has come meanwhile from every side.
    async fn wait(&mut self, wire: &mut Vec<Input>, notices: &mut Vec<MediaNotice>, asks: &mut Vec<Ask>) {
        let mut wakeup = self.switch.next_wakeup();
        if self.switch.has_snapshot_changes() {
            wakeup = Some(wakeup.map_or(self.snapshot_at, |at| at.min(self.snapshot_at)));
        }
        if self.overload.causes().any() {
            let look_at = self.clock.now().mono + OVERLOAD_LOOK_MS;
            wakeup = Some(wakeup.map_or(look_at, |at| at.min(look_at)));
        }
        if let Some(draining) = &self.draining {
            let look_at = self.clock.now().mono + DRAIN_LOOK_MS;
            let look_at = if draining.goodbyes_until.is_none() { look_at.min(draining.until) } else { look_at };
            wakeup = Some(wakeup.map_or(look_at, |at| at.min(look_at)));
        }
        let clock = self.clock.clone();
        let wake = async {
            match wakeup {
                Some(at) => clock.sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // The loop's own sender keeps `asks` open; a closed wire (the edge is gone) just stays silent.
            1.. = self.wire.recv_many(wire, BATCH_MAX), if self.has_directory => {}
            1.. = self.notices.recv_many(notices, BATCH_MAX) => {}
            1.. = self.asks.recv_many(asks, BATCH_MAX) => {}
            Some(notice) = self.fork_notices.recv() => self.fork_notice = Some(notice),
            Some(place) = self.facts.room(), if !self.facts_waiting.is_empty() => {
                if let Some(fact) = self.facts_waiting.pop_front() {
                    place.send(fact);
                }
            }
            () = wake => {}
        }
        // Nobody starves: every side is emptied each turn, up to the batch.
        if self.has_directory {
            fill(&mut self.wire, wire);
        }
        fill(&mut self.notices, notices);
        fill(&mut self.asks, asks);
    }

    fn hear_forks(&mut self, now: Now) {
        for _ in 0..BATCH_MAX {
            let Some(notice) = self.fork_notice.take().or_else(|| self.fork_notices.try_recv().ok()) else { return };
            self.switch.handle(Input::Fork(notice), now);
        }
    }

    /// A copy that cannot be begun now is tried again by the floor; words that find no room are lost.
    fn order_fork(&mut self, order: ForkOrder, now: Now) {
        if let Err(ForkOrder::Open { fork, facts, .. }) = self.forks.order(order) {
            let end = ForkEnd::Failed(ForkFailure::Busy);
            self.switch.handle(Input::Fork(ForkNotice::Ended { fork, session: facts.session, end }), now);
        }
    }

    fn take(&mut self, ask: Ask, now: Now) {
        match ask {
            Ask::Input(input) => {
                let is_access_new = matches!(*input, Input::Directory(_) | Input::Peers(_));
                self.has_directory |= matches!(*input, Input::Directory(_));
                self.switch.handle(*input, now);
                if is_access_new {
                    self.net.trust(self.switch.expected_sources());
                    self.net.ask_for_certificates(self.switch.asks_for_certificates());
                }
            }
            Ask::Directory(directory, told) => {
                self.take(Ask::Input(Box::new(Input::Directory(directory))), now);
                let _ = told.send(());
            }
            Ask::Command(actor, command, reply) => {
                self.next_request += 1;
                let request = self.next_request;
                self.replies.insert(request, reply);
                self.switch.handle(Input::Command(CommandRequest { request, actor, command }), now);
            }
            Ask::Snapshot(reply) => {
                let _ = reply.send(self.switch.snapshot());
            }
            Ask::Stats(reply) => {
                let _ = reply.send(self.stats());
            }
            Ask::Leave(told) => self.left = Some(told),
            Ask::Drain(limit, told) => {
                let until = now.mono + u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
                let draining = Draining { until, goodbyes_until: None, quiet_until: None, told: Vec::new() };
                let draining = self.draining.get_or_insert(draining);
                draining.until = draining.until.min(until);
                draining.told.push(told);
                self.switch.handle(Input::Drain, now);
            }
        }
    }

    fn carry_out(&mut self, now: Now) {
        while let Some(output) = self.switch.poll() {
            match output {
                Output::Transmit { flow, bytes } => self.net.transmit(flow, bytes),
                Output::Connect { flow, name, terms } => self.net.connect(flow, name, terms),
                Output::Close(flow) => self.net.close_stream(flow),
                Output::Named { call, call_id } => self.net.name(call, call_id),
                Output::Ban { source, until } => self.net.ban(source, until),
                // A dropped order is counted there; the leg's deadline ends what waits for it. Recordings wait for none: what
                // concerns them is not dropped.
                Output::Media(order) => {
                    self.media.leave(order);
                }
                Output::Fork(order) => self.order_fork(order, now),
                Output::VerifyIdentity { dialog, passport } => self.check_identity(dialog, passport),
                Output::Drift(Drift { kind, place }) => {
                    tracing::error!(drift = kind.word(), %place, "the floor had drifted and was mended");
                }
                Output::Fact(fact) => self.record(fact),
                Output::Live(update) => self.show(update),
                Output::LookUp { call, number } => self.look_up(call, number, now),
                Output::Reply { request, result } => {
                    // Who asked may have gone meanwhile.
                    let _ = self.replies.remove(&request).map(|reply| reply.send(result));
                }
            }
        }
        self.media.ring();
        while let Some(fact) = self.facts_waiting.pop_front() {
            if let Err(fact) = self.facts.try_send(fact) {
                self.facts_waiting.push_front(fact);
                break;
            }
        }
        let facts = self.facts_waiting.len();
        let backlog = Backlog {
            wire: self.wire.len(),
            facts,
            journal_takes_calls: self.journal.takes_calls(),
            is_audio_behind: self.media.stats().is_behind(),
        };
        let sheds = self.overload.sheds(backlog);
        let causes = self.overload.causes();
        self.overload_told.send_if_modified(|told| std::mem::replace(told, causes) != causes);
        self.net.refuse_calls(sheds);
        self.switch.set_shedding(sheds);
    }

    /// Hands over what has changed of calls, if it is time and there is room; else it gathers on in the switch.
    fn write_down(&mut self, now: Now) {
        if now.mono < self.snapshot_at || !self.switch.has_snapshot_changes() {
            return;
        }
        self.snapshot_at = now.mono + SNAPSHOT_EVERY_MS;
        if let Ok(place) = self.snapshots.try_reserve() {
            place.send(SnapshotBatch { at: now.wall, changes: self.switch.snapshot_changes(SNAPSHOT_MAX) });
        }
    }

    /// Calls stay as they are: the last changes are written down, and no party of a call is told of an end.
    async fn leave(&mut self, now: Now) {
        self.switch.make_way(now);
        self.carry_out(now);
        while self.switch.has_snapshot_changes() {
            let changes = self.switch.snapshot_changes(SNAPSHOT_MAX);
            if self.snapshots.send(SnapshotBatch { at: now.wall, changes }).await.is_err() {
                break;
            }
        }
    }

    fn record(&mut self, fact: Fact) {
        self.warn_of_refused_dialling(&fact);
        if self.facts_waiting.len() < FACTS_MAX {
            self.facts_waiting.push_back(fact);
            return;
        }
        if self.facts_lost == 0 {
            tracing::error!("the journal is too far behind: facts are being lost; look at the database");
        }
        self.facts_lost += 1;
    }

    fn show(&self, update: LiveUpdate) {
        // Without consoles nobody listens.
        if let LiveUpdate::Call(call) = &update
            && call.is_recognised()
        {
            let _ = self.handle.recognised.send(call.clone());
        }
        let _ = self.handle.live.send(Arc::new(update));
    }

    fn look_up(&mut self, call: CallId, number: PhoneNumber, now: Now) {
        let Ok(place) = self.look_ups.clone().try_acquire_owned() else {
            self.look_ups_missed.fetch_add(1, Relaxed);
            self.switch.handle(Input::CallerKnown { call, found: CallerMatch::default() }, now);
            return;
        };
        let mut looking = self.callers.look_up(number);
        let late = self.clock.sleep_until(now.mono + LOOK_UP_MS_MAX);
        let given_up = self.clock.sleep_until(now.mono + LATE_LOOK_UP_MS_MAX);
        let (asks, missed) = (self.handle.asks.clone(), self.look_ups_missed.clone());
        let late_places = self.late_look_ups.clone();
        self.aside.spawn(async move {
            let in_time = tokio::select! {
                found = &mut looking => Some(found),
                () = late => None,
            };
            drop(place);
            let found = match in_time {
                Some(found) => found,
                None => {
                    missed.fetch_add(1, Relaxed);
                    tracing::warn!(%call, "the caller was not looked up within {LOOK_UP_MS_MAX} ms");
                    match late_places.try_acquire() {
                        Ok(_place) => tokio::select! {
                            found = looking => found,
                            () = given_up => CallerMatch::default(),
                        },
                        Err(_) => CallerMatch::default(),
                    }
                }
            };
            let _ = asks.send(Ask::Input(Box::new(Input::CallerKnown { call, found }))).await;
        });
    }

    /// The switch does not wait for longer than it wants to; what comes later still fills the shelf of certificates.
    fn check_identity(&self, dialog: DialogId, passport: Arc<SignedPassport>) {
        let (checking, asks) = (self.identities.check(passport), self.handle.asks.clone());
        self.aside.spawn(async move {
            let checked = checking.await;
            let _ = asks.send(Ask::Input(Box::new(Input::IdentityChecked { dialog, checked }))).await;
        });
    }

    fn has_drained(&mut self, now: Now) -> bool {
        let Some(draining) = &mut self.draining else { return false };
        let stats = self.switch.stats();
        let is_quiet = stats.call_legs == 0 && stats.sip.dialogs == 0 && stats.sip.leaving == 0;
        // The end of a recording is written down by who is about to stop. One whose end never comes is not waited for as calls are.
        if is_quiet {
            let quiet_until = *draining.quiet_until.get_or_insert(now.mono + GOODBYE_MS_MAX);
            if stats.recordings == 0 || now.mono >= quiet_until {
                return true;
            }
        } else {
            draining.quiet_until = None;
        }
        if now.mono < draining.until {
            return false;
        }
        if let Some(until) = draining.goodbyes_until {
            return now.mono >= until;
        }
        draining.goodbyes_until = Some(now.mono + GOODBYE_MS_MAX);
        self.switch.end_all(now);
        self.carry_out(now);
        false
    }

    /// The line of the log by which a watcher such as fail2ban finds who tries numbers that may not be dialled.
    fn warn_of_refused_dialling(&self, fact: &Fact) {
        if let Event::Access(AccessEvent { user, kind: AccessEventKind::DiallingRefused { rule, address } }) = &fact.event {
            let source = self.switch.address_to_close(address.as_deref()).map(tracing::field::display);
            tracing::warn!(%user, rule = rule.word(), source, "outside call refused");
        }
    }

    fn stats(&self) -> SwitchLoopStats {
        SwitchLoopStats {
            switch: self.switch.stats(),
            sip_net: self.net.stats(),
            messages_waiting: self.wire.len(),
            facts_waiting: self.facts_waiting.len(),
            facts_lost: self.facts_lost,
            look_ups_missed: self.look_ups_missed.load(Relaxed),
            overload: self.overload.causes(),
        }
    }
}

fn fill<T>(from: &mut mpsc::Receiver<T>, batch: &mut Vec<T>) {
    while batch.len() < BATCH_MAX
        && let Ok(item) = from.try_recv()
    {
        batch.push(item);
    }
}
