//! The SIP endpoint: messages and orders in, messages and notices out. Owns every transaction, dialog and registration of the
//! node; decides what the protocol demands and who is let in. What a call is for is the switch's. No sockets, no clock.
//!
//! | file | about |
//! | --- | --- |
//! | `identity.rs` | signed statements about callers |
//! | `arriving.rs` | requests that begin something: calls, questions |
//! | `messaging.rs` | texts between phones |
//! | `registering.rs` | phones say where they are |
//! | `answering.rs` | our answers to incoming calls |
//! | `presentation.rs` | who our calls say they are from |
//! | `calling.rs` | our outgoing calls until they are answered |
//! | `device.rs` | requests for one device of an account |
//! | `place.rs` | where their targets can be reached |
//! | `proving.rs` | our proofs to trunks that challenge them |
//! | `reliable.rs` | provisional responses that get a PRACK |
//! | `early.rs` | UPDATE before the answer |
//! | `talking.rs` | everything within an answered call |
//! | `refer.rs` | transfers that a phone asks for |
//! | `replacing.rs` | dialogs that are named by others |
//! | `reason.rs` | why calls end |
//! | `redirections.rs` | who sent a call on |
//! | `session_ids.rs` | what names a call from end to end |
//! | `refreshing.rs` | session timers of answered calls |
//! | `recording.rs` | recording sessions with recorders |
//! | `trunk_health.rs` | whether the other sides of trunks answer |
//! | `trunk_registration.rs` | our registrations with carriers |
//! | `subscribing.rs` | who watches what |
//! | `kept_subscriptions.rs` | subscriptions that outlast the process |
//! | `notifying.rs` | what they are told |
//! | `routing.rs` | which way our requests take |
//! | `streams.rs` | what certificates prove, and streams that close |
//! | `snapshot.rs` | answered calls that outlast the process |

mod answering;
mod arriving;
mod call;
mod caller_id;
mod calling;
mod device;
mod early;
mod identity;
mod kept_subscriptions;
mod messaging;
mod next_hop;
mod notifying;
mod place;
mod presentation;
mod proving;
mod reason;
mod recording;
mod redirections;
mod refer;
mod refreshing;
mod registering;
mod reliable;
mod replacing;
mod returning_phones;
mod routing;
mod session_ids;
mod settings;
mod snapshot;
mod stats;
mod streams;
mod subscribing;
mod talking;
#[cfg(test)]
mod tests;
mod trunk_health;
mod trunk_registration;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    net::{IpAddr, SocketAddr},
    ops::Bound,
    sync::Arc,
};

pub use identity::{IdentityCounts, IdentityTimes};
pub use kept_subscriptions::SubscriptionSnapshot;
pub use messaging::{MessageId, MessageLimits};
pub use settings::{Advertised, SipSettings};
pub use snapshot::DialogSnapshot;
pub use stats::{ClassCounts, MethodCounts, SipStats};
pub use subscribing::{SubscriptionId, SubscriptionLimits};
pub use trunk_health::PingSettings;

use call::{Call, Pending, Phase};
use messaging::Messages;
use routing::Routing;
use streams::StreamProofs;
use subscribing::Subscriptions;
use trunk_health::TrunkHealths;
use trunk_registration::TrunkRegistrations;

use super::{
    access::SipAccess,
    certificate_terms::CertificateTerms,
    compose::{Composition, ReplyLines},
    digest::Challenger,
    gruu::Gruus,
    guard::Guard,
    message::SipMessage,
    notice::{DialogId, Flow, FlowId, SipNotice, SipOrder, TrunkFault},
    peer::Hop,
    registrar::Registrar,
    transaction::{ClientKey, ClientUser, Outline, Owner, Timer, Timers, Times, Transactions, Wire},
};
use crate::{
    protocol::stir::{SignedPassport, UsedStatements},
    types::{IdentityFault, IpPrefix, Mono, Now, Rng},
};

