//! Every timer of the endpoint, in one ordered structure.

use std::collections::{BTreeMap, BTreeSet};

use super::{ClientKey, ServerId};
use crate::{
    protocol::sip::{
        DialogId,
        endpoint::{MessageId, SubscriptionId},
    },
    types::Mono,
};

/// What a timer is for. Letters as in RFC 3261 17 and RFC 6026; T1, T2 and T4 are settings. C belongs to proxies.
///
/// | timer | runs in | after | then |
/// | --- | --- | --- | --- |
/// | A | INVITE client, calling, UDP | T1, doubling | INVITE again |
/// | B | INVITE client, calling | 64·T1 | 408 |
/// | D | INVITE client, completed | 32 s UDP, 0 stream | forgotten |
/// | E | client, trying or proceeding, UDP | T1, doubling to T2 | request again |
/// | F | client | 64·T1 | 408 |
/// | G | INVITE server, completed, UDP | T1, doubling to T2 | response again |
/// | H | INVITE server, completed | 64·T1 | forgotten, no ACK |
/// | I | INVITE server, confirmed | T4 UDP, 0 stream | forgotten |
/// | J | server, completed | 64·T1 UDP, 0 stream | forgotten |
/// | K | client, completed | T4 UDP, 0 stream | forgotten |
/// | L | INVITE server, accepted | 64·T1 | forgotten |
/// | M | INVITE client, accepted | 64·T1 | forgotten |
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// INVITE retransmission over datagrams.
    A,
    /// INVITE time-out.
    B,
    /// Wait for repeated final responses to an INVITE.
    D,
    /// Retransmission of other requests over datagrams.
    E,
    /// Time-out of other requests.
    F,
    /// Retransmission of a final response to an INVITE.
    G,
    /// Wait for the ACK of that response.
    H,
    /// Wait for repeated ACKs.
    I,
    /// Wait for repeated requests.
    J,
    /// Wait for repeated responses.
    K,
    /// Wait for repeated INVITEs behind a 2xx (RFC 6026).
    L,
    /// Wait for repeated or forked 2xx (RFC 6026).
    M,
    /// 2xx again until the ACK comes (RFC 3261 13.3.1.4).
    OkAgain,
    /// No ACK for our 2xx within 64·T1: the dialog ends.
    NoAck,
    /// Our reliable provisional response again until its PRACK comes (RFC 3262 3).
    ProvisionalAgain,
    /// No PRACK for it within 64·T1: the caller is refused.
    NoPrack,
    /// A provisional response each minute, so that proxies do not give up (RFC 3261 13.3.1.1).
    StillRinging,
    /// An incoming call that nobody decided about, or a new offer that the switch did not answer.
    Undecided,
    /// The caller's signed statement has not been checked in time: the call goes on unverified.
    IdentityLate,
    /// Our unanswered call has rung long enough.
    RingOver,
    /// Nothing has been heard of the hop that our call or message tries: the next one has its turn (RFC 3263 4.3, RFC 5626 6).
    HopSilent,
    /// Our re-INVITE may be tried again after a 491 (RFC 3261 14.1).
    ReofferAgain,
    /// Half the session interval has passed: we refresh the session (RFC 4028 10).
    RefreshSession,
    /// Nobody has refreshed it: the dialog ends (RFC 4028 10).
    SessionOver,
    /// A trunk is to be asked whether it is there, or its answer is late.
    TrunkPing,
    /// A registration with a carrier is to be made or renewed.
    TrunkRegister,
    /// The earliest registration runs out.
    RegistrationOver,
    /// A subscription runs out (RFC 6665 4.1.2.4).
    SubscriptionOver,
    /// A subscriber may be told again.
    NotifyDue,
    /// A message must have been taken by then (RFC 3428).
    MessageOver,
    /// Datagram phones behind address translation get their keep-alive.
    KeepAlive,
}

/// Whose timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// A server transaction.
    Server(ServerId),
    /// A client transaction.
    Client(ClientKey),
    /// A call.
    Call(DialogId),
    /// A subscription.
    Subscription(SubscriptionId),
    /// A message on its way.
    Message(MessageId),
    /// The registrar.
    Registrar,
    /// Pings and registrations of trunks, each at its earliest.
    Trunks,
}

/// All running timers, by time.
#[derive(Debug, Default)]
pub struct Timers {
    by_time: BTreeSet<(Mono, Owner, Timer)>,
    by_owner: BTreeMap<(Owner, Timer), Mono>,
}

impl Timers {
    /// Starts a timer, or moves it if it runs.
    pub fn set(&mut self, owner: Owner, timer: Timer, at: Mono) {
        if let Some(before) = self.by_owner.insert((owner, timer), at) {
            self.by_time.remove(&(before, owner, timer));
        }
        self.by_time.insert((at, owner, timer));
    }

    /// Whether a timer runs.
    pub fn is_running(&self, owner: Owner, timer: Timer) -> bool {
        self.by_owner.contains_key(&(owner, timer))
    }

    /// Stops a timer if it runs.
    pub fn stop(&mut self, owner: Owner, timer: Timer) {
        if let Some(at) = self.by_owner.remove(&(owner, timer)) {
            self.by_time.remove(&(at, owner, timer));
        }
    }

    /// Stops every timer of one owner.
    pub fn stop_all(&mut self, owner: Owner) {
        while let Some((&(_, timer), _)) = self.by_owner.range((owner, Timer::A)..=(owner, Timer::KeepAlive)).next() {
            self.stop(owner, timer);
        }
    }

    /// When the next one rings.
    pub fn next(&self) -> Option<Mono> {
        self.by_time.first().map(|(at, _, _)| *at)
    }

    /// One that is due, which no longer runs after this.
    pub fn pop_due(&mut self, now: Mono) -> Option<(Owner, Timer)> {
        let (at, owner, timer) = *self.by_time.first()?;
        if at > now {
            return None;
        }
        self.stop(owner, timer);
        Some((owner, timer))
    }
}
