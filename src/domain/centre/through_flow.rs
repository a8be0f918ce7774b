//! A caller in a flow: what happens on the line goes into the flow, what the flow wants is carried out.

use std::sync::Arc;

use super::{Centre, PhoneEffect, Timer, Turn, playback::Purpose};
use crate::{
    domain::{
        call::{EndCause, Party, Stage},
        ivr::{FlowEffect, FlowEnd, FlowFacts, FlowInput, FlowRun, KnownCaller},
    },
    types::{CalendarId, CallId, LineId},
};

/// Past the line's own limit a flow has this long to send the caller to its fallback; then the call is ended.
const FLOW_SLACK_MS: u64 = 60_000;

impl Centre {
    /// The caller comes to a line. A line without a published flow says sorry and ends.
    pub(super) fn start_flow(&mut self, turn: &mut Turn<'_>, id: CallId, line: &LineId) {
        let Some(flow) = self.scripts.line(line).cloned() else {
            return self.say_last_words(turn, id, "long-wait");
        };
        let Some(language) = self.calls.get(&id).map(|call| call.language.clone()) else { return };
        let until = turn.now.mono + flow.duration_ms_max + FLOW_SLACK_MS;
        let run = FlowRun::new(flow, &language);
        let spoken = run.language().clone();
        self.flows.insert(id, run);
        self.on_call(turn, id, |call, cx| {
            call.language = spoken;
            call.enter_flow(line.clone(), until, cx);
        });
        self.listen_for_keys(id, true);
        self.feed_flow(turn, id, FlowInput::Started);
    }

    pub(super) fn flow_digit(&mut self, turn: &mut Turn<'_>, id: CallId, digit: char) {
        self.feed_flow(turn, id, FlowInput::Digit(digit));
    }

    pub(super) fn flow_play_ended(&mut self, turn: &mut Turn<'_>, id: CallId) {
        self.feed_flow(turn, id, FlowInput::PlayEnded);
    }

    pub(super) fn flow_wakes(&mut self, turn: &mut Turn<'_>, id: CallId) {
        self.feed_flow(turn, id, FlowInput::Timeout);
    }

    pub(super) fn flow_knows_caller(&mut self, turn: &mut Turn<'_>, id: CallId) {
        self.feed_flow(turn, id, FlowInput::CallerKnown);
    }

    /// Whether a caller types a secret. Who did so as the process died goes on, and learns only then that the flow has begun again.
    pub(super) fn types_secret(&self, id: CallId) -> bool {
        self.recovery.secrets.contains(&id) || self.flows.get(&id).is_some_and(FlowRun::asks_for_secret)
    }

    /// Keys of a caller are listened for as long as a flow or a queue takes them; before that they may be typed ahead.
    pub(super) fn listen_for_keys(&mut self, id: CallId, is_wanted: bool) {
        let leg = self.calls.get(&id).and_then(|call| call.customer_leg);
        // An unanswered caller has no audio yet, or none that carriers let through.
        if let Some(leg) = leg.filter(|leg| self.legs.contains_key(leg) && !self.is_unanswered(*leg)) {
            self.phone(PhoneEffect::ListenForKeys { leg, is_wanted });
        }
    }

    fn feed_flow(&mut self, turn: &mut Turn<'_>, id: CallId, input: FlowInput) {
        let Some(call) = self.calls.get(&id) else { return };
        let Some(run) = self.flows.get_mut(&id) else { return };
        if !matches!(call.stage(), Stage::InFlow { .. }) {
            return;
        }
        let known = call.party.known().map(|known| KnownCaller {
            name: known.name.to_string(),
            language: known.language.as_deref().unwrap_or(&call.language).to_owned(),
            segment: known.segment.to_string(),
            open_tickets: known.open_tickets.clone(),
        });
        let (hours, wall) = (&self.hours, turn.now.wall);
        let is_open = |calendar: &CalendarId| hours.is_open(calendar, wall);
        let facts = FlowFacts {
            caller: known.as_ref(),
            matches: call.party.matches.len(),
            lookup_done: call.party.is_looked_up,
            can_call_back: call.party.number.is_some() || call.party.customer.is_some(),
            is_open: &is_open,
        };
        let effects = run.handle(input, &facts, turn.now);
        let (wakeup, wants_keys) = (run.next_wakeup(), run.wants_keys());
        self.timers.set(Timer::Flow(id), wakeup);
        if run.asks_for_secret() {
            self.recovery.secrets.remove(&id);
        }

        for effect in effects {
            if wants_keys && matches!(effect, FlowEffect::Play { .. }) {
                self.answer_caller(turn, id);
            }
            self.carry_out(turn, id, effect);
        }
        if wants_keys {
            // Many telephones send no keys before they are answered.
            self.answer_caller(turn, id);
        }
    }

    fn carry_out(&mut self, turn: &mut Turn<'_>, id: CallId, effect: FlowEffect) {
        let leg = self.calls.get(&id).and_then(|call| call.customer_leg);
        match effect {
            FlowEffect::Play { clips } => {
                if let Some(leg) = leg {
                    self.play(turn, leg, clips, Purpose::Flow);
                }
            }
            FlowEffect::StopPlay => {
                if let Some(leg) = leg {
                    self.stop_play(leg);
                }
            }
            FlowEffect::Entered { node } => {
                self.on_call(turn, id, |call, cx| call.pass_node(&node, cx));
            }
            FlowEffect::Language(language) => self.speak(turn, id, language),
            FlowEffect::Done(end) => {
                self.flows.remove(&id);
                // One that is over at once leaves the caller no time to learn that the secret is not wanted any more.
                if !self.timers.is_set(&Timer::Secret(id)) {
                    self.recovery.secrets.remove(&id);
                }
                self.timers.set(Timer::Flow(id), None);
                self.leave_flow(turn, id, end);
            }
        }
    }

    fn speak(&mut self, turn: &mut Turn<'_>, id: CallId, language: Arc<str>) {
        self.on_call(turn, id, |call, _| call.language = language);
    }

    fn leave_flow(&mut self, turn: &mut Turn<'_>, id: CallId, end: FlowEnd) {
        if let Some(leg) = self.calls.get(&id).and_then(|call| call.customer_leg) {
            self.stop_play(leg);
        }
        self.listen_for_keys(id, false);
        match end {
            FlowEnd::Queue { queue, reason } => {
                self.on_call(turn, id, |call, _| call.reason = reason);
                self.enter_queue_of_segment(turn, id, queue);
            }
            FlowEnd::Callback { queue, reason } => {
                self.on_call(turn, id, |call, _| call.reason = reason);
                self.promise_callback(turn, id, queue);
            }
            FlowEnd::HangUp => self.end_call(turn, id, EndCause::Finished, Party::System),
        }
    }
}