/// What the endpoint wants done or known.
#[derive(Debug, Clone, PartialEq)]
pub enum SipOutput {
    /// Send these bytes.
    Transmit {
        /// Where to.
        flow: Flow,
        /// What.
        bytes: Arc<[u8]>,
    },
    /// Open a stream connection to this address and treat it as this flow (even number) from now on; if it cannot be opened,
    /// say [`SipEndpoint::flow_closed`].
    Connect {
        /// The flow.
        flow: Flow,
        /// Over TLS, whom its certificate has to name; `None`: the address.
        name: Option<Arc<str>>,
        /// What a trunk demands of the certificate instead.
        terms: Option<Arc<CertificateTerms>>,
    },
    /// Close this stream once what was sent before is written, and say [`SipEndpoint::flow_closed`].
    Close(FlowId),
    /// An incoming or outgoing call has this Call-ID, or this one too: each phone that we ring has its own.
    Named {
        /// Which dialog.
        dialog: DialogId,
        /// Call-ID.
        call_id: Arc<str>,
    },
    /// Is the signature of this statement about a new call's caller worth anything? [`SipEndpoint::identity_checked`] answers.
    VerifyIdentity {
        /// Which call.
        dialog: DialogId,
        /// The statement.
        passport: Arc<SignedPassport>,
    },
    /// Tell the switch.
    Notice(SipNotice),
    /// Hear this address as little as possible until then, before its messages are read.
    Ban {
        /// Whom.
        source: IpAddr,
        /// Until when.
        until: Mono,
    },
}

/// The SIP side of one node.
#[derive(Debug)]
pub struct SipEndpoint {
    settings: SipSettings,
    access: Arc<SipAccess>,
    challenger: Challenger,
    guard: Guard,
    registrar: Registrar,
    gruus: Gruus,
    healths: TrunkHealths,
    registrations: TrunkRegistrations,
    link: Link,
    calls: BTreeMap<DialogId, Call>,
    /// Calls by our tag.
    by_tag: HashMap<u64, DialogId>,
    /// Incoming calls by Call-ID, their tag and number.
    by_origin: HashMap<Arc<str>, DialogId>,
    next_dialog: u64,
    /// Calls whose dialogs should be written down again.
    changed: BTreeSet<DialogId>,
    /// Calls of an earlier process whose phones have not been heard of yet.
    awaited_phones: BTreeSet<DialogId>,
    /// Devices that were challenged and have not answered: where from, and as whom.
    unanswered: BTreeSet<(SocketAddr, String)>,
    /// Streams that are open, as far as we know.
    streams: BTreeSet<FlowId>,
    proofs: StreamProofs,
    used_statements: UsedStatements,
    /// Streams that we opened. Where certificates have to carry two names, there are two.
    connections: BTreeMap<Hop, FlowId>,
    next_flow: u64,
    routing: Routing,
    subscriptions: Subscriptions,
    messages: Messages,
    is_draining: bool,
    /// Whether registrations with carriers have been taken back for good.
    is_leaving: bool,
}

/// The endpoint's transactions and what they need during one turn.
#[derive(Debug)]
struct Link {
    transactions: Transactions,
    timers: Timers,
    out: VecDeque<SipOutput>,
    stats: SipStats,
    times: Times,
    now: Now,
}

impl Link {
    fn split(&mut self) -> (&mut Transactions, Wire<'_>) {
        let Self { transactions, timers, out, stats, times, now } = self;
        (transactions, Wire { out, timers, stats, times: *times, now: *now })
    }

    fn reply(&mut self, to: &Pending, status: u16, bytes: Arc<[u8]>) {
        let (transactions, mut wire) = self.split();
        match to.transaction {
            Some(id) => transactions.respond(id, status, bytes, &mut wire),
            None => wire.respond(to.flow, status, bytes),
        }
    }

    fn request(
        &mut self,
        key: ClientKey,
        flow: Flow,
        user: ClientUser,
        outline: Option<Outline>,
        bytes: Arc<[u8]>,
        method: &str,
    ) {
        let (transactions, mut wire) = self.split();
        wire.stats.requests_out.count(method);
        transactions.open_client(key, flow, user, outline, bytes, &mut wire);
    }

    fn start(&mut self, id: DialogId, timer: Timer, after_ms: u64) {
        self.timers.set(Owner::Call(id), timer, self.now.mono + after_ms);
    }

    fn stop(&mut self, id: DialogId, timer: Timer) {
        self.timers.stop(Owner::Call(id), timer);
    }

    fn name(&mut self, dialog: DialogId, call_id: Arc<str>) {
        self.out.push_back(SipOutput::Named { dialog, call_id });
    }

    fn notice(&mut self, notice: SipNotice) {
        self.out.push_back(SipOutput::Notice(notice));
    }
}

