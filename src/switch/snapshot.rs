//! Calls and registrations that outlast the process. What is written down of each: the floor's part, and per telephone leg the dialog and what was
//! negotiated; of agents, their presence; of phones, where they are and what they watch. An exchange that begins anew takes that up: it knows the dialogs at once, so that peers
//! are understood, and asks every telephone for media anew (re-INVITE, RFC 3261 14) when its directory and flows are there. Browsers
//! come back by themselves, with a fresh offer.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    Switch,
    digits::DigitWay,
    legs::{LegState, Legs},
    offers::accepted,
    silence::Silence,
};
use crate::{
    domain::{
        agent::Agent,
        call::Party,
        centre::{CentreInput, FloorChanges, KeptCall},
    },
    protocol::{
        media::MediaOrder,
        sdp::SdpSession,
        sip::{DialogId, DialogSnapshot, PhoneSnapshot, SipOrder, SubscriptionSnapshot},
    },
    types::{AgentId, CallId, LegId, LegProtection, Mono, Now},
};

/// Between the questions to two legs: so many at once neither flood a trunk nor keep the last one waiting for long.
const ASK_EVERY_MS: u64 = 5;
/// A peer has so long to agree: a re-INVITE without an answer is given up after 32 s (RFC 3261 17.1.1.2: timer B).
const ANSWER_MS_MAX: u64 = 36_000;

/// A telephone leg as it is written down.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct LegSnapshot {
    leg: LegId,
    dialog: DialogSnapshot,
    sdp: SdpSession,
    digits_by: Option<DigitWay>,
    signalled_from: Option<IpAddr>,
}

/// A call as it is written down.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CallSnapshot {
    call: KeptCall,
    legs: Vec<LegSnapshot>,
    /// What its history says of how its parties' legs are protected.
    #[serde(default)]
    said: Vec<(Party, LegProtection)>,
}

/// What is to be written down.
#[derive(Debug)]
pub enum SnapshotChange {
    /// A call stands like this now.
    Call(Box<CallSnapshot>),
    /// Nothing is left of a call.
    CallGone(CallId),
    /// An agent stands like this now.
    Agent(Box<Agent>),
    /// An agent has signed out.
    AgentGone(AgentId),
    /// An account's phones are registered like this now.
    Phone(Box<PhoneSnapshot>),
    /// An account has no registration any more that would last.
    PhoneGone(Arc<str>),
    /// A subscription stands like this now.
    Subscription(Box<SubscriptionSnapshot>),
    /// It is over, by its tag.
    SubscriptionGone(u64),
}

/// What an earlier process wrote down.
#[derive(Debug, Default)]
pub struct Survivors {
    /// Calls.
    pub calls: Vec<CallSnapshot>,
    /// Agents.
    pub agents: Vec<Agent>,
    /// Registrations.
    pub phones: Vec<PhoneSnapshot>,
    /// Who watches what.
    pub subscriptions: Vec<SubscriptionSnapshot>,
}

/// Changes that have not been written down, and calls that wait for their directory.
#[derive(Default)]
pub(super) struct Snapshots {
    changes: FloorChanges,
    phones: BTreeSet<Arc<str>>,
    /// Calls that have been written down.
    written: BTreeSet<CallId>,
    /// Accounts whose registrations have been.
    written_phones: BTreeSet<Arc<str>>,
    subscriptions: BTreeSet<u64>,
    /// Subscriptions that have been.
    written_subscriptions: BTreeSet<u64>,
    survivors: Option<(Survivors, Vec<Vec<DialogId>>)>,
}

impl Snapshots {
    /// Something of a call is to be written down anew.
    pub(super) fn touch(&mut self, call: CallId) {
        self.changes.calls.insert(call);
    }
}

impl CallSnapshot {
    /// Which.
    pub fn id(&self) -> CallId {
        self.call.id()
    }

    /// Whether nobody is on the line any more: only an agent's wrap-up is left.
    pub fn is_over(&self) -> bool {
        self.call.is_over()
    }
}

