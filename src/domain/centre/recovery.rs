//! Calls that outlast the process: what of the floor is written down, and how a floor that begins anew takes it up. Everything is
//! put back as it stood; then each call and agent is told what the restart did to it, by the same moves as ever, so that the
//! history has no gaps and no second end.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Centre, LegUse, PhoneEffect, Timer, Turn, inbound::LONGEST_MS, playback::Purpose, waiting::millis};
use crate::{
    domain::{
        agent::{Agent, Presence},
        call::{Call, EndCause, FlowOutCause, Party, Stage},
        event::Actor,
        queue::{Place, Waiting},
    },
    types::{AgentId, CallId, LegId, Mono, Now, QueueId, Rng},
};

/// Parties of a call have so long to come back; the telephone gives up each of its legs before.
const RETURN_MS: u64 = 60_000;
/// A call outlasts so many restarts: one that brings the process down again and again must not live for ever.
const RESTARTS_MAX: u8 = 8;
/// Whoever has waited the queue's maximum by now hears at least so much of the music first.
const WAIT_LEFT_MS: u64 = 10_000;
/// Whoever was typing a secret hears again that somebody is there, and may type on to its end, the digits of a card say, before it is clear
/// that something else is asked or said.
const SECRET_MS: u64 = 15_000;

/// A call as it is written down.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeptCall {
    call: Call,
    /// The place in the line of its queue.
    place: Option<Place>,
    /// Phones of agents that are not heard. A console mutes itself.
    #[serde(default)]
    muted: BTreeSet<LegId>,
    /// Whether the caller types a secret.
    #[serde(default)]
    types_secret: bool,
    /// What else is known of the caller there.
    #[serde(default)]
    wait: KeptWait,
}

/// What a line knows of a caller besides the place.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct KeptWait {
    /// The position told last.
    announced: Option<usize>,
    /// Agents who missed it or sent it here, and until when they are passed over.
    excluded: BTreeMap<AgentId, Mono>,
    /// Who of them sent it here, and has not missed it since.
    sent_by: Option<AgentId>,
}

/// What has changed since it was last written down.
#[derive(Debug, Default)]
pub struct FloorChanges {
    /// Calls.
    pub calls: BTreeSet<CallId>,
    /// Agents.
    pub agents: BTreeSet<AgentId>,
}

/// What became of calls that outlasted a restart. Only grows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecoveryCounts {
    /// Customers who are back on the line.
    pub recovered: u64,
    /// Calls that the restart cost.
    pub not_recovered: u64,
}

/// What this floor does for calls of an earlier process.
#[derive(Debug, Default)]
pub(super) struct Recovery {
    /// Calls whose customers are not back yet.
    awaited: BTreeSet<CallId>,
    /// Those of them whose agents are back already.
    early_agents: BTreeSet<CallId>,
    /// Calls whose callers were typing a secret, until their flow asks for it again, or is over and they have had time to type it to its
    /// end.
    pub(super) secrets: BTreeSet<CallId>,
    pub(super) changes: FloorChanges,
    /// Whether the calls of the earlier process have been taken up.
    pub(super) is_done: bool,
    counts: RecoveryCounts,
}

impl KeptCall {
    /// Which.
    pub fn id(&self) -> CallId {
        self.call.id
    }

    /// Whether nobody is on the line any more: only an agent's wrap-up is left.
    pub fn is_over(&self) -> bool {
        self.call.is_over()
    }

    /// The legs by which its parties are on the telephone.
    pub fn telephones(&self) -> impl Iterator<Item = LegId> + use<> {
        let parties: Vec<LegId> = self.call.conference().iter().filter_map(|party| party.leg).collect();
        let agent = self.call.stage().partner().and_then(|with| with.phone);
        self.call.customer_leg.into_iter().chain(agent).chain(parties)
    }