impl SipEndpoint {
    /// An endpoint that knows nobody yet. `secret` signs nonces; it must come from the operating system's chance.
    pub fn new(settings: SipSettings, secret: [u8; 32]) -> Self {
        Self {
            access: Arc::default(),
            challenger: Challenger::new(settings.realm.clone(), secret),
            guard: Guard::new(settings.flood),
            registrar: Registrar::default(),
            gruus: settings.gruus.clone().unwrap_or_else(|| Gruus::new(secret)),
            healths: TrunkHealths::default(),
            registrations: TrunkRegistrations::default(),
            link: Link {
                transactions: Transactions::default(),
                timers: Timers::default(),
                out: VecDeque::new(),
                stats: SipStats::default(),
                times: settings.times,
                now: Now::default(),
            },
            calls: BTreeMap::new(),
            by_tag: HashMap::new(),
            by_origin: HashMap::new(),
            next_dialog: 1,
            changed: BTreeSet::new(),
            awaited_phones: BTreeSet::new(),
            unanswered: BTreeSet::new(),
            streams: BTreeSet::new(),
            proofs: StreamProofs::default(),
            used_statements: UsedStatements::default(),
            connections: BTreeMap::new(),
            next_flow: 2,
            routing: Routing::default(),
            subscriptions: Subscriptions::default(),
            messages: Messages::default(),
            is_draining: false,
            is_leaving: false,
            settings,
        }
    }

    /// Who may call from now on. Phones that are not in it, or whose password is another, lose their registrations and must prove
    /// themselves again; running calls go on.
    pub fn set_access(&mut self, access: Arc<SipAccess>) {
        let before = &self.access.phones;
        let is_same = |account: &str| before.get(account).is_some_and(|phone| access.phones.get(account) == Some(phone));
        let gone = self.registrar.retain(is_same);
        let before = std::mem::replace(&mut self.access, access);
        self.judge_all();
        self.leave_old_terms();
        self.check_subscriptions(&before);
        self.report_unreachable(gone);
        self.watch_trunks();
        self.register_trunks();
    }

    /// Addresses that much may come from.
    pub fn expected_sources(&self) -> Vec<IpPrefix> {
        self.access.expected_sources()
    }

    /// Whether new calls are refused with 503 while running ones go on.
    pub fn set_draining(&mut self, is_draining: bool) {
        self.is_draining = is_draining;
    }

    /// A message from the wire.
    pub fn receive(&mut self, flow: Flow, message: SipMessage, now: Now, rng: &mut Rng) {
        self.link.now = now;
        if flow.is_reliable() {
            self.streams.insert(flow.id);
        }
        match (message.method(), message.status()) {
            (Some(method), _) => {
                self.link.stats.requests_in.count(method.as_str());
                self.request(flow, &message, &method.clone(), rng);
            }
            (None, Some(status)) => {
                self.link.stats.responses_in.count(status);
                self.response(flow, &message, status, rng);
            }
            (None, None) => {}
        }
        self.tell_watchers(rng);
    }

    /// Does what the switch says. An order for a call that is over is ignored.
    pub fn order(&mut self, order: SipOrder, now: Now, rng: &mut Rng) {
        self.link.now = now;
        match order {
            SipOrder::Ring { dialog, answer } => self.ring(dialog, answer),
            SipOrder::Accept { dialog, sdp } => self.accept(dialog, sdp),
            SipOrder::Reject { dialog, status, retry_after_secs } => self.reject(dialog, status, retry_after_secs),
            SipOrder::Invite { dialog, target, caller, caller_name, offer, ring_secs, context } => {
                self.invite(dialog, target, caller.as_deref(), caller_name.as_deref(), offer, None, ring_secs, &context, rng);
            }
            SipOrder::Record { dialog, target, caller, offer, metadata, ring_secs } => {
                self.record(dialog, target, &caller, offer, metadata, ring_secs, rng);
            }
            SipOrder::Rerecord { dialog, offer, metadata } => self.rerecord(dialog, offer, metadata, rng),
            SipOrder::Cancel { dialog, is_answered_elsewhere } => self.cancel(dialog, is_answered_elsewhere, rng),
            SipOrder::Bye { dialog } => self.bye(dialog, rng),
            SipOrder::Probe { dialog } => self.probe(dialog, rng),
            SipOrder::Reoffer { dialog, offer } => self.reoffer(dialog, offer, rng),
            SipOrder::ReferProgress { dialog, status } => self.refer_progress(dialog, status, rng),
            SipOrder::AnswerReoffer { dialog, answer } => self.answer_reoffer(dialog, answer, rng),
            SipOrder::Publish { account, elements } => self.publish(account, elements),
        }
        self.tell_watchers(rng);
    }

