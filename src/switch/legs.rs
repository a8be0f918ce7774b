//! Which dialog and which media port is which leg. A leg here is only as far as the telephone goes: who it belongs to and what
//! it means is the centre's business. Every state but a healthy talking one has a deadline, so that nothing stays for ever.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::IpAddr,
    ops::Bound,
    sync::Arc,
};

use super::{
    LiveUpdate, digits::DigitWay, forks::Forks, ports::Moving, recorders::Recorders, silence::Silence, web_legs::WebStage,
};
use crate::{
    domain::{call::EndCause, centre::CentreInput, directory::Trunk},
    protocol::{
        forking::ForkOrder,
        media::{Codec, MediaOrder, RemoteMedia, Source},
        sdp::{AudioTerms, Description, SdpSession},
        sip::{Device, DialogId, SipOrder, SipTarget},
    },
    types::{AgentId, CallContext, IpFamilies, LegId, MediaEncryption, Mono, Now, Rng, SessionId, TrunkId},
};

/// The centre must have answered or refused an arrived call by then (RFC 3261 16.6: timer C is 3 minutes).
const ARRIVED_MS_MAX: u64 = 180_000;
/// A media worker binds a port within this time or the call fails.
pub(super) const MEDIA_OPEN_MS_MAX: u64 = 2_000;
/// The endpoint reports a missing ACK after 32 s; this is the net below it.
const ACK_MS_MAX: u64 = 40_000;
/// Time beyond the ring time in which the endpoint reports the end of an unanswered call.
const RING_GRACE_MS: u64 = 10_000;
/// A browser must have ICE and DTLS up by then.
const BROWSER_UP_MS_MAX: u64 = 20_000;
/// Offers of one browser leg that may wait for the media workers' answers.
pub(super) const BROWSER_OFFERS_MAX: usize = 8;

/// What the legs say to the parts around them, in order.
#[derive(Debug)]
pub(super) enum Said {
    /// To the SIP endpoint.
    Sip(SipOrder),
    /// To the media workers.
    Media(MediaOrder),
    /// To whoever sends copies of calls' audio.
    Fork(ForkOrder),
    /// To the centre.
    Centre(CentreInput),
    /// To a console or web phone.
    Live(LiveUpdate),
}

/// All legs of the node.
#[derive(Debug)]
pub(super) struct Legs {
    legs: BTreeMap<LegId, Leg>,
    dialogs: BTreeMap<DialogId, LegId>,
    deadlines: BTreeSet<(Mono, LegId)>,
    next_dialog: u64,
    /// Put before national numbers of callers.
    pub(super) country_code: Arc<str>,
    /// How numbers are written and what audio is taken on each trunk.
    pub(super) trunks: BTreeMap<TrunkId, Trunk>,
    /// Accounts whose audio is not encrypted as is usual.
    pub(super) encryption: BTreeMap<Arc<str>, MediaEncryption>,
    /// Of which families our ports are.
    pub(super) families: IpFamilies,
    said: VecDeque<Said>,
    /// Calls that ring at devices of both kinds, and what has become of them.
    pub(super) forks: Forks,
    /// Recording sessions with recorders of other houses.
    pub(super) recorders: Recorders,
    /// Legs whose media were agreed anew since it was asked last.
    changed: BTreeSet<LegId>,
    /// What went wrong so far.
    pub(super) faults: LegFaults,
}

/// Counters that only grow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LegFaults {
    /// No media port could be had in time.
    pub media_not_opened: u64,
    /// Offers or answers without audio that we can use.
    pub no_common_media: u64,
    /// Legs that a deadline ended.
    pub timed_out: u64,
}

/// One leg.
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) state: LegState,
    deadline: Option<Mono>,
    /// By which way keys have come.
    pub(super) digits_by: Option<DigitWay>,
    /// What it hears by the centre's last word; said again when a browser's media leg is made anew.
    pub(super) heard: Vec<Source>,
    /// Where its signalling comes from, as far as it is known.
    pub(super) signalled_from: Option<IpAddr>,
    /// The one device that its party has asked for.
    device: Option<Device>,
    /// What audio its trunk or account takes.
    pub(super) terms: AudioTerms,
    /// Its peer moves to the other family, and a port of that is being opened.
    pub(super) moving: Option<Box<Moving>>,
    /// Its peer has fallen silent before the answer.
    pub(super) is_missed: bool,
    /// In what its peer wants to be spoken to, as far as it has been agreed.
    pub(super) codec: Option<Codec>,
}