    /// In which order calls are asked back: those in talk, those that wait by their places, the others.
    pub fn rank(&self) -> impl Ord + use<> {
        let group = match self.call.stage() {
            stage if stage.is_conversation() => 0,
            Stage::Waiting { .. } | Stage::HandedOver { .. } | Stage::Parked { .. } => 1,
            _ => 2,
        };
        (group, self.place, self.call.id)
    }
}

impl Centre {
    /// Whether a call outlasted a restart and its customer is not back yet.
    pub(super) fn is_awaited(&self, id: CallId) -> bool {
        self.recovery.awaited.contains(&id)
    }

    /// A call as it stands; `None` when there is nothing to be kept of it.
    pub fn keep_call(&self, id: CallId) -> Option<KeptCall> {
        let call = self.calls.get(&id)?;
        if call.is_over() && call.wrapping.is_empty() || self.is_calling_back(id) {
            return None;
        }
        let line = call.queue.as_ref().and_then(|queue| self.lines.get(queue));
        let place = line.and_then(|line| line.place(id));
        let waiting = line.and_then(|line| line.get(id));
        let wait = waiting.map_or_else(KeptWait::default, |waiting| KeptWait {
            announced: waiting.announced,
            excluded: waiting.excluded.clone(),
            sent_by: waiting.sent_by.clone(),
        });
        let phone = call.stage().partner().and_then(|with| with.phone);
        let phones = phone.into_iter().chain(call.conference().iter().filter_map(|party| party.leg));
        let muted = phones.filter(|leg| self.muted.contains(leg)).collect();
        Some(KeptCall { call: Call::clone(call), place, muted, types_secret: self.types_secret(id), wait })
    }

    /// An agent as it stands: one who is signed in, or whom a queue's round goes on behind.
    pub fn keep_agent(&self, id: &AgentId) -> Option<Agent> {
        let is_kept = |agent: &&Agent| agent.is_signed_in() || agent.call().is_some() || agent.latest_offer().is_some();
        self.agents.get(id).filter(is_kept).cloned()
    }

    /// The telephone legs of a call, those of a consultation included: it does not come back, so its phones are hung up. A conference
    /// does.
    pub fn legs_of(&self, id: CallId) -> Vec<LegId> {
        let Some(call) = self.calls.get(&id) else { return Vec::new() };
        let phone = call.stage().partner().and_then(|with| with.phone);
        let parties = call.parties().flat_map(|party| [party.leg, party.own_line]);
        let passed_on = match call.stage() {
            Stage::PassedOn { leg, .. } => Some(*leg),
            _ => None,
        };
        [call.customer_leg, phone, passed_on].into_iter().chain(parties).flatten().collect()
    }

    /// What has changed since this was asked last.
    pub fn take_changes(&mut self) -> FloorChanges {
        std::mem::take(&mut self.recovery.changes)
    }

    /// Whether there are any.
    pub fn has_changes(&self) -> bool {
        !self.recovery.changes.calls.is_empty() || !self.recovery.changes.agents.is_empty()
    }

    /// What became of calls that outlasted a restart.
    pub fn recovery_counts(&self) -> RecoveryCounts {
        self.recovery.counts
    }

    /// Takes up what an earlier process wrote down. The directory must be there. [`super::CentreInput::LegReturned`] or the leg's end
    /// follows for every telephone leg.
    pub fn recover(&mut self, calls: Vec<KeptCall>, agents: Vec<Agent>, now: Now, rng: &mut Rng) {
        let mut turn = Turn { now, rng, actor: Actor::System };
        let turn = &mut turn;
        for agent in agents {
            if self.directory.agents.get(&agent.id).is_some_and(|profile| profile.is_active) {
                self.agents.insert(agent.id.clone(), agent);
            }
        }
        self.recount_all();
        self.offers = self.agents.values().filter_map(Agent::latest_offer).max().unwrap_or(0);
        let ids: Vec<CallId> = calls.iter().map(KeptCall::id).collect();
        let mut waits = BTreeMap::new();
        for mut kept in calls {
            let wait = std::mem::take(&mut kept.wait);
            waits.extend(kept.place.map(|place| (kept.call.id, (place, wait))));
            self.put_back(turn, kept);
        }
        self.tell_agents(turn);
        for id in ids {
            self.tell_call(turn, id, waits.remove(&id));
        }
        self.recovery.is_done = true;
        self.callbacks.is_review_due = true;
        self.finish(turn);
    }