    /// Rings every timer that is due.
    pub fn timeout(&mut self, now: Now, rng: &mut Rng) {
        self.link.now = now;
        while let Some((owner, timer)) = self.link.timers.pop_due(now.mono) {
            match owner {
                Owner::Server(id) => {
                    let (transactions, mut wire) = self.link.split();
                    transactions.server_timer(id, timer, &mut wire);
                }
                Owner::Client(key) => {
                    let (transactions, mut wire) = self.link.split();
                    if let Some(user) = transactions.client_timer(key, timer, &mut wire) {
                        self.timed_out(key, user, rng);
                    }
                }
                Owner::Call(id) => self.call_timer(id, timer, rng),
                Owner::Subscription(id) => self.subscription_timer(id, timer, rng),
                Owner::Message(id) if timer == Timer::HopSilent => self.message_unheard(id, rng),
                Owner::Message(id) => self.message_over(id),
                Owner::Registrar => self.registrar_timer(timer),
                Owner::Trunks if timer == Timer::TrunkPing => self.ping_trunks(rng),
                Owner::Trunks => self.registrations_due(rng),
            }
        }
        self.tell_watchers(rng);
    }

    /// When [`SipEndpoint::timeout`] is due next.
    pub fn next_wakeup(&self) -> Option<Mono> {
        self.link.timers.next()
    }

    /// The next thing to send or tell. Call until nothing comes, after every other call.
    pub fn poll(&mut self) -> Option<SipOutput> {
        self.link.out.pop_front()
    }

    /// What has been counted.
    pub fn stats(&self) -> SipStats {
        SipStats {
            dialogs: self.calls.len(),
            transactions: self.link.transactions.count(),
            contacts: self.registrar.count(),
            subscriptions: self.subscriptions.len(),
            leaving: self.registrations.leaving(),
            banned: self.guard.banned(self.link.now.mono),
            ..self.link.stats
        }
    }

    /// Whether a dialog, or the attempt at one, is there.
    pub fn has_dialog(&self, dialog: DialogId) -> bool {
        self.calls.contains_key(&dialog)
    }

    /// How many there are.
    pub fn dialog_count(&self) -> usize {
        self.calls.len()
    }

    /// The dialogs of which the switch has heard and that are not about to end, behind this one; of so many looked at.
    pub fn lasting_dialogs_behind(&self, dialog: Option<DialogId>, most: usize) -> impl Iterator<Item = DialogId> {
        let from = dialog.map_or(Bound::Unbounded, Bound::Excluded);
        let lasting = self.calls.range((from, Bound::Unbounded)).filter(|(_, call)| call.is_lasting());
        lasting.take(most).map(|(dialog, _)| *dialog)
    }

    /// Whether an account has a contact.
    pub fn is_reachable(&self, account: &str) -> bool {
        self.registrar.contacts(account, self.link.now.mono).next().is_some()
    }

    /// Whether something is published of an account.
    #[cfg(test)]
    pub fn is_published(&self, account: &str) -> bool {
        self.subscriptions.published.contains_key(account)
    }

    #[cfg(test)]
    fn is_idle(&self) -> bool {
        self.by_tag.is_empty() && self.by_origin.is_empty() && self.link.timers.next().is_none() && self.link.out.is_empty()
    }

    fn response(&mut self, flow: Flow, message: &SipMessage, status: u16, rng: &mut Rng) {
        if !self.may_answer(flow, message) {
            self.link.stats.dropped += 1;
            return;
        }
        let (transactions, mut wire) = self.link.split();
        let Some((key, user)) = transactions.response(message, &mut wire) else { return };
        match user {
            ClientUser::Invite(id) => self.invite_answered(id, key, flow, message, status, rng),
            ClientUser::Reinvite(id) => self.reoffer_answered(id, key, message, status, rng),
            ClientUser::Update(id) => self.update_answered(id, key, message, status, rng),
            ClientUser::Probe(id) => self.probe_answered(id, status, rng),
            ClientUser::Bye(id) => self.bye_answered(id, message, status, rng),
            ClientUser::ReferNotify(id) => self.refer_notified(id, status, rng),
            ClientUser::Notify(id) => self.notified(id, key, status, rng),
            ClientUser::Message(id) => self.message_answered(id, key, Some(message), status, rng),
            ClientUser::TrunkPing if status < 200 => {}
            ClientUser::TrunkPing => self.ping_answered(key, status),
            ClientUser::TrunkRegister => self.register_answered(key, message, status, rng),
            ClientUser::Nobody => {}
        }
    }

