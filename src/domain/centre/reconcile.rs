//! The floor looks at itself: once a second calls, agents, lines and legs are held against each other. What does not fit together at
//! two looks in a row has drifted: it is told with its place, and mended by the moves that the floor knows anyway. The floor keeps all
//! of it right with each turn, so a drift is a fault of ours, and whoever stands there is not left to it.
//!
//! A long floor is looked at in slices over the second, so that no call waits for the look.

mod mending;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::Bound,
};

use super::{Centre, CentreOutput, LegUse, Timer, Turn};
use crate::{
    domain::{
        agent::{Agent, Presence},
        call::{Call, ConsultStep, Stage},
        queue::QueueLine,
    },
    types::{AgentId, CallId, LegId, Mono, QueueId},
};

/// Everything is looked at once in this time.
const ROUND_MS: u64 = 1_000;
/// Calls, agents, legs and places that are looked at at a time.
const SLICE: usize = 1_000;
/// Of one round; what is found beyond them is found again.
const SUSPECTS_MAX: usize = 1_000;

/// What does not fit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DriftKind {
    /// An agent for whom a call rings that does not ring there.
    AgentOffered,
    /// An agent on a call that has another agent, or is over.
    AgentBusy,
    /// An agent who wraps up a call that knows nothing of it, or the other way round.
    AgentWrapping,
    /// An agent whose telephone can ring counts as without one, or the other way round.
    AgentDevice,
    /// A supervisor whose ears are on a call that knows nothing of it, or the other way round.
    Supervisor,
    /// A call that rings at an agent who is not kept for it.
    OfferNotKept,
    /// A call with an agent, or a colleague in its conference, who is not on it.
    PartyElsewhere,
    /// A call or agent with a deadline that nothing watches.
    DeadlineUnwatched,
    /// A waiting call that is not in its queue's line, or not as it stands there.
    NotInLine,
    /// A place in a line whose call does not wait there.
    EmptyPlace,
    /// A call in a flow that does not run, or the other way round.
    Flow,
    /// A call that takes no line of its trunk, or no conversation of its queue, in what is counted.
    NotCounted,
    /// A call that is over and that nobody wraps up.
    CallOver,
    /// A call without the leg that its stage needs.
    LegMissing,
    /// A leg of a call that does not know it.
    LegOfNobody,
    /// A dialog or telephone's leg that the floor does not know.
    WireOfNobody,
    /// A leg of the floor that has no telephone, or a telephone's leg that has no dialog.
    WireMissing,
}

/// Something that does not fit together, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Drift {
    /// What.
    pub kind: DriftKind,
    /// Where.
    pub place: DriftPlace,
}

/// Where something does not fit together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum DriftPlace {
    /// At a call.
    Call(CallId),
    /// At an agent.
    Agent(AgentId),
    /// At a leg.
    Leg(LegId),
    /// At a call's place in a line.
    Line(QueueId, CallId),
    /// At a SIP dialog.
    Dialog(u64),
}

impl DriftKind {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::AgentOffered,
        Self::AgentBusy,
        Self::AgentWrapping,
        Self::AgentDevice,
        Self::Supervisor,
        Self::OfferNotKept,
        Self::PartyElsewhere,
        Self::DeadlineUnwatched,
        Self::NotInLine,
        Self::EmptyPlace,
        Self::Flow,
        Self::NotCounted,
        Self::CallOver,
        Self::LegMissing,
        Self::LegOfNobody,
        Self::WireOfNobody,
        Self::WireMissing,
    ];

    /// As metrics and logs call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::AgentOffered => "agent_offered",
            Self::AgentBusy => "agent_busy",
            Self::AgentWrapping => "agent_wrapping",
            Self::AgentDevice => "agent_device",
            Self::Supervisor => "supervisor",
            Self::OfferNotKept => "offer_not_kept",
            Self::PartyElsewhere => "party_elsewhere",
            Self::DeadlineUnwatched => "deadline_unwatched",
            Self::NotInLine => "not_in_line",
            Self::EmptyPlace => "empty_place",
            Self::Flow => "flow",
            Self::NotCounted => "not_counted",
            Self::CallOver => "call_over",
            Self::LegMissing => "leg_missing",
            Self::LegOfNobody => "leg_of_nobody",
            Self::WireOfNobody => "wire_of_nobody",
            Self::WireMissing => "wire_missing",
        }
    }
}