impl Switch {
    /// Takes up what an earlier process wrote down. From now on peers are understood; they are asked back with the first
    /// [`super::Input::Directory`], which must come after the flows.
    pub fn take_up(&mut self, mut survivors: Survivors) {
        survivors.calls.sort_by_cached_key(|snapshot| snapshot.call.rank());
        let dialogs = survivors.calls.iter().map(|snapshot| {
            self.snapshots.written.insert(snapshot.id());
            snapshot.legs.iter().map(|leg| self.sip.take_up(leg.dialog.clone())).collect()
        });
        let dialogs = dialogs.collect();
        self.snapshots.written_phones.extend(survivors.phones.iter().map(|phone| phone.account().clone()));
        self.snapshots.written_subscriptions.extend(survivors.subscriptions.iter().map(SubscriptionSnapshot::tag));
        self.snapshots.survivors = Some((survivors, dialogs));
    }

    /// What has changed since this was asked last, at most so many calls, agents, phones and subscriptions; the rest is given next time, as it stands then.
    pub fn snapshot_changes(&mut self, max: usize) -> Vec<SnapshotChange> {
        self.gather_changes();
        let mut changes = Vec::new();
        while changes.len() < max
            && let Some(id) = self.snapshots.changes.calls.pop_first()
        {
            match self.call_snapshot(id) {
                Some(snapshot) => {
                    self.snapshots.written.insert(id);
                    changes.push(SnapshotChange::Call(Box::new(snapshot)));
                }
                None if self.snapshots.written.remove(&id) => changes.push(SnapshotChange::CallGone(id)),
                None => {}
            }
        }
        while changes.len() < max
            && let Some(id) = self.snapshots.changes.agents.pop_first()
        {
            changes.push(match self.centre.keep_agent(&id) {
                Some(agent) => SnapshotChange::Agent(Box::new(agent)),
                None => SnapshotChange::AgentGone(id),
            });
        }
        while changes.len() < max
            && let Some(account) = self.snapshots.phones.pop_first()
        {
            match self.sip.phone_snapshot(&account) {
                Some(phone) => {
                    self.snapshots.written_phones.insert(account);
                    changes.push(SnapshotChange::Phone(Box::new(phone)));
                }
                None if self.snapshots.written_phones.remove(&account) => changes.push(SnapshotChange::PhoneGone(account)),
                None => {}
            }
        }
        while changes.len() < max
            && let Some(tag) = self.snapshots.subscriptions.pop_first()
        {
            match self.sip.subscription_snapshot(tag) {
                Some(subscription) => {
                    self.snapshots.written_subscriptions.insert(tag);
                    changes.push(SnapshotChange::Subscription(Box::new(subscription)));
                }
                None if self.snapshots.written_subscriptions.remove(&tag) => {
                    changes.push(SnapshotChange::SubscriptionGone(tag))
                }
                None => {}
            }
        }
        changes
    }

    /// Whether there is anything to write down.
    pub fn has_snapshot_changes(&self) -> bool {
        let waiting = &self.snapshots.changes;
        let is_waiting = !waiting.calls.is_empty()
            || !waiting.agents.is_empty()
            || !self.snapshots.phones.is_empty()
            || !self.snapshots.subscriptions.is_empty();
        let has_sip = self.sip.has_changed() || self.sip.has_changed_phones() || self.sip.has_changed_subscriptions();
        is_waiting || has_sip || self.centre.has_changes() || self.legs.has_changed()
    }

    fn gather_changes(&mut self) {
        let FloorChanges { calls, agents } = self.centre.take_changes();
        let mut legs = self.legs.take_changed();
        legs.extend(self.sip.take_changed().into_iter().filter_map(|dialog| self.legs.by_dialog(dialog)));
        let of_legs = legs.into_iter().filter_map(|leg| self.centre.call_of(leg));
        self.snapshots.changes.calls.extend(calls.into_iter().chain(of_legs));
        self.snapshots.changes.agents.extend(agents);
        self.snapshots.phones.extend(self.sip.take_changed_phones());
        self.snapshots.subscriptions.extend(self.sip.take_changed_subscriptions());
    }

    /// A call with its confirmed telephone legs. One that has none yet cannot come back, so it is not written down.
    fn call_snapshot(&self, id: CallId) -> Option<CallSnapshot> {
        let call = self.centre.keep_call(id)?;
        let legs: Vec<LegSnapshot> = self.centre.legs_of(id).into_iter().filter_map(|leg| self.leg_snapshot(leg)).collect();
        let said = self.protections.said_of(id);
        (call.is_over() || !legs.is_empty()).then_some(CallSnapshot { call, legs, said })
    }

