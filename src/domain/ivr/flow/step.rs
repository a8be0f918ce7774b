//! What each kind of node does when a call comes to it.

use std::sync::Arc;

use super::{DEPTH_MAX, FlowEnd, FlowFacts, FlowRun, Next, State, Turn, words::state_clip};
use crate::domain::ivr::script::{LanguageStep, Step};

impl FlowRun {
    /// Carries out the node where the call stands.
    pub(super) fn step(&mut self, turn: &mut Turn<'_>) -> Next {
        let line = Arc::clone(&self.line);
        let flow = line.flow(self.place.subflow.as_deref());
        let Some(node) = flow.and_then(|flow| flow.nodes.get(&self.place.node)) else {
            // Only a line that was never checked gets here.
            self.fall_back(turn);
            return Next::Wait;
        };
        match &node.step {
            Step::Say { prompt, is_barge_in, next } => match self.play(&[prompt], turn) {
                Some(until) => {
                    self.state = State::Saying { until, is_barge_in: *is_barge_in, next: next.clone() };
                    Next::Wait
                }
                None => Next::Go(next.clone()),
            },
            Step::Menu { ask, .. } => self.ask(ask, turn),
            Step::Hours { calendar, open, closed } => match (turn.facts.is_open)(calendar) {
                Some(true) | None => Next::Go(open.clone()),
                Some(false) => Next::Go(closed.clone()),
            },
            Step::Identify { timeout_ms, known, unknown, several } => {
                let FlowFacts { caller, matches, lookup_done, .. } = turn.facts;
                match (lookup_done, caller, matches) {
                    (false, _, _) => self.look_up(*timeout_ms, unknown, turn),
                    (true, Some(_), _) => Next::Go(known.clone()),
                    (true, None, 0 | 1) => Next::Go(unknown.clone()),
                    (true, None, _) => Next::Go(several.clone()),
                }
            }
            Step::TicketLookup { timeout_ms, found, none, on_error } => {
                if !turn.facts.lookup_done {
                    return self.look_up(*timeout_ms, on_error, turn);
                }
                let open =
                    turn.facts.caller.and_then(|caller| caller.open_tickets.iter().find(|(_, s)| state_clip(s).is_some()));
                self.ticket = open.cloned();
                Next::Go(if open.is_some() { found.clone() } else { none.clone() })
            }
            Step::Language { how, next } => match how {
                LanguageStep::Fixed { language } => {
                    self.speak(language, turn);
                    Next::Go(next.clone())
                }
                LanguageStep::Caller => {
                    if let Some(caller) = turn.facts.caller {
                        self.speak(&caller.language, turn);
                    }
                    Next::Go(next.clone())
                }
                LanguageStep::Next => {
                    let after = line.languages.iter().skip_while(|l| **l != self.language).nth(1);
                    if let Some(language) = after.or_else(|| line.languages.first()) {
                        self.speak(language, turn);
                    }
                    Next::Go(next.clone())
                }
                LanguageStep::Ask { ask, .. } => self.ask(ask, turn),
            },
            Step::Subflow { flow, .. } => match line.subflows.get(flow) {
                Some(subflow) if self.entered.len() < DEPTH_MAX => {
                    self.entered.push(self.place.clone());
                    self.place.subflow = Some(flow.clone());
                    Next::Go(subflow.start.clone())
                }
                Some(_) | None => {
                    self.fall_back(turn);
                    Next::Wait
                }
            },
            Step::Return { outcome } => {
                let target = self.entered.pop().and_then(|place| {
                    let node = line.flow(place.subflow.as_deref())?.nodes.get(&place.node)?;
                    self.place = place;
                    match &node.step {
                        Step::Subflow { returns, .. } => returns.get(outcome).cloned(),
                        Step::Say { .. }
                        | Step::Menu { .. }
                        | Step::Hours { .. }
                        | Step::Identify { .. }
                        | Step::TicketLookup { .. }
                        | Step::Language { .. }
                        | Step::Return { .. }
                        | Step::Queue { .. }
                        | Step::Callback { .. }
                        | Step::Hangup { .. } => None,
                    }
                });
                match target {
                    Some(node) => Next::Go(node),
                    None => {
                        self.fall_back(turn);
                        Next::Wait
                    }
                }
            }
            Step::Queue { queue, reason, prompt } => {
                let end = FlowEnd::Queue { queue: queue.clone(), reason: self.reason_or(reason.as_ref()) };
                self.end(end, prompt.as_ref(), turn)
            }
            Step::Callback { queue, reason, no_number } => {
                if !turn.facts.can_call_back {
                    return Next::Go(no_number.clone());
                }
                let end = FlowEnd::Callback { queue: queue.clone(), reason: self.reason_or(reason.as_ref()) };
                self.finish(end, turn)
            }
            Step::Hangup { prompt } => self.end(FlowEnd::HangUp, prompt.as_ref(), turn),
        }
    }

    fn look_up(&mut self, timeout_ms: u64, on_timeout: &Arc<str>, turn: &Turn<'_>) -> Next {
        self.state = State::LookingUp { until: turn.now + timeout_ms, on_timeout: on_timeout.clone() };
        Next::Wait
    }
}