impl fmt::Display for DriftPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(call) => write!(f, "call {call}"),
            Self::Agent(agent) => write!(f, "agent {agent}"),
            Self::Leg(leg) => write!(f, "leg {leg}"),
            Self::Dialog(dialog) => write!(f, "dialog {dialog}"),
            Self::Line(queue, call) => write!(f, "line of {queue}, call {call}"),
        }
    }
}

/// What is suspected, and how far the look has come.
#[derive(Debug, Default)]
pub(super) struct Reconciler {
    /// What did not fit together in the round before.
    suspects: BTreeSet<Drift>,
    /// The same of this round.
    found: BTreeSet<Drift>,
    next: Next,
}

/// What is looked at next: what comes behind this one.
#[derive(Debug, Default)]
enum Next {
    #[default]
    Round,
    Calls(Option<CallId>),
    Agents(Option<AgentId>),
    Legs(Option<LegId>),
    Places(Option<QueueId>, Option<CallId>),
}

impl Centre {
    /// Looks begin when there is something to look at, and cease when there is nothing.
    pub(super) fn watch_floor(&mut self, now: Mono) {
        let is_wanted = self.has_something();
        if is_wanted != self.timers.is_set(&Timer::Reconcile) {
            self.timers.set(Timer::Reconcile, is_wanted.then(|| now + ROUND_MS));
        }
    }

    /// Whether the floor knows a leg.
    pub fn has_leg(&self, leg: LegId) -> bool {
        self.legs.contains_key(&leg)
    }

    /// How many legs it knows.
    pub fn leg_count(&self) -> usize {
        self.legs.len()
    }

    /// The legs that it knows, behind this one.
    pub fn legs_behind(&self, leg: Option<LegId>) -> impl Iterator<Item = LegId> {
        let from = leg.map_or(Bound::Unbounded, Bound::Excluded);
        self.legs.range((from, Bound::Unbounded)).map(|(leg, _)| *leg)
    }

    fn has_something(&self) -> bool {
        let has_work = |agent: &Agent| agent.call().is_some();
        // Consoles that nobody calls may sleep.
        let consoles = || self.consoles.values().filter(|console| console.leg.is_some()).count();
        let has_calls = !self.calls.is_empty() || !self.listening.is_empty() || self.legs.len() != consoles();
        has_calls || self.lines.values().any(|line| !line.is_empty()) || self.agents.values().any(has_work)
    }

    /// Looks at the next slice. What has drifted is told and mended.
    pub(super) fn look_at_floor(&mut self, turn: &mut Turn<'_>) {
        if matches!(self.reconciler.next, Next::Round) {
            self.reconciler.suspects = std::mem::take(&mut self.reconciler.found);
            self.reconciler.next = Next::Calls(None);
        }
        let found = self.next_slice();
        for drift in found {
            if self.reconciler.suspects.contains(&drift) {
                self.out.push_back(CentreOutput::Drift(drift.clone()));
                self.mend(turn, &drift);
            } else if self.reconciler.found.len() < SUSPECTS_MAX {
                self.reconciler.found.insert(drift);
            }
        }
        let places: usize = self.lines.values().map(QueueLine::len).sum();
        let all = self.calls.len() + self.agents.len() + self.legs.len() + places;
        let slices = u64::try_from(all.div_ceil(SLICE)).unwrap_or(u64::MAX).clamp(1, ROUND_MS);
        self.timers.set(Timer::Reconcile, Some(turn.now.mono + ROUND_MS / slices));
    }