    /// A call as it stood, with its legs and its longest duration.
    fn put_back(&mut self, turn: &Turn<'_>, kept: KeptCall) {
        let mut call = kept.call;
        let id = call.id;
        // Nobody wraps up who is not in the directory any more.
        call.wrapping.retain(|agent| self.agents.contains_key(agent));
        if let Some(leg) = call.customer_leg {
            self.legs.insert(leg, LegUse::Customer(id));
        }
        if let Some(with) = call.stage().partner()
            && let Some(leg) = with.phone
        {
            let agent = with.agent.clone();
            self.legs.insert(leg, LegUse::AgentPhone { call: id, agent, has_rung: true });
        }
        self.muted.extend(kept.muted);
        if kept.types_secret {
            self.recovery.secrets.insert(id);
        }
        for leg in call.conference().iter().filter_map(|party| party.leg) {
            self.legs.insert(leg, LegUse::Consulted { call: id, has_rung: true });
        }
        if !call.is_over() {
            let lasted = u64::try_from(turn.now.wall.millis_since(call.started_at)).unwrap_or(0);
            self.timers.set(Timer::Longest(id), Some(turn.now.mono + LONGEST_MS.saturating_sub(lasted)));
            self.recovery.awaited.insert(id);
        }
        self.standing.note(&call);
        self.calls.insert(id, Box::new(call));
        self.published.touch_call(id);
    }

    /// No device of an agent is there yet, nothing rings, and a call that was not kept is over.
    fn tell_agents(&mut self, turn: &mut Turn<'_>) {
        let ids: Vec<AgentId> = self.agents.keys().cloned().collect();
        for id in ids {
            match self.agents.get(&id).map(|agent| agent.presence()) {
                Some(Presence::Offered { call }) if !self.rings_at(&id, call) => {
                    self.on_agent(turn, &id, |agent, cx| agent.withdraw(call, cx));
                }
                Some(Presence::Busy { call }) if !self.is_on(&id, call) => {
                    self.notify(&id, "call_cut_off");
                    self.on_agent(turn, &id, |agent, cx| agent.lose_call(call, cx));
                }
                // As one by which a customer was being called back: whoever left it to a machine's message had nobody to classify.
                Some(Presence::WrappingUp { call, .. }) if !self.calls.contains_key(&call) => {
                    self.on_agent(turn, &id, |agent, cx| agent.drop_wrap_up(call, cx));
                }
                _ => {}
            }
            self.on_agent(turn, &id, |agent, cx| agent.note_device(false, cx));
        }
    }

    /// Whether the call still rings at the agent, until it is told of the restart: a consultation that rang does not come back.
    fn rings_at(&self, agent: &AgentId, call: CallId) -> bool {
        self.calls.get(&call).is_some_and(|call| call.offer_to(agent).is_some())
    }

    /// Whether the agent has the call, or is in its conference.
    fn is_on(&self, agent: &AgentId, call: CallId) -> bool {
        let Some(call) = self.calls.get(&call) else { return false };
        call.party_of_agent(agent).is_some() || call.stage().partner().is_some_and(|with| with.agent == *agent)
    }