/// Where a leg stands.
#[derive(Debug)]
pub(super) enum LegState {
    /// A caller, told to the centre, not yet answered.
    Arrived {
        /// Its dialog.
        dialog: DialogId,
        /// `None` when the caller wants ours.
        offer: Option<Box<Description>>,
    },
    /// To be answered as soon as its port is bound.
    Answering {
        /// Its dialog.
        dialog: DialogId,
        /// `None` when the caller wants ours.
        offer: Option<Box<Description>>,
        /// Whether only early media are wanted so far.
        is_early: bool,
    },
    /// 183 is sent: the caller hears us and has no answer.
    EarlyMedia {
        /// Its dialog.
        dialog: DialogId,
        /// What was negotiated.
        sdp: Box<SdpSession>,
        /// Our answer, which the 200 says again.
        answer: Arc<str>,
        /// Whether their silence will mean something.
        must_peer_send: bool,
    },
    /// 200 is sent, ACK is awaited.
    Accepted {
        /// Its dialog.
        dialog: DialogId,
        /// What was negotiated.
        sdp: Box<SdpSession>,
        /// Whether their silence will mean something; `None` while the answer to our offer is awaited.
        must_peer_send: Option<bool>,
    },
    /// To be called as soon as its port is bound.
    Preparing(Box<OutgoingCall>),
    /// INVITE is sent.
    Calling {
        /// Its dialog.
        dialog: DialogId,
        /// What we offered.
        sdp: Box<SdpSession>,
        /// Whether it has rung.
        has_rung: bool,
    },
    /// A confirmed dialog.
    Talking {
        /// Its dialog.
        dialog: DialogId,
        /// What was negotiated.
        sdp: Box<SdpSession>,
        /// Whether their silence means something: not while they hold us.
        must_peer_send: bool,
        /// What is known of a peer that sends no packets.
        silence: Silence,
    },
    /// A telephone in a browser: a dialog like any other, with a browser's audio.
    Web(WebStage),
    /// A confirmed dialog of an earlier process, whose peer is asked for media anew.
    Returning {
        /// Its dialog.
        dialog: DialogId,
        /// What was negotiated.
        sdp: Box<SdpSession>,
        /// Whether its turn has come: many legs are not asked all at once.
        is_asked: bool,
    },
    /// A browser's leg.
    Browser {
        /// Whose.
        owner: BrowserOwner,
        /// Who asked, for offers that the media workers have not answered yet, oldest first.
        asked: VecDeque<SessionId>,
        /// The last socket that asked.
        session: SessionId,
        /// Whether audio has ever flowed.
        was_up: bool,
    },
}

/// What is known of a call before its port is bound.
#[derive(Debug, Clone)]
pub(super) struct OutgoingCall {
    pub(super) target: SipTarget,
    pub(super) caller: Option<Arc<str>>,
    pub(super) caller_name: Option<Arc<str>>,
    pub(super) ring_secs: u32,
    pub(super) context: CallContext,
}

/// Whose browser it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BrowserOwner {
    /// An agent's console: the leg stays for the shift.
    Console(AgentId),
    /// A web phone: the leg is one call.
    WebPhone,
}

impl LegState {
    /// Its dialog, if it has one.
    pub(super) fn dialog(&self) -> Option<DialogId> {
        match self {
            Self::Arrived { dialog, .. }
            | Self::Answering { dialog, .. }
            | Self::EarlyMedia { dialog, .. }
            | Self::Accepted { dialog, .. }
            | Self::Calling { dialog, .. }
            | Self::Returning { dialog, .. }
            | Self::Talking { dialog, .. } => Some(*dialog),
            Self::Web(stage) => stage.dialog(),
            Self::Preparing(_) | Self::Browser { .. } => None,
        }
    }

    /// Whether it is a call: all are but the consoles' standing legs.
    fn is_call(&self) -> bool {
        !matches!(self, Self::Browser { owner: BrowserOwner::Console(_), .. })
    }

    /// Whether the media workers know the leg.
    fn has_media(&self) -> bool {
        !matches!(self, Self::Arrived { .. } | Self::Web(WebStage::Arrived { .. }) | Self::Returning { is_asked: false, .. })
    }