    /// A request of ours got no answer, which counts as a 408 (8.1.3.1).
    fn timed_out(&mut self, key: ClientKey, user: ClientUser, rng: &mut Rng) {
        match user {
            ClientUser::Invite(id) => self.branch_failed(id, key, 408, rng),
            ClientUser::Reinvite(id) => self.reoffer_failed(id, key, 408, rng),
            ClientUser::Update(id) => self.update_timed_out(id, rng),
            ClientUser::Probe(id) => self.probe_answered(id, 408, rng),
            ClientUser::Bye(id) => self.end(id, true),
            ClientUser::ReferNotify(id) => self.refer_notified(id, 408, rng),
            ClientUser::Notify(id) => self.notified(id, key, 408, rng),
            ClientUser::Message(id) => self.message_answered(id, key, None, 408, rng),
            ClientUser::TrunkPing => self.ping_failed(key, TrunkFault::NoAnswer),
            ClientUser::TrunkRegister => self.register_failed(key, TrunkFault::NoAnswer),
            ClientUser::Nobody => {}
        }
    }

    fn call_timer(&mut self, id: DialogId, timer: Timer, rng: &mut Rng) {
        match timer {
            Timer::OkAgain => self.ok_again(id),
            Timer::NoAck => self.no_ack(id, rng),
            Timer::ProvisionalAgain => self.provisional_again(id),
            Timer::NoPrack => self.no_prack(id),
            Timer::StillRinging => self.still_ringing(id),
            Timer::Undecided => self.undecided(id),
            Timer::IdentityLate => self.checked(id, Err(IdentityFault::TooLate)),
            Timer::RingOver => self.give_up(id, 408, reason::NO_ANSWER),
            Timer::HopSilent => self.hop_silent(id, rng),
            Timer::ReofferAgain => self.next_offer(id, rng),
            Timer::RefreshSession => self.refresh_session(id, rng),
            Timer::SessionOver => self.session_over(id, rng),
            // The others belong to transactions and the registrar.
            Timer::A
            | Timer::B
            | Timer::D
            | Timer::E
            | Timer::F
            | Timer::G
            | Timer::H
            | Timer::I
            | Timer::J
            | Timer::K
            | Timer::L
            | Timer::M
            | Timer::TrunkPing
            | Timer::TrunkRegister
            | Timer::RegistrationOver
            | Timer::SubscriptionOver
            | Timer::NotifyDue
            | Timer::MessageOver
            | Timer::KeepAlive => {}
        }
    }

    /// The call to which an in-dialog request belongs.
    fn call_of(&self, request: &SipMessage) -> Option<DialogId> {
        let tag = u64::from_str_radix(request.to().tag()?, 16).ok()?;
        let id = *self.by_tag.get(&tag)?;
        let is_its = match &self.calls.get(&id)?.phase {
            Phase::Arriving(arriving) => arriving.dialog.is_of(request),
            Phase::Talking(talking) => talking.dialog.is_of(request),
            Phase::Calling(calling) => calling.early.iter().any(|early| early.dialog.is_of(request)),
        };
        is_its.then_some(id)
    }

    /// The call ends here: nothing of it stays but transactions, which end by themselves.
    fn forget(&mut self, id: DialogId) -> Option<Call> {
        let call = self.calls.remove(&id)?;
        self.call_forgotten(id, &call);
        self.phone_returned(id);
        self.changed.remove(&id);
        self.link.timers.stop_all(Owner::Call(id));
        for tag in &call.tags {
            self.by_tag.remove(tag);
        }
        if let Some(origin) = &call.origin {
            self.by_origin.remove(origin);
        }
        Some(call)
    }

    fn new_key(rng: &mut Rng) -> ClientKey {
        ClientKey { branch: rng.next_u64(), is_cancel: false }
    }

    /// A response with what all of ours carry.
    fn compose(&self, to: &ReplyLines, status: u16, tag: &str) -> Composition {
        self.settings.response(to, status, tag)
    }

    /// A response that a call may grow from: 180, 183, 200.
    fn compose_dialog(&self, to: &ReplyLines, status: u16, tag: &str, peer: Flow) -> Composition {
        self.compose_dialog_as(to, status, tag, peer, "")
    }

    /// The same with a feature tag in the Contact.
    fn compose_dialog_as(&self, to: &ReplyLines, status: u16, tag: &str, peer: Flow, feature: &str) -> Composition {
        self.settings.response_within(to, status, tag, peer, feature)
    }
}

/// What begins our tags' text.
fn tag_text(tag: u64) -> String {
    format!("{tag:016x}")
}

/// The key by which a copy of an INVITE that took another way is recognised (RFC 3261 8.2.2.2).
fn origin_of(invite: &SipMessage) -> Arc<str> {
    format!("{}|{}|{}", invite.call_id(), invite.from().tag().unwrap_or(""), invite.cseq()).into()
}