    fn next_slice(&mut self) -> Vec<Drift> {
        let mut found = Vec::new();
        let mut left = SLICE;
        while left > 0 {
            self.reconciler.next = match std::mem::take(&mut self.reconciler.next) {
                Next::Calls(after) => {
                    let slice = behind(&self.calls, after.as_ref(), left);
                    let last = slice.last().map(|(id, _)| **id);
                    left -= slice.len();
                    let wrong = slice.iter().filter_map(|(_, call)| Some((self.wrong_with_call(call)?, call.id)));
                    found.extend(wrong.map(|(kind, id)| Drift { kind, place: DriftPlace::Call(id) }));
                    if left > 0 { Next::Agents(None) } else { Next::Calls(last) }
                }
                Next::Agents(after) => {
                    let slice = behind(&self.agents, after.as_ref(), left);
                    let last = slice.last().map(|(id, _)| (*id).clone());
                    left -= slice.len();
                    let wrong = slice.iter().filter_map(|(id, agent)| Some((self.wrong_with_agent(agent)?, (*id).clone())));
                    found.extend(wrong.map(|(kind, id)| Drift { kind, place: DriftPlace::Agent(id) }));
                    if left > 0 { Next::Legs(None) } else { Next::Agents(last) }
                }
                Next::Legs(after) => {
                    let slice = behind(&self.legs, after.as_ref(), left);
                    let last = slice.last().map(|(id, _)| **id);
                    left -= slice.len();
                    let wrong = slice.iter().filter(|(leg, used)| !self.is_owned(**leg, used));
                    found.extend(wrong.map(|(leg, _)| Drift { kind: DriftKind::LegOfNobody, place: DriftPlace::Leg(**leg) }));
                    if left > 0 { Next::Places(None, None) } else { Next::Legs(last) }
                }
                Next::Places(queue, after) => {
                    let from = queue.map_or(Bound::Unbounded, Bound::Included);
                    let Some((queue, line)) = self.lines.range((from, Bound::Unbounded)).next() else { return found };
                    let slice: Vec<CallId> = line.calls_behind(after).take(left).collect();
                    let last = slice.last().copied();
                    left -= slice.len();
                    let wrong = slice.into_iter().filter(|call| !self.waits_in(*call, queue));
                    found.extend(wrong.map(|call| {
                        let place = DriftPlace::Line(queue.clone(), call);
                        Drift { kind: DriftKind::EmptyPlace, place }
                    }));
                    let following = || self.lines.range((Bound::Excluded(queue), Bound::Unbounded)).next();
                    match (left > 0, following()) {
                        (false, _) => Next::Places(Some(queue.clone()), last),
                        (true, Some((following, _))) => Next::Places(Some(following.clone()), None),
                        (true, None) => return found,
                    }
                }
                Next::Round => return found,
            };
        }
        found
    }

    /// What does not fit together at a call; the first of it.
    fn wrong_with_call(&self, call: &Call) -> Option<DriftKind> {
        let is_wrapping =
            |agent: &AgentId| self.agents.get(agent).and_then(Agent::wrap_up).is_some_and(|run| run.call == call.id);
        if !self.standing.is_noted(call) {
            return Some(DriftKind::NotCounted);
        }
        if !call.wrapping.iter().all(is_wrapping) {
            return Some(DriftKind::AgentWrapping);
        }
        if call.is_over() {
            return call.wrapping.is_empty().then_some(DriftKind::CallOver);
        }
        if self.missing_leg(call).is_some() {
            return Some(DriftKind::LegMissing);
        }
        if self.misses_partner(call) || self.absent_party(call).is_some() {
            return Some(DriftKind::PartyElsewhere);
        }
        if call.offers().any(|offer| !self.is_kept_for(&offer.agent, call.id)) {
            return Some(DriftKind::OfferNotKept);
        }
        if self.has_unwatched_deadline(call) {
            return Some(DriftKind::DeadlineUnwatched);
        }
        if let Stage::Waiting { queue, offer } = call.stage() {
            let waiting = self.lines.get(queue).and_then(|line| line.get(call.id));
            let is_wrong = waiting.is_none_or(|waiting| waiting.is_offered != offer.is_some());
            if is_wrong && !call.is_calling_back() {
                return Some(DriftKind::NotInLine);
            }
        }
        if self.is_consult_in_place(call.id) == Some(false) {
            return Some(DriftKind::NotInLine);
        }
        let is_in_flow = matches!(call.stage(), Stage::InFlow { .. });
        if is_in_flow != self.flows.contains_key(&call.id) && !self.is_awaited(call.id) {
            return Some(DriftKind::Flow);
        }
        let hears = |agent: &AgentId| self.listening.get(agent) == Some(&call.id);
        (!call.supervisors.keys().all(hears)).then_some(DriftKind::Supervisor)
    }