    /// How long it may last.
    fn millis_max(&self) -> Option<u64> {
        match self {
            Self::Arrived { .. } | Self::EarlyMedia { .. } => Some(ARRIVED_MS_MAX),
            Self::Answering { .. } | Self::Preparing(_) => Some(MEDIA_OPEN_MS_MAX),
            Self::Accepted { .. } => Some(ACK_MS_MAX),
            // Set by who knows the ring time, or the turn among many.
            Self::Calling { .. } | Self::Returning { .. } | Self::Talking { .. } => None,
            Self::Web(WebStage::Arrived { .. }) => Some(ARRIVED_MS_MAX),
            Self::Web(WebStage::Answering { .. } | WebStage::Preparing(_)) => Some(MEDIA_OPEN_MS_MAX),
            Self::Web(WebStage::Accepted { .. }) => Some(ACK_MS_MAX),
            Self::Web(WebStage::Calling { .. }) => None,
            // Until its audio is up.
            Self::Web(WebStage::Talking { .. }) => Some(BROWSER_UP_MS_MAX),
            Self::Browser { was_up, .. } => (!was_up).then_some(BROWSER_UP_MS_MAX),
        }
    }
}

impl Legs {
    /// No legs yet.
    pub(super) fn new() -> Self {
        Self {
            legs: BTreeMap::new(),
            dialogs: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            next_dialog: 0,
            country_code: "".into(),
            trunks: BTreeMap::new(),
            encryption: BTreeMap::new(),
            families: IpFamilies::Both,
            said: VecDeque::new(),
            forks: Forks::default(),
            recorders: Recorders::default(),
            changed: BTreeSet::new(),
            faults: LegFaults::default(),
        }
    }

    /// The next thing said.
    pub(super) fn poll(&mut self) -> Option<Said> {
        self.said.pop_front()
    }

    /// The earliest deadline.
    pub(super) fn next_wakeup(&self) -> Option<Mono> {
        self.deadlines.first().map(|(at, _)| *at).into_iter().chain(self.recorders.next_wakeup()).min()
    }

    /// How many legs there are.
    pub(super) fn len(&self) -> usize {
        self.legs.len()
    }

    /// How many of them are calls: all but the consoles' standing ones.
    pub(super) fn call_legs(&self) -> usize {
        self.legs.values().filter(|leg| leg.state.is_call()).count()
    }

    /// Ends every leg that is a call and tells the centre.
    pub(super) fn hang_up_calls(&mut self) {
        let calls: Vec<LegId> = self.legs.iter().filter(|(_, leg)| leg.state.is_call()).map(|(id, _)| *id).collect();
        for leg in calls {
            self.hang_up(leg, 503, false);
            self.tell(CentreInput::LegEnded { leg, is_lost: true });
        }
    }

