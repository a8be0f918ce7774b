//! An agent asks a queue about a customer: whoever of its agents is free next. The consultation stands in the queue's line like a caller,
//! and the one matcher gives it to an agent; it is no contact of the queue until the customer is left to that agent.

use super::{Centre, LegUse, PhoneEffect, Refusal, Turn, offer::ring_secs, session::session_of_ours, waiting::millis};
use crate::{
    domain::{
        call::{Consult, ConsultLine, ConsultStep, Consulted, EndCause, MissCause, Stage},
        queue::Waiting,
    },
    types::{AgentId, CallContext, CallId, Mono, QueueId, RoutingDecision},
};

/// A consultation stands in a line for no longer: the customer hears music meanwhile.
const IN_LINE_MS_MAX: u64 = 5 * 60_000;

impl Centre {
    /// The consultation takes its place in the queue's line; the customer hears music.
    pub(super) fn consult_queue(
        &mut self,
        turn: &mut Turn<'_>,
        agent: &AgentId,
        id: CallId,
        queue: QueueId,
    ) -> Result<(), Refusal> {
        let definition = self.directory.queues.get(&queue).cloned().ok_or(Refusal::NoSuchQueue)?;
        let is_open = self.hours.is_serving(&definition, turn.now.wall) && self.is_staffed_beside(&queue, agent);
        if !is_open {
            return Err(Refusal::QueueUnserved);
        }
        let until = turn.now.plus_millis(millis(definition.wait_secs_max.max(1)).min(IN_LINE_MS_MAX));
        let consult = Consult {
            party: 0,
            with: Consulted::Queue(queue.clone()),
            leg: None,
            own_line: None,
            step: ConsultStep::Ringing,
            has_early_media: false,
            transferor: None,
            hands_over: false,
            was_held: false,
            until: Some(until.mono),
            until_at: Some(until.wall),
            line: Some(ConsultLine { queue: queue.clone(), until: until.mono, until_at: until.wall }),
        };
        if self.on_call(turn, id, |call, cx| call.begin_consult(consult, cx)) != Some(true) {
            return Err(Refusal::WrongCallState);
        }
        let now = turn.now.mono;
        let head_start_ms = self.head_start_ms(id, &definition);
        self.stand_in_line(id, &queue, head_start_ms, now);
        Ok(())
    }

    fn stand_in_line(&mut self, id: CallId, queue: &QueueId, head_start_ms: u64, since: Mono) {
        let waiting = Waiting { is_consult: true, ..Waiting::new(id) };
        self.lines.entry(queue.clone()).or_default().join(waiting, false, head_start_ms, since);
        self.published.touch_queue(queue.clone());
        self.is_match_due = true;
    }

    /// Whether anyone else than this agent is signed in who could answer.
    fn is_staffed_beside(&self, queue: &QueueId, agent: &AgentId) -> bool {
        let others = self.agents.values().filter(|other| other.id != *agent && other.is_signed_in());
        others.filter_map(|other| self.serves.get(&other.id)).any(|reaches| reaches.contains_key(queue))
    }

    /// Whether this place in the queue's line is a consultation's.
    pub(super) fn is_consult_in(&self, id: CallId, queue: &QueueId) -> bool {
        self.calls.get(&id).and_then(|call| call.consult()?.waits_in()) == Some(queue)
    }

    /// It rings at an agent of the queue, by the matcher's decision.
    pub(super) fn offer_consult(&mut self, turn: &mut Turn<'_>, id: CallId, to: &AgentId, decision: RoutingDecision) {
        let queue = decision.queue.clone();
        let Some(asker) = self.calls.get(&id).and_then(|call| call.stage().partner()).map(|with| with.agent.clone()) else {
            return;
        };
        let secs = ring_secs(self.directory.queues.get(&queue).map_or(0, |queue| queue.ring_secs));
        let until = turn.now.plus_millis(millis(secs));
        if let Some(waiting) = self.lines.get_mut(&queue).and_then(|line| line.get_mut(id)) {
            waiting.is_offered = true;
        }
        let leg = self.sip_phone_of(to).map(|account| {
            let (caller, caller_name) = self.asker_shown(&asker);
            let leg = turn.mint_leg();
            let context = CallContext { session: session_of_ours(turn.rng), ..CallContext::default() };
            let ring_secs = u32::try_from(secs).unwrap_or(0);
            self.legs.insert(leg, LegUse::Consulted { call: id, has_rung: false });
            self.phone(PhoneEffect::CallPhone { leg, account, caller, caller_name, ring_secs, context });
            leg
        });
        self.on_call(turn, id, |call, cx| call.offer_consult(to.clone(), leg, (until.mono, until.wall), Some(decision), cx));
        self.offers += 1;
        let number = self.offers;
        self.on_agent(turn, to, |agent, cx| {
            agent.note_offer(queue.clone(), number);
            agent.offer(id, cx);
        });
    }

