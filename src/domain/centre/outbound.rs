//! Outbound: an agent dials. The agent's leg comes first, then the other party's phone.

use std::sync::Arc;

use super::{
    Centre, CentreOutput, LegUse, PhoneEffect, Refusal, Timer, Turn,
    inbound::LONGEST_MS,
    route_advance::{CallOut, SLACK_MS},
    session::session_of_ours,
};
use crate::{
    domain::{
        agent::Agent,
        call::{Call, DialStep, Direction, EndCause, NewCall, OtherParty, Partner, Party, Stage},
        directory::Device,
        routing::{DialPlan, DialProblem, choose_language, plan_dial},
    },
    types::{AgentId, CallId, CustomerId, LegId},
};

/// The agent's own phone rings so long.
const OWN_PHONE_SECS: u32 = 20;
/// The other party's phone rings so long.
const RING_SECS: u32 = 45;
/// What the history shows as our number of a call that showed none.
const WITHHELD: &str = "anonymous";

/// What is said of a call beside its number.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct DialAsked {
    /// The customer called, if known.
    pub customer: Option<CustomerId>,
    /// Whether it is found out who answers; `None` for what the centre's rules say.
    pub detect_answer: Option<bool>,
}

/// How the agent who dials comes onto the line.
#[derive(Debug, Clone, Copy)]
enum OwnLine {
    /// By the standing console leg.
    Console,
    /// The agent's phone is rung first.
    Ring,
    /// The agent's phone has called us.
    Calls(LegId),
}

impl Centre {
    pub(super) fn dial(&mut self, turn: &mut Turn<'_>, agent: &AgentId, typed: &str, asked: DialAsked) -> Result<(), Refusal> {
        let own_line = match self.directory.agents.get(agent).ok_or(Refusal::NoSuchAgent)?.device {
            Device::Browser => OwnLine::Console,
            Device::Sip => OwnLine::Ring,
        };
        self.dial_by(turn, agent, typed, asked, own_line)
    }

    /// The agent's phone has dialled by itself: it hears how the other party's phone does, and is answered when that is.
    pub(super) fn dial_from(&mut self, turn: &mut Turn<'_>, agent: &AgentId, typed: &str, leg: LegId) -> Result<(), Refusal> {
        self.dial_by(turn, agent, typed, DialAsked::default(), OwnLine::Calls(leg))
    }

    fn dial_by(
        &mut self,
        turn: &mut Turn<'_>,
        agent: &AgentId,
        typed: &str,
        asked: DialAsked,
        own_line: OwnLine,
    ) -> Result<(), Refusal> {
        if self.is_draining {
            return Err(Refusal::Draining);
        }
        let known = self.agents.get(agent).ok_or(Refusal::NoSuchAgent)?;
        let unreached = self.unreached_wrap_up(known);
        if !(known.can_dial() || unreached.is_some()) || self.listening.contains_key(agent) {
            return Err(Refusal::WrongPresence);
        }
        let is_on_line = matches!(own_line, OwnLine::Calls(_));
        if !is_on_line && !self.is_device_up(agent) {
            return Err(Refusal::NoDevice);
        }
        if self.is_full() {
            return Err(Refusal::TooManyCalls);
        }
        let by = match own_line {
            OwnLine::Calls(leg) => Some(leg),
            OwnLine::Console | OwnLine::Ring => None,
        };
        let plan = self.plan_dial(turn, agent, typed, by)?;
        if matches!(&plan, DialPlan::Phone(account) if self.own_account(agent).as_ref() == Some(account)) {
            return Err(Refusal::NotDialable);
        }
        if let Some(last) = unreached {
            self.on_agent(turn, agent, |agent, cx| agent.drop_wrap_up(last, cx));
            self.wrapped_up(turn, agent, last);
        }
        self.begin_dialling(turn, agent, own_line, plan, asked);
        Ok(())
    }

    /// The dialled call that an agent wraps up although nobody was reached: there is nothing to say about it, and the next try
    /// may follow at once.
    fn unreached_wrap_up(&self, agent: &Agent) -> Option<CallId> {
        let id = agent.wrap_up()?.call;
        let call = self.calls.get(&id)?;
        (call.direction == Direction::Outbound && call.connected_at.is_none()).then_some(id)
    }