    /// Whether nothing at all is remembered of any leg.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        let has_legs = !self.legs.is_empty() || !self.dialogs.is_empty() || !self.deadlines.is_empty();
        !has_legs && self.recorders.is_empty()
    }

    /// Ends what has lasted too long.
    pub(super) fn timeout(&mut self, now: Now) {
        while let Some((at, leg)) = self.deadlines.first().copied()
            && at <= now.mono
        {
            self.deadlines.pop_first();
            if let Some(entry) = self.legs.get_mut(&leg) {
                entry.deadline = None;
                self.time_out(leg, now);
            }
        }
        self.time_out_recorders(now);
    }

    fn time_out(&mut self, leg: LegId, now: Now) {
        let Some(entry) = self.legs.get(&leg) else { return };
        match &entry.state {
            LegState::Talking { must_peer_send: true, silence: Silence::Asked, .. } => return self.lose_audio(leg, now),
            LegState::Talking { must_peer_send: true, silence: Silence::Excused, .. } => return self.probe(leg, now),
            LegState::Returning { is_asked: false, .. } => return self.ask_back(leg, now),
            _ => self.faults.timed_out += 1,
        }
        let input = match &entry.state {
            LegState::Arrived { .. }
            | LegState::Answering { .. }
            | LegState::EarlyMedia { .. }
            | LegState::Accepted { .. }
            | LegState::Returning { .. }
            | LegState::Talking { .. } => CentreInput::LegEnded { leg, is_lost: true },
            LegState::Preparing(_) | LegState::Web(WebStage::Preparing(_)) => {
                CentreInput::LegFailed { leg, cause: EndCause::Fault }
            }
            LegState::Calling { .. } | LegState::Web(WebStage::Calling { .. }) => {
                CentreInput::LegFailed { leg, cause: EndCause::NoAnswer }
            }
            LegState::Web(_) => CentreInput::LegEnded { leg, is_lost: true },
            LegState::Browser { owner: BrowserOwner::WebPhone, .. } => CentreInput::LegFailed { leg, cause: EndCause::Lost },
            // The console's leg stays for the next offer of the same console.
            LegState::Browser { owner: BrowserOwner::Console(_), .. } => {
                self.tell(CentreInput::LegAudio { leg, is_up: false });
                return;
            }
        };
        if matches!(entry.state, LegState::Answering { .. } | LegState::Preparing(_)) {
            self.faults.media_not_opened += 1;
        }
        // Its twin, if it has one, rings on.
        self.hang_up_alone(leg, 503, false);
        self.tell(input);
    }

    /// Adds a leg, or replaces what stood under its id.
    pub(super) fn insert(&mut self, leg: LegId, state: LegState, now: Now) {
        let (heard, signalled_from) = self.legs.remove(&leg).map(|old| (old.heard, old.signalled_from)).unwrap_or_default();
        self.dialogs.extend(state.dialog().map(|dialog| (dialog, leg)));
        let millis = state.millis_max();
        self.legs.insert(
            leg,
            Leg {
                state,
                deadline: None,
                digits_by: None,
                heard,
                signalled_from,
                device: None,
                terms: AudioTerms::default(),
                moving: None,
                is_missed: false,
                codec: None,
            },
        );
        self.set_deadline(leg, millis.map(|millis| now.mono + millis));
    }

    /// Moves a leg on to its next state; the deadline of the state begins.
    pub(super) fn advance(&mut self, leg: LegId, state: LegState, now: Now) {
        if let Some(dialog) = state.dialog() {
            self.dialogs.insert(dialog, leg);
        }
        let millis = state.millis_max();
        if let Some(entry) = self.legs.get_mut(&leg) {
            entry.state = state;
        }
        self.set_deadline(leg, millis.map(|millis| now.mono + millis));
        self.heed_silence(leg, now);
    }

    /// Sets, moves or clears a leg's deadline.
    pub(super) fn set_deadline(&mut self, leg: LegId, at: Option<Mono>) {
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        if let Some(old) = entry.deadline.take() {
            self.deadlines.remove(&(old, leg));
        }
        entry.deadline = at;
        if let Some(at) = at {
            self.deadlines.insert((at, leg));
        }
    }

    /// The deadline of an outgoing call that may ring so long.
    pub(super) fn set_ring_deadline(&mut self, leg: LegId, ring_secs: u32, now: Now) {
        self.set_deadline(leg, Some(now.mono + (u64::from(ring_secs) * 1_000 + RING_GRACE_MS)));
    }

    /// The legs whose media were agreed anew since this was asked last.
    pub(super) fn take_changed(&mut self) -> BTreeSet<LegId> {
        std::mem::take(&mut self.changed)
    }

    /// Whether there are any.
    pub(super) fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Legs with their dialogs, behind this one.
    pub(super) fn behind(&self, leg: Option<LegId>) -> impl Iterator<Item = (LegId, Option<DialogId>)> {
        let from = leg.map_or(Bound::Unbounded, Bound::Excluded);
        self.legs.range((from, Bound::Unbounded)).map(|(leg, entry)| (*leg, entry.state.dialog()))
    }

    /// A leg.
    pub(super) fn get(&self, leg: LegId) -> Option<&Leg> {
        self.legs.get(&leg)
    }

    /// A leg, to be changed within its state.
    pub(super) fn get_mut(&mut self, leg: LegId) -> Option<&mut Leg> {
        self.legs.get_mut(&leg)
    }

    /// Puts a leg under another id, in the state in which it is.
    pub(super) fn rename(&mut self, from: LegId, to: LegId) {
        let Some(mut entry) = self.legs.remove(&from) else { return };
        if let Some(at) = entry.deadline {
            self.deadlines.remove(&(at, from));
            self.deadlines.insert((at, to));
        }
        if let Some(dialog) = entry.state.dialog() {
            self.dialogs.insert(dialog, to);
        }
        entry.heard = self.legs.remove(&to).map(|old| old.heard).unwrap_or_default();
        self.legs.insert(to, entry);
    }

    /// The leg of a dialog.
    pub(super) fn by_dialog(&self, dialog: DialogId) -> Option<LegId> {
        self.dialogs.get(&dialog).copied()
    }

    /// Forgets a leg and frees its port. The wire is not told.
    pub(super) fn forget(&mut self, leg: LegId) -> Option<LegState> {
        self.set_deadline(leg, None);
        self.changed.remove(&leg);
        let entry = self.legs.remove(&leg)?;
        if let Some(dialog) = entry.state.dialog() {
            self.dialogs.remove(&dialog);
        }
        if entry.state.has_media() {
            self.order_media(MediaOrder::Close { leg });
        }
        Some(entry.state)
    }

    /// Ends a leg in whatever state it is: refuse with `status`, CANCEL or BYE. No input follows.
    pub(super) fn hang_up(&mut self, leg: LegId, status: u16, is_answered_elsewhere: bool) {
        if let Some(twin) = self.forks.part(leg) {
            self.hang_up_alone(twin, status, is_answered_elsewhere);
        }
        self.hang_up_alone(leg, status, is_answered_elsewhere);
    }

    /// Ends a leg and none that rings beside it.
    pub(super) fn hang_up_alone(&mut self, leg: LegId, status: u16, is_answered_elsewhere: bool) {
        match self.forget(leg) {
            Some(
                LegState::Arrived { dialog, .. }
                | LegState::Answering { dialog, .. }
                | LegState::EarlyMedia { dialog, .. }
                | LegState::Web(WebStage::Arrived { dialog, .. } | WebStage::Answering { dialog }),
            ) => {
                let retry_after_secs = (status == 503).then_some(RETRY_AFTER_SECS);
                self.order_sip(SipOrder::Reject { dialog, status, retry_after_secs });
            }
            Some(
                LegState::Accepted { dialog, .. }
                | LegState::Returning { dialog, .. }
                | LegState::Talking { dialog, .. }
                | LegState::Web(WebStage::Accepted { dialog, .. } | WebStage::Talking { dialog, .. }),
            ) => self.order_sip(SipOrder::Bye { dialog }),
            Some(LegState::Calling { dialog, .. } | LegState::Web(WebStage::Calling { dialog, .. })) => {
                self.order_sip(SipOrder::Cancel { dialog, is_answered_elsewhere });
            }
            Some(LegState::Preparing(_) | LegState::Web(WebStage::Preparing(_)) | LegState::Browser { .. }) | None => {}
        }
    }

    /// A dialog for an outgoing call: ours are even.
    pub(super) fn next_dialog(&mut self) -> DialogId {
        self.next_dialog += 2;
        DialogId(self.next_dialog)
    }

    /// A new caller's leg.
    pub(super) fn arrive(
        &mut self,
        dialog: DialogId,
        signalled_from: IpAddr,
        offer: Option<Box<Description>>,
        now: Now,
        rng: &mut Rng,
    ) -> LegId {
        let leg = LegId::mint(now.wall, rng);
        self.insert(leg, LegState::Arrived { dialog, offer }, now);
        self.note_signalling(leg, signalled_from);
        leg
    }

    /// What audio the trunk or account of a leg takes.
    pub(super) fn set_terms(&mut self, leg: LegId, terms: AudioTerms) {
        if let Some(entry) = self.legs.get_mut(&leg) {
            entry.terms = terms;
        }
    }

    /// The party of a leg asks for this device and no other of its account.
    pub(super) fn note_device(&mut self, leg: LegId, device: Option<Device>) {
        if let Some(entry) = self.legs.get_mut(&leg) {
            entry.device = device;
        }
    }

    /// The device of this account that the party of a leg has asked for.
    pub(super) fn device_asked(&self, leg: LegId, account: &str) -> Option<&Device> {
        self.legs.get(&leg)?.device.as_ref().filter(|device| *device.account == *account)
    }

    /// Where the signalling of a leg's peer comes from.
    pub(super) fn note_signalling(&mut self, leg: LegId, from: IpAddr) {
        if let Some(entry) = self.legs.get_mut(&leg) {
            entry.signalled_from = Some(from);
        }
    }

    /// Tells the media workers what a leg's peer agreed to.
    pub(super) fn set_remote(&mut self, leg: LegId, remote: RemoteMedia) {
        let entry = self.legs.get(&leg);
        let signalled_from = entry.and_then(|entry| entry.signalled_from);
        // While it rings, another phone than the one that is heard early may answer.
        let is_settled = !entry.is_some_and(|entry| matches!(entry.state, LegState::Calling { .. }));
        let codec = remote.codec;
        if let Some(entry) = self.legs.get_mut(&leg) {
            entry.codec = Some(codec);
        }
        self.changed.insert(leg);
        self.order_media(MediaOrder::SetRemote { leg, remote, signalled_from, is_settled });
    }

    pub(super) fn order_sip(&mut self, order: SipOrder) {
        self.said.push_back(Said::Sip(order));
    }

    pub(super) fn order_media(&mut self, order: MediaOrder) {
        let order = self.forks.by_media(order);
        self.said.push_back(Said::Media(order));
    }

    pub(super) fn order_fork(&mut self, order: ForkOrder) {
        self.said.push_back(Said::Fork(order));
    }

    pub(super) fn tell(&mut self, input: CentreInput) {
        let input = self.of_fork(input);
        self.said.extend(input.map(Said::Centre));
    }

    pub(super) fn show(&mut self, update: LiveUpdate) {
        self.said.push_back(Said::Live(update));
    }
}

/// When a refused caller may try again.
pub(super) const RETRY_AFTER_SECS: u32 = 10;
