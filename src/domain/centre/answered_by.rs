//! Calls out whose answers are told apart: when it is listened for, what the floor is told of it, and the message that an agent
//! leaves on a machine, which frees the agent at once.

use super::{AnsweredByView, Centre, LegUse, PhoneEffect, Refusal, Turn, leaving::LAST_WORDS_MS, playback::Purpose};
use crate::{
    domain::call::{Call, Direction, EndCause, Party},
    types::{AgentId, Answer, AnswerCause, CallId, LegId},
};

impl Centre {
    /// A number that an agent dialled has answered. Ringing and announcements before that are nobody's answer.
    pub(super) fn listen_for_answer(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let rules = &self.directory.centre.answer_detection;
        let Some(call) = self.calls.get(&id) else { return };
        let is_wanted = call.detects_answer.unwrap_or(rules.is_usual && call.party.trunk.is_some());
        let Some(leg) = call.customer_leg.filter(|_| is_wanted) else { return };
        let limits = rules.limits;
        self.on_call(turn, id, |call, cx| call.listen_for_answer(&limits, cx));
        self.phone(PhoneEffect::DetectAnswer { leg, limits });
    }

    /// It is told who has answered.
    pub(super) fn answer_detected(
        &mut self,
        turn: &mut Turn<'_>,
        leg: LegId,
        (answer, cause, after_ms): (Answer, AnswerCause, u64),
    ) {
        let Some(LegUse::Customer(id)) = self.legs.get(&leg).cloned() else { return };
        let beep_until = self.on_call(turn, id, |call, cx| {
            call.note_answer(answer, cause, after_ms, cx);
            let until = call.beep_until(cx.now.mono)?;
            // A message that was chosen before it was told waits no longer than the beep may come.
            if call.awaits_beep() {
                call.leave(until, cx);
            }
            Some(until)
        });
        self.judge_callback(turn, id);
        // Where no beep can come, a message that waited for one is said now.
        if beep_until.flatten().is_none() {
            self.say_message(turn, id);
        }
    }

    /// The machine has beeped and listens.
    pub(super) fn machine_beeped(&mut self, turn: &mut Turn<'_>, leg: LegId, after_ms: u64) {
        let Some(LegUse::Customer(id)) = self.legs.get(&leg).cloned() else { return };
        self.on_call(turn, id, |call, cx| call.note_beep(after_ms, cx));
        self.say_message(turn, id);
    }

    /// The agent leaves a message and goes: the call is over when it has been said.
    pub(super) fn leave_message(
        &mut self,
        turn: &mut Turn<'_>,
        agent: &AgentId,
        id: CallId,
        prompt: &str,
    ) -> Result<(), Refusal> {
        let (call, with) = self.own_call_alone(agent, id)?;
        if call.direction != Direction::Outbound || !call.stage().is_conversation() {
            return Err(Refusal::WrongCallState);
        }
        if !self.directory.centre.answer_detection.messages.iter().any(|message| message == prompt) {
            return Err(Refusal::NoSuchMessage);
        }
        let with = with.clone();
        self.end_all_supervision(turn, id);
        let waits_until = self.on_call(turn, id, |call, cx| call.leave_message(agent.clone(), prompt, cx)).flatten();
        let until = waits_until.unwrap_or(turn.now.mono);
        self.on_call(turn, id, |call, cx| call.leave(until, cx));
        self.release_agent(turn, id, &with);
        if waits_until.is_none() {
            self.say_message(turn, id);
        }
        Ok(())
    }

    /// The message that waits to be left is said, if there is one.
    pub(super) fn say_message(&mut self, turn: &mut Turn<'_>, id: CallId) -> bool {
        if !self.calls.get(&id).is_some_and(|call| call.awaits_beep()) {
            return false;
        }
        let until = turn.now.mono + LAST_WORDS_MS;
        let begun = self.on_call(turn, id, |call, cx| {
            call.leave(until, cx);
            call.begin_message().zip(call.customer_leg)
        });
        match begun.flatten() {
            Some((prompt, leg)) => {
                let clip = self.shared_clip(id, &prompt);
                self.play(turn, leg, vec![clip], Purpose::LastWords);
            }
            None => self.end_call(turn, id, EndCause::Finished, Party::System),
        }
        true
    }

    /// As consoles show it.
    pub(super) fn answered_by_view(&self, call: &Call) -> AnsweredByView {
        let known = call.answered_by();
        let may_leave = call.direction == Direction::Outbound && call.stage().is_conversation() && call.is_between_two();
        AnsweredByView {
            answer: known.and_then(|known| known.answer),
            is_listening: known.is_some_and(|known| known.is_listening) && !call.is_over(),
            has_beeped: known.is_some_and(|known| known.has_beeped),
            beep_until: known.and_then(|known| known.beep_until_at).filter(|_| !call.is_over()),
            messages: match may_leave {
                true => self.directory.centre.answer_detection.messages.clone(),
                false => Vec::new(),
            },
        }
    }
}