    fn leg_snapshot(&self, leg: LegId) -> Option<LegSnapshot> {
        let entry = self.legs.get(leg)?;
        let (LegState::Talking { dialog, sdp, .. } | LegState::Returning { dialog, sdp, .. }) = &entry.state else {
            return None;
        };
        Some(LegSnapshot {
            leg,
            dialog: self.sip.dialog_snapshot(*dialog)?,
            sdp: (**sdp).clone(),
            digits_by: entry.digits_by,
            signalled_from: entry.signalled_from,
        })
    }

    /// Phones can be called again; the floor gets its calls back, and their telephones are asked one after another. Who hung up meanwhile has gone.
    pub(super) fn bring_back(&mut self, now: Now) {
        let Some((survivors, dialogs)) = self.snapshots.survivors.take() else { return };
        self.sip.take_up_phones(survivors.phones, now);
        self.settle(now);
        let mut at = now.mono;
        let mut legs = Vec::new();
        let mut calls = Vec::new();
        for (snapshot, dialogs) in survivors.calls.into_iter().zip(dialogs) {
            if !snapshot.is_over() {
                self.protections.recall(snapshot.id(), snapshot.said);
            }
            calls.push(snapshot.call);
            for (leg, dialog) in snapshot.legs.into_iter().zip(dialogs) {
                legs.push((leg.leg, dialog));
                if self.sip.is_talking(dialog) {
                    self.legs.await_return(leg, dialog, at, now);
                    at = at + ASK_EVERY_MS;
                }
            }
        }
        let telephones: Vec<(CallId, Vec<LegId>)> = calls.iter().map(|call| (call.id(), call.telephones().collect())).collect();
        self.centre.recover(calls, survivors.agents, now, &mut self.rng);
        self.settle(now);
        // What the floor has no use for is ended, and what it waits for in vain it is told of.
        for (leg, dialog) in legs {
            if self.centre.call_of(leg).is_none() && self.legs.by_dialog(dialog) == Some(leg) {
                self.legs.hang_up(leg, 480, false);
            }
        }
        // Now that everything stands as it did, whoever watches it is told.
        self.sip.take_up_subscriptions(survivors.subscriptions, now);
        self.settle(now);
        for leg in telephones.into_iter().flat_map(|(_, legs)| legs) {
            if self.legs.get(leg).is_none() {
                self.tell_centre(CentreInput::LegEnded { leg, is_lost: false }, now);
            }
        }
    }
}

impl Legs {
    /// A leg of an earlier process, whose peer is asked at that time.
    fn await_return(&mut self, snapshot: LegSnapshot, dialog: DialogId, at: Mono, now: Now) {
        let leg = snapshot.leg;
        self.insert(leg, LegState::Returning { dialog, sdp: Box::new(snapshot.sdp), is_asked: false }, now);
        self.set_deadline(leg, Some(at));
        if let Some(entry) = self.get_mut(leg) {
            entry.digits_by = snapshot.digits_by;
            entry.signalled_from = snapshot.signalled_from;
        }
    }

    /// Its turn has come: first a port, then the offer.
    pub(super) fn ask_back(&mut self, leg: LegId, now: Now) {
        let Some(LegState::Returning { is_asked, .. }) = self.get_mut(leg).map(|entry| &mut entry.state) else { return };
        *is_asked = true;
        self.set_deadline(leg, Some(now.mono + ANSWER_MS_MAX));
        self.open_port(leg);
    }

    /// The peer has answered: it has media again, or it is lost.
    pub(super) fn returned(&mut self, leg: LegId, answer: Option<&str>, now: Now) {
        let Some(entry) = self.get_mut(leg) else { return };
        let LegState::Returning { dialog, sdp, .. } = &mut entry.state else { return };
        let dialog = *dialog;
        let Some(agreed) = answer.and_then(|answer| accepted(sdp, answer)) else {
            self.faults.no_common_media += 1;
            self.forget(leg);
            self.order_sip(SipOrder::Bye { dialog });
            self.tell(CentreInput::LegEnded { leg, is_lost: true });
            return;
        };
        let sdp = sdp.clone();
        let sources = entry.heard.clone();
        let must_peer_send = agreed.must_send();
        self.advance(leg, LegState::Talking { dialog, sdp, must_peer_send, silence: Silence::Heard }, now);
        self.set_remote(leg, agreed);
        if !sources.is_empty() {
            self.order_media(MediaOrder::Hear { leg, sources });
        }
        self.tell(CentreInput::LegReturned { leg });
        if !must_peer_send {
            self.tell(CentreInput::LegHeld { leg, is_held: true });
        }
    }
}