    /// Tells a call what the restart did to it.
    fn tell_call(&mut self, turn: &mut Turn<'_>, id: CallId, wait: Option<(Place, KeptWait)>) {
        self.withdraw_offer(turn, id);
        let until = turn.now.plus_millis(RETURN_MS);
        let Some(call) = self.calls.get(&id) else { return };
        if call.is_over() {
            return;
        }
        let given_up = if call.restarts >= RESTARTS_MAX { Some(Party::System) } else { call.cannot_return() };
        if let Some(party) = given_up {
            return self.end_call(turn, id, EndCause::Lost, party);
        }
        self.on_call(turn, id, |call, cx| call.outlast(until.mono, until.wall, cx));
        self.timers.set(Timer::CustomerAudio(id), Some(until.mono));
        let Some(call) = self.calls.get(&id) else { return };
        for party in call.conference().iter().filter(|party| party.leg.is_none()) {
            if let Some(colleague) = party.colleague() {
                self.timers.set(Timer::PartyAudio(id, colleague.clone()), Some(until.mono));
            }
        }
        match call.stage().clone() {
            Stage::Waiting { queue, .. } => self.rejoin_line(turn, id, &queue, wait),
            Stage::HandedOver { from, .. } => match self.fallback_queue(id, &from) {
                Some(queue) => self.requeue_at_head(turn, id, queue),
                None => self.say_last_words(turn, id, "long-wait"),
            },
            Stage::Reconnecting { with, .. } if self.agents.get(&with.agent).and_then(Agent::call) != Some(id) => {
                self.agent_lost_for_good(turn, id, &with.agent);
            }
            // The stage's own time goes on when the caller is back.
            Stage::InFlow { .. }
            | Stage::Echo { .. }
            | Stage::Answering { .. }
            | Stage::Leaving { .. }
            | Stage::Parked { .. } => {
                self.timers.set(Timer::Stage(id), Some(until.mono + 1));
            }
            Stage::Reconnecting { .. }
            | Stage::Talking { .. }
            | Stage::Held { .. }
            | Stage::Dialling { .. }
            | Stage::PassedOn { .. }
            | Stage::Over => {}
        }
    }

    /// The caller waits where the caller waited before.
    fn rejoin_line(&mut self, turn: &mut Turn<'_>, id: CallId, queue: &QueueId, wait: Option<(Place, KeptWait)>) {
        let Some(definition) = self.directory.queues.get(queue).cloned() else {
            return self.take_exit(turn, id, FlowOutCause::Moved);
        };
        let Some((place, wait)) = wait else { return self.requeue_at_head(turn, id, queue.clone()) };
        let now = turn.now.mono;
        let KeptWait { announced, excluded, sent_by } = wait;
        excluded.values().for_each(|until| self.match_by(*until));
        let waiting = Waiting { is_dead: true, announced, excluded, sent_by, ..Waiting::new(id) };
        self.lines.entry(queue.clone()).or_default().rejoin(waiting, place);
        let regained_ms = self.calls.get(&id).map_or(0, |call| call.regained_ms);
        let until = place.since() + regained_ms + millis(definition.wait_secs_max.max(1));
        self.timers.set(Timer::MaxWait(id), Some(until.max(now + WAIT_LEFT_MS)));
        self.plan_announcements(turn, id, &definition);
        // What was said before is not said again.
        self.plan_messages(id, &definition, place.since() + regained_ms, Some(now));
        self.look_later(&definition, now);
        self.published.touch_queue(queue.clone());
        self.merge_callback(turn, id, queue);
    }

    /// A telephone that an earlier process talked to has agreed to new media: its leg is up again.
    pub(super) fn leg_returned(&mut self, turn: &mut Turn<'_>, leg: LegId) {
        if self.muted.contains(&leg) {
            self.phone(PhoneEffect::Mute { leg, is_muted: true });
        }
        match self.legs.get(&leg).cloned() {
            Some(LegUse::Customer(id)) => self.customer_returned(turn, id),
            Some(LegUse::AgentPhone { call, agent, .. }) => self.agent_audio(turn, call, &agent, true),
            Some(
                LegUse::Consulted { .. }
                | LegUse::SecondLine { .. }
                | LegUse::SlotTold { .. }
                | LegUse::Console(_)
                | LegUse::WebPhone(_),
            )
            | None => {}
        }
    }