    /// What does not fit together at an agent; the first of it.
    fn wrong_with_agent(&self, agent: &Agent) -> Option<DriftKind> {
        let of = |call: CallId| self.calls.get(&call).filter(|call| !call.is_over());
        let is_wrong = match agent.presence() {
            Presence::Offered { call } => {
                (!of(call).is_some_and(|call| rings_at(call, &agent.id))).then_some(DriftKind::AgentOffered)
            }
            Presence::Busy { call } => {
                (!of(call).is_some_and(|call| has_agent(call, &agent.id))).then_some(DriftKind::AgentBusy)
            }
            Presence::WrappingUp { call, .. } => {
                let knows = self.calls.get(&call).is_some_and(|call| call.wrapping.contains(&agent.id));
                (!knows).then_some(DriftKind::AgentWrapping)
            }
            Presence::Ready | Presence::Paused { .. } | Presence::Offline => {
                let is_tried_again = self.timers.is_set(&Timer::DeviceRetry(agent.id.clone()));
                let is_stale = agent.is_device_up() != self.is_device_up(&agent.id) && !is_tried_again;
                is_stale.then_some(DriftKind::AgentDevice)
            }
        };
        let is_unwatched = || agent.deadline().is_some() && !self.timers.is_set(&Timer::Agent(agent.id.clone()));
        let is_deaf = || {
            let heard = self.listening.get(&agent.id);
            heard.is_some_and(|call| of(*call).is_none_or(|call| !call.supervisors.contains_key(&agent.id)))
        };
        is_wrong
            .or_else(|| is_unwatched().then_some(DriftKind::DeadlineUnwatched))
            .or_else(|| is_deaf().then_some(DriftKind::Supervisor))
    }

    /// Whether somebody is behind a leg.
    fn is_owned(&self, leg: LegId, used: &LegUse) -> bool {
        let of = |call: &CallId| self.calls.get(call).filter(|call| !call.is_over());
        match used {
            LegUse::Customer(call) => of(call).is_some_and(|call| call.customer_leg == Some(leg)),
            LegUse::AgentPhone { call, .. } => of(call).is_some_and(|call| {
                call.offer_by(leg).is_some() || call.stage().partner().is_some_and(|with| with.phone == Some(leg))
            }),
            LegUse::Consulted { call, .. } => of(call).is_some_and(|call| {
                let is_passed_on = matches!(call.stage(), Stage::PassedOn { leg: to, .. } if *to == leg);
                is_passed_on || call.parties().any(|party| party.leg == Some(leg))
            }),
            LegUse::SecondLine { call } => {
                of(call).is_some_and(|call| call.consult().is_some_and(|consult| consult.own_line == Some(leg)))
            }
            LegUse::SlotTold { .. } => self.timers.is_set(&Timer::SlotTold(leg)),
            LegUse::Console(agent) => self.consoles.get(agent).is_some_and(|console| console.leg == Some(leg)),
            LegUse::WebPhone(session) => self.web_phones.get(session).is_some_and(|phone| phone.leg == leg),
        }
    }

    fn waits_in(&self, call: CallId, queue: &QueueId) -> bool {
        // Whoever is called back stands there without a call.
        if self.callbacks.of_call(call).is_some_and(|callback| callback.queue == *queue) {
            return true;
        }
        if self.is_consult_in(call, queue) {
            return true;
        }
        let stage = self.calls.get(&call).map(|call| call.stage());
        matches!(stage, Some(Stage::Waiting { queue: waits, .. }) if waits == queue)
    }

