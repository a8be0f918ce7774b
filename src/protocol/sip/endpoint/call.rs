//! What the endpoint remembers of one call, phase by phase.

use std::{collections::VecDeque, sync::Arc};

use super::{
    early::EarlyOffer,
    identity::Waiting,
    presentation::Presentation,
    refer::Refer,
    refreshing::Session,
    reliable::{Early, Reliable},
};
use crate::{
    protocol::sip::{
        address::Uri,
        compose::ReplyLines,
        dialog::Dialog,
        message::SipMessage,
        notice::{Flow, SipTarget},
        offer::CallOffer,
        peer::Hop,
        registrar::Contact,
        reply::reply_flow,
        session_timer::SessionAnswer,
        transaction::{ClientKey, ServerId},
    },
    types::{PeerReason, TrunkId},
};

/// A call: one dialog, or the attempts that shall lead to one.
#[derive(Debug)]
pub struct Call {
    /// Our tags by which requests find it.
    pub tags: Vec<u64>,
    /// Of an incoming call, by which a copy of its INVITE that took another way is recognised (RFC 3261 8.2.2.2).
    pub origin: Option<Arc<str>>,
    /// The account of the phone at the other end; `None` for a trunk.
    pub phone: Option<Arc<str>>,
    /// Where it stands.
    pub phase: Phase,
}

impl Call {
    /// Whether it is a recording session.
    pub fn is_recording(&self) -> bool {
        match &self.phase {
            Phase::Arriving(_) => false,
            Phase::Calling(calling) => calling.session.recording.is_some(),
            Phase::Talking(talking) => talking.session.recording.is_some(),
        }
    }

    /// Whether the switch has heard of it and nobody wants its end.
    pub fn is_lasting(&self) -> bool {
        match &self.phase {
            Phase::Arriving(arriving) => arriving.waiting.is_none(),
            Phase::Calling(_) => true,
            Phase::Talking(talking) => talking.end == End::NotYet,
        }
    }

    /// The trunk at the other end; `None` for a phone.
    pub fn trunk(&self) -> Option<&TrunkId> {
        match &self.phase {
            Phase::Arriving(arriving) => arriving.trunk.as_ref(),
            Phase::Calling(calling) => match &calling.target {
                SipTarget::Trunk { trunk, .. } => Some(trunk),
                SipTarget::Phone(_) | SipTarget::Devices { .. } | SipTarget::Device(_) => None,
            },
            Phase::Talking(talking) => talking.trunk.as_ref(),
        }
    }
}

/// Where a call stands.
#[derive(Debug)]
pub enum Phase {
    /// Their INVITE has no final response of ours.
    Arriving(Box<Arriving>),
    /// Our INVITEs have no final response of theirs.
    Calling(Box<Calling>),
    /// Answered.
    Talking(Box<Talking>),
}

/// A request that we owe a response.
#[derive(Debug)]
pub struct Pending {
    /// Its transaction; `None` when it is answered without memory.
    pub transaction: Option<ServerId>,
    /// Where the response goes.
    pub flow: Flow,
    /// What the response mirrors.
    pub lines: ReplyLines,
}

impl Pending {
    /// A request that came this way.
    pub fn new(transaction: Option<ServerId>, flow: Flow, request: &SipMessage) -> Self {
        Self { transaction, flow: reply_flow(flow, request), lines: ReplyLines::of(request, flow.remote) }
    }
}

/// An incoming call that has not been answered.
#[derive(Debug)]
pub struct Arriving {
    /// The INVITE.
    pub invite: Pending,
    /// Its number.
    pub cseq: u32,
    /// The dialog that an answer will confirm.
    pub dialog: Dialog,
    /// Our tag.
    pub tag: String,
    /// Whether it brought an offer.
    pub has_offer: bool,
    /// The trunk that it came by.
    pub trunk: Option<TrunkId>,
    /// What is known of the session that an answer will begin.
    pub session: Session,
    /// What the answer will say of its timer.
    pub session_answer: Option<SessionAnswer>,
    /// Our provisional responses, if the caller takes them reliably.
    pub reliable: Option<Reliable>,
    /// The last provisional response but 100, to be repeated each minute.
    pub provisional: Option<(u16, Arc<[u8]>)>,
    /// The switch has not heard of it yet: the caller's statement is being checked.
    pub waiting: Option<Box<Waiting>>,
}

/// An outgoing call that has not been answered.
#[derive(Debug)]
pub struct Calling {
    /// Whom; for credentials.
    pub target: SipTarget,
    /// Who it says it is from.
    pub presentation: Presentation,
    /// SDP offer.
    pub offer: CallOffer,
    /// One attempt per contact, or one hop of a trunk.
    pub branches: Vec<Branch>,
    /// Hops of the trunk that have not been tried, the next one first.
    pub hops_left: VecDeque<Hop>,
    /// The refusal to report if all attempts fail.
    pub worst: Option<u16>,
    /// What came with that refusal (Reason, RFC 3326), unless it made way for another attempt.
    pub worst_reason: Option<PeerReason>,
    /// Whether the switch has heard of ringing.
    pub has_rung: bool,
    /// SDP of a provisional response.
    pub early_answer: Option<Arc<str>>,
    /// Early dialogs, made by reliable provisional responses.
    pub early: Vec<Early>,
    /// Their offer within one of these that the switch has not answered.
    pub early_offer: Option<EarlyOffer>,
    /// What is known of the session that an answer will begin.
    pub session: Session,
}