    /// The agent of the queue at whom it rang did not answer: it stands in line again, without that agent for a while. False when it
    /// was in no line, or its time there is over.
    pub(super) fn ask_next(&mut self, turn: &mut Turn<'_>, id: CallId, cause: MissCause) -> bool {
        let Some(consult) = self.calls.get(&id).and_then(|call| call.consult()) else { return false };
        let Some(line) = consult.line.as_ref().filter(|line| turn.now.mono < line.until) else { return false };
        let (queue, Some(missed)) = (line.queue.clone(), consult.colleague().cloned()) else { return false };
        let Some(Some(leg)) = self.on_call(turn, id, |call, cx| call.miss_consult(cause, cx)) else { return false };
        if let Some(leg) = leg {
            self.cancel_leg(leg, false);
        }
        if let Some(waiting) = self.lines.get_mut(&queue).and_then(|line| line.get_mut(id)) {
            waiting.is_offered = false;
        }
        self.pass_over(turn, id, &queue, |waiting, until, now| waiting.pass_over(missed.clone(), until, now));
        self.tidy_console(turn, &missed);
        self.is_match_due = true;
        true
    }

    /// The consultation stands in no line any more. A caller's own place is left alone.
    pub(super) fn leave_consult_line(&mut self, id: CallId, consult: &Consult) {
        let Some(queue) = consult.line.as_ref().map(|line| &line.queue) else { return };
        if let Some(line) = self.lines.get_mut(queue)
            && line.get(id).is_some_and(|waiting| waiting.is_consult)
        {
            line.leave(id);
            self.published.touch_queue(queue.clone());
            // While it rang it was one of the conversations that the queue may have at a time.
            self.is_match_due = true;
        }
    }

    /// Nobody serves the queue any more, or it has closed, and nobody is rung: the agent has the customer again.
    pub(super) fn consult_unserved(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let waits = self
            .calls
            .get(&id)
            .and_then(|call| call.consult())
            .is_some_and(|consult| consult.waits_in().is_some() && consult.colleague().is_none());
        if waits {
            self.consulted_failed(turn, id, EndCause::Unreachable, MissCause::Withdrawn);
        }
    }

    /// Who asks cannot be who answers: what only the asker could take is over.
    pub(super) fn drop_unstaffed_consults(&mut self, turn: &mut Turn<'_>, queue: &QueueId) {
        for id in self.unoffered(queue) {
            let asker = self.calls.get(&id).and_then(|call| call.stage().partner()).map(|with| with.agent.clone());
            if self.is_consult_in(id, queue) && asker.is_some_and(|asker| !self.is_staffed_beside(queue, &asker)) {
                self.consult_unserved(turn, id);
            }
        }
    }

    /// The agent leaves before anybody of the queue has answered: the customer waits there instead, at the place of the consultation.
    pub(super) fn leave_in_line(&mut self, turn: &mut Turn<'_>, id: CallId) -> bool {
        // Who is in a conference cannot stand in a line.
        let Some(call) = self.calls.get(&id).filter(|call| call.conference().is_empty()) else { return false };
        let (Some(queue), Some(with)) =
            (call.consult().and_then(|consult| consult.waits_in()).cloned(), call.stage().partner())
        else {
            return false;
        };
        let with = with.clone();
        let place = self.lines.get(&queue).and_then(|line| line.place(id));
        self.let_consulted_go(turn, id, Some(EndCause::Hangup));
        self.send_to_queue(turn, id, &with, queue.clone());
        let is_waiting = matches!(self.calls.get(&id).map(|call| call.stage()), Some(Stage::Waiting { queue: waits, .. }) if *waits == queue);
        if let (true, Some(place)) = (is_waiting, place)
            && self.lines.get_mut(&queue).is_some_and(|line| line.take_place(id, place.since()))
        {
            self.published.touch_queue(queue);
        }
        true
    }

    /// A consultation that waits stands in its queue's line as it should; `None` where there is none.
    pub(super) fn is_consult_in_place(&self, id: CallId) -> Option<bool> {
        let consult = self.calls.get(&id)?.consult()?;
        let queue = consult.waits_in()?;
        let waiting = self.lines.get(queue).and_then(|line| line.get(id));
        Some(waiting.is_some_and(|waiting| waiting.is_consult && waiting.is_offered == consult.colleague().is_some()))
    }

    /// Puts it where it belongs.
    pub(super) fn mend_consult_place(&mut self, turn: &Turn<'_>, id: CallId) {
        let Some(consult) = self.calls.get(&id).and_then(|call| call.consult()) else { return };
        let (Some(queue), is_offered) = (consult.waits_in().cloned(), consult.colleague().is_some()) else { return };
        let is_there = self.lines.get(&queue).is_some_and(|line| line.get(id).is_some());
        if !is_there {
            self.stand_in_line(id, &queue, 0, turn.now.mono);
        }
        if let Some(waiting) = self.lines.get_mut(&queue).and_then(|line| line.get_mut(id)) {
            waiting.is_offered = is_offered;
        }
    }
}