    fn customer_returned(&mut self, turn: &mut Turn<'_>, id: CallId) {
        self.timers.set(Timer::CustomerAudio(id), None);
        if self.recovery.secrets.contains(&id) {
            self.timers.set(Timer::Secret(id), Some(turn.now.mono + SECRET_MS));
        }
        if self.recovery.awaited.remove(&id) {
            self.recovery.counts.recovered += 1;
        }
        self.on_call(turn, id, |call, cx| call.note_recovered(cx));
        let Some(call) = self.calls.get(&id) else { return };
        let leg = call.customer_leg;
        match call.stage().clone() {
            Stage::InFlow { .. } => match call.line.clone() {
                // From its beginning: a question that was half answered is asked again.
                Some(line) => self.start_flow(turn, id, &line),
                None => self.say_last_words(turn, id, "goodbye"),
            },
            Stage::Waiting { queue, .. } => {
                if self.has_waiting_keys(id) {
                    self.listen_for_keys(id, true);
                }
                if let Some(waiting) = self.lines.get_mut(&queue).and_then(|line| line.get_mut(id)) {
                    waiting.is_dead = false;
                    self.is_match_due = true;
                }
                self.keep_for_preferred(turn, id);
            }
            Stage::Reconnecting { with, .. } if self.recovery.early_agents.remove(&id) => {
                self.agent_audio(turn, id, &with.agent, true);
            }
            Stage::Reconnecting { .. } => {
                if let Some(leg) = leg {
                    let clip = self.shared_clip(id, "connecting");
                    self.play(turn, leg, vec![clip], Purpose::Announcement);
                }
            }
            Stage::Answering { .. } => self.begin_service(turn, id),
            Stage::Leaving { .. } if self.say_message(turn, id) => {}
            Stage::Leaving { .. } => self.say_last_words(turn, id, "goodbye"),
            Stage::Echo { .. }
            | Stage::Talking { .. }
            | Stage::Held { .. }
            | Stage::HandedOver { .. }
            | Stage::Parked { .. }
            | Stage::Dialling { .. }
            | Stage::PassedOn { .. }
            | Stage::Over => {}
        }
    }

    /// The secret has been typed to its end. A flow that goes on may still ask for it.
    pub(super) fn secret_elapsed(&mut self, id: CallId) {
        if !self.flows.contains_key(&id) && self.recovery.secrets.remove(&id) {
            self.published.touch_call(id);
        }
    }

    /// Whether an agent's audio is up before the customer's: a conversation goes on when both are back.
    pub(super) fn is_agent_early(&mut self, id: CallId, is_up: bool) -> bool {
        if !self.recovery.awaited.contains(&id) {
            return false;
        }
        if is_up {
            self.recovery.early_agents.insert(id);
        } else {
            self.recovery.early_agents.remove(&id);
        }
        true
    }

    /// A call ends. If its customer had not come back after a restart, the restart cost it: that is counted, and a callback is owed.
    pub(super) fn note_cost_of_restart(&mut self, turn: &mut Turn<'_>, id: CallId, cause: EndCause) {
        self.recovery.early_agents.remove(&id);
        if !self.recovery.awaited.remove(&id) || cause != EndCause::Lost {
            return;
        }
        self.recovery.counts.not_recovered += 1;
        let Some(call) = self.calls.get(&id) else { return };
        let agent = call.stage().partner().map(|with| with.agent.clone());
        let served = agent.as_ref().and_then(|agent| self.fallback_queue(id, agent));
        let queue = call.queue.clone().or(served);
        self.on_call(turn, id, |call, cx| call.note_not_recovered(queue, cx));
        if let Some(agent) = agent {
            self.notify(&agent, "call_cut_off");
        }
    }
}