/// One attempt of an outgoing call.
#[derive(Debug)]
pub struct Branch {
    /// Its INVITE.
    pub key: ClientKey,
    /// Where it went.
    pub flow: Flow,
    /// Of a trunk, which hop that is.
    pub hop: Option<Hop>,
    /// Of a phone, the other flows to the same device that have not been tried, the best at the end (RFC 5626 6).
    pub spares: Vec<Contact>,
    /// Whether the address takes streams for all we know.
    pub is_direct: bool,
    /// Request-URI.
    pub uri: Uri,
    /// Whole Route lines, of a phone behind proxies.
    pub routes: String,
    /// Our tag.
    pub tag: u64,
    /// Call-ID.
    pub call_id: Arc<str>,
    /// CSeq number.
    pub cseq: u32,
    /// Whether credentials have been sent.
    pub is_challenged: bool,
    /// Their tag, once it rings there.
    pub ringing_tag: Option<Arc<str>>,
    /// Why it is refused there, in their words (Reason, RFC 3326).
    pub reason: Option<PeerReason>,
}

/// An answered call.
#[derive(Debug)]
pub struct Talking {
    /// The dialog.
    pub dialog: Dialog,
    /// Whether the Call-ID is ours, which decides who waits longer after a 491.
    pub is_caller: bool,
    /// The trunk of the other side: whose credentials to use when challenged, and where it is when its stream has closed.
    pub trunk: Option<TrunkId>,
    /// Our reliable provisional response that the 200 overtook: its number and the INVITE's.
    pub unpracked: Option<(u32, u32)>,
    /// Our 200 to an INVITE that has not been acknowledged.
    pub unacknowledged: Option<Unacknowledged>,
    /// Their new offer that the switch has not answered.
    pub their_offer: Option<Box<TheirOffer>>,
    /// Our re-INVITE that they have not answered.
    pub our_offer: Option<OurOffer>,
    /// An offer that waits until the way is free.
    pub next_offer: Option<Arc<str>>,
    /// Their REFER that has not come to its end.
    pub refer: Option<Box<Refer>>,
    /// Whether there has been one.
    pub was_referred: bool,
    /// Its session timer.
    pub session: Session,
    /// How the end stands.
    pub end: End,
}

impl Talking {
    /// As it stands at the answer: nothing is under way.
    pub fn new(dialog: Dialog, is_caller: bool, trunk: Option<TrunkId>, session: Session) -> Self {
        Self {
            dialog,
            is_caller,
            trunk,
            unpracked: None,
            unacknowledged: None,
            their_offer: None,
            our_offer: None,
            next_offer: None,
            refer: None,
            was_referred: false,
            session,
            end: End::NotYet,
        }
    }
}

/// How the end of an answered call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Nobody wants it.
    NotYet,
    /// We do, but the ACK must come first (RFC 3261 15).
    AfterAck,
    /// Our BYE is out; `is_lost` says what to report.
    ByeSent {
        /// Whether the call ended for want of an answer.
        is_lost: bool,
        /// Whether credentials have been sent.
        is_challenged: bool,
    },
}

/// A 200 to an INVITE, repeated until its ACK comes.
#[derive(Debug)]
pub struct Unacknowledged {
    /// The INVITE's number.
    pub cseq: u32,
    /// Where the 200 goes.
    pub flow: Flow,
    /// The 200.
    pub bytes: Arc<[u8]>,
    /// Until the next repetition.
    pub interval_ms: u64,
    /// Whether it held our offer, so that the ACK holds the answer.
    pub has_our_offer: bool,
    /// Whether it answered the call rather than a re-INVITE.
    pub is_first: bool,
}

/// A new offer of theirs.
#[derive(Debug)]
pub struct TheirOffer {
    /// The request.
    pub request: Pending,
    /// Its number.
    pub cseq: u32,
    /// Whether it is a re-INVITE rather than an UPDATE.
    pub is_invite: bool,
    /// Whether it brought an offer.
    pub has_offer: bool,
    /// What our 2xx will say of the session timer.
    pub session_answer: Option<SessionAnswer>,
}

/// A new offer of ours.
#[derive(Debug)]
pub struct OurOffer {
    /// Its transaction.
    pub key: ClientKey,
    /// SDP.
    pub offer: Arc<str>,
    /// Its number.
    pub cseq: u32,
    /// Number of their last reliable provisional response.
    pub rseq: Option<u32>,
    /// Whether it only refreshes the session, so that the switch has not asked for it.
    pub is_refresh: bool,
    /// Whether credentials have been sent.
    pub is_challenged: bool,
}