    /// Whether an agent is kept for a call that rings there.
    fn is_kept_for(&self, agent: &AgentId, call: CallId) -> bool {
        self.agents.get(agent).is_some_and(|agent| agent.presence() == Presence::Offered { call })
    }

    /// Whether a call has an agent who is not on it.
    fn misses_partner(&self, call: &Call) -> bool {
        let is_on =
            |agent: &AgentId| self.agents.get(agent).is_some_and(|agent| agent.presence() == Presence::Busy { call: call.id });
        call.stage().partner().is_some_and(|with| !is_on(&with.agent))
    }

    /// A colleague whom the call takes to be asked or in its conference, and who is not.
    fn absent_party(&self, call: &Call) -> Option<Missing> {
        let missing = call.parties().find(|party| {
            party.colleague().is_some_and(|agent| {
                let presence = self.agents.get(agent).map(Agent::presence);
                let expected = match party.step {
                    ConsultStep::Ringing => Presence::Offered { call: call.id },
                    ConsultStep::Talking | ConsultStep::Waiting | ConsultStep::Joined => Presence::Busy { call: call.id },
                };
                presence != Some(expected)
            })
        })?;
        Some(if missing.step == ConsultStep::Joined { Missing::Party(missing.party) } else { Missing::Consulted })
    }

    fn has_unwatched_deadline(&self, call: &Call) -> bool {
        let id = call.id;
        let watched = [
            (call.stage().deadline().is_some(), Timer::Stage(id)),
            (call.consult().and_then(|consult| consult.until).is_some(), Timer::Consult(id)),
            (true, Timer::Longest(id)),
        ];
        watched.iter().any(|(is_due, timer)| *is_due && !self.timers.is_set(timer))
    }

    /// The leg that a call needs and that is gone.
    fn missing_leg(&self, call: &Call) -> Option<Missing> {
        let is_gone = |leg: &LegId| !self.legs.contains_key(leg);
        let is_dialling = matches!(call.stage(), Stage::Dialling { .. });
        // Nobody is on the line yet of whom an agent dials, or who is called back.
        let is_to_come = (is_dialling || call.is_calling_back()) && call.customer_leg.is_none();
        if call.customer_leg.as_ref().is_none_or(is_gone) && !is_to_come {
            return Some(Missing::Customer);
        }
        if call.stage().partner().is_some_and(|with| with.phone.as_ref().is_some_and(is_gone)) {
            return Some(Missing::AgentPhone);
        }
        if call.offers().any(|offer| offer.phone.as_ref().is_some_and(is_gone)) {
            return Some(Missing::Ringing);
        }
        if let Some(consult) = call.consult() {
            if consult.own_line.as_ref().is_some_and(is_gone) {
                return Some(Missing::SecondLine);
            }
            if consult.leg.as_ref().is_some_and(is_gone) {
                return Some(Missing::Consulted);
            }
        }
        if matches!(call.stage(), Stage::PassedOn { leg, .. } if is_gone(leg)) {
            return Some(Missing::Consulted);
        }
        let gone = call.conference().iter().find(|party| party.leg.as_ref().is_some_and(is_gone))?;
        Some(Missing::Party(gone.party))
    }
}

/// Who of a call is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    Customer,
    AgentPhone,
    Ringing,
    SecondLine,
    Consulted,
    Party(u8),
}

fn rings_at(call: &Call, agent: &AgentId) -> bool {
    let is_asked = || call.consult().is_some_and(|consult| !consult.is_answered() && consult.colleague() == Some(agent));
    call.offer_to(agent).is_some() || is_asked()
}

fn has_agent(call: &Call, agent: &AgentId) -> bool {
    let is_asked = || call.parties().any(|party| party.is_answered() && party.colleague() == Some(agent));
    call.stage().partner().is_some_and(|with| with.agent == *agent) || is_asked()
}

fn behind<'a, K: Ord, V>(of: &'a BTreeMap<K, V>, after: Option<&K>, most: usize) -> Vec<(&'a K, &'a V)> {
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    of.range((from, Bound::Unbounded)).take(most).collect()
}