    fn begin_dialling(&mut self, turn: &mut Turn<'_>, agent: &AgentId, own_line: OwnLine, plan: DialPlan, asked: DialAsked) {
        let id = CallId::mint(turn.now.wall, turn.rng);
        let (number, label, trunk) = match &plan {
            DialPlan::Phone(account) => (None, Some(account.to_string()), None),
            DialPlan::Outside { ways, dialled, number } => {
                let label = number.is_none().then(|| dialled.to_string());
                (number.clone(), label, ways.first().cloned())
            }
        };
        let party = OtherParty {
            is_looked_up: number.is_none(),
            number: number.clone(),
            label,
            trunk,
            customer: asked.customer,
            ..OtherParty::default()
        };
        let own_leg = match own_line {
            OwnLine::Console => None,
            OwnLine::Ring => Some(turn.mint_leg()),
            OwnLine::Calls(leg) => Some(leg),
        };
        let with = Partner { agent: agent.clone(), phone: own_leg };
        let until = turn.now.mono + u64::from(OWN_PHONE_SECS) * 1_000 + SLACK_MS;
        let new = NewCall {
            id,
            direction: Direction::Outbound,
            party,
            our_number: self.number_shown(agent).unwrap_or_else(|| WITHHELD.into()),
            session: session_of_ours(turn.rng),
            customer_leg: None,
            language: choose_language([], &self.directory.centre.language),
            stage: Stage::Dialling { with: with.clone(), step: DialStep::OwnPhone, until },
        };
        self.dial_plans.insert(id, plan);
        self.begin_call(turn, id, |cx| {
            let mut call = Call::dial(new, agent.clone(), cx);
            call.detects_answer = asked.detect_answer;
            call
        });
        self.on_agent(turn, agent, |agent, cx| agent.take(id, cx));
        self.timers.set(Timer::Longest(id), Some(turn.now.mono + LONGEST_MS));
        if let Some(number) = number {
            self.out.push_back(CentreOutput::LookUp { call: id, number });
        }
        match own_leg {
            None => self.call_out(turn, id, with),
            Some(leg) => {
                self.legs.insert(leg, LegUse::AgentPhone { call: id, agent: agent.clone(), has_rung: false });
                if matches!(own_line, OwnLine::Calls(_)) {
                    self.unanswered_phones.insert(leg);
                    self.call_out(turn, id, with);
                } else if let Some(account) = self.sip_phone_of(agent) {
                    let (caller, caller_name) = self.caller_shown(id);
                    let (ring_secs, context) = (OWN_PHONE_SECS, self.context_of(id));
                    self.phone(PhoneEffect::CallPhone { leg, account, caller, caller_name, ring_secs, context });
                }
            }
        }
    }

    /// The agent is on the line, or waits for what comes of it: now the other party's phone.
    pub(super) fn call_out(&mut self, turn: &mut Turn<'_>, id: CallId, with: Partner) {
        let Some(plan) = self.dial_plans.remove(&id) else {
            return self.end_call(turn, id, EndCause::Fault, Party::System);
        };
        let agent = with.agent.clone();
        let (leg, trunk) = match plan {
            DialPlan::Phone(account) => {
                let leg = turn.mint_leg();
                let caller = self.number_shown(&agent);
                let name = self.directory.agents.get(&agent).map(|profile| Arc::from(profile.name.as_str()));
                let (ring_secs, context) = (RING_SECS, self.context_of(id));
                self.phone(PhoneEffect::CallPhone { leg, account, caller, caller_name: name, ring_secs, context });
                (leg, None)
            }
            DialPlan::Outside { ways, dialled, .. } => {
                // The place that was kept while the agent's own phone rang is not to count against the call.
                self.on_call(turn, id, |call, _| call.party.trunk = None);
                let Some((leg, trunk)) = self.send_out(
                    turn,
                    id,
                    ways,
                    CallOut { agent, dialled, ring_secs: RING_SECS, context: self.context_of(id) },
                ) else {
                    return self.end_call(turn, id, EndCause::Overload, Party::System);
                };
                (leg, Some(trunk))
            }
        };
        self.legs.insert(leg, LegUse::Customer(id));
        let until = turn.now.mono + u64::from(RING_SECS) * 1_000 + SLACK_MS;
        self.on_call(turn, id, |call, cx| {
            (call.customer_leg, call.party.trunk) = (Some(leg), trunk);
            call.dial_on(with, DialStep::Calling, until, cx);
        });
    }

    /// What a number that an agent types means now, to call, to ask or to transfer to, if the agent may dial it. `by` is the leg of the
    /// telephone that wants it, if it is not the console.
    pub(super) fn plan_dial(
        &mut self,
        turn: &mut Turn<'_>,
        agent: &AgentId,
        typed: &str,
        by: Option<LegId>,
    ) -> Result<DialPlan, Refusal> {
        let now = turn.now.mono;
        let plan = plan_dial(&self.directory, typed, &|trunk| self.room_on(trunk, now), turn.rng);
        let plan = plan.map_err(|problem| match problem {
            DialProblem::NotDialable => Refusal::NotDialable,
            DialProblem::AllTrunksFull => Refusal::TooManyCalls,
        })?;
        if let DialPlan::Outside { dialled, ways, .. } = &plan {
            self.check_dialling(turn, agent, dialled, ways, by)?;
        }
        Ok(plan)
    }

    fn own_account(&self, agent: &AgentId) -> Option<Arc<str>> {
        self.directory.agents.get(agent)?.phone.as_deref().map(Arc::from)
    }

    /// The number that called parties see: of the agent's first queue that has one, else the centre's; `None` when neither has.
    pub(super) fn number_shown(&self, agent: &AgentId) -> Option<Arc<str>> {
        let queues = self.own_queues(agent).filter_map(|queue| self.directory.queues.get(queue));
        let own = queues.filter_map(|queue| queue.caller_number.as_deref()).next();
        own.or(self.directory.centre.caller_number.as_deref()).map(Arc::from)
    }
}
