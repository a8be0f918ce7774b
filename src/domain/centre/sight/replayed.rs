//! Recorded decisions, made again in their order: each is held against the record, and what the matcher saw against what else was told of
//! callers and agents.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Rebuilt, Sight};
use crate::{
    domain::{
        agent::{AgentEventKind, Presence},
        call::{CallEvent, CallEventKind, TransferTarget},
        event::Event,
    },
    types::{AgentId, CallId, RoutingCandidate, RoutingDecision, Standing},
};

/// What came out of a decision that was made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// The same, to the last figure.
    Identical,
    /// Something else.
    Differs {
        /// The first thing that differs.
        what: String,
        /// As it was told then.
        recorded: String,
        /// As it came out now.
        replayed: String,
    },
    /// It is not known what the matcher saw.
    Unknown {
        /// Why.
        why: String,
    },
}

/// One node's floor, as far as it is told.
#[derive(Debug, Default)]
pub struct Replayed {
    rebuilt: Rebuilt,
    /// Whether the agents of whom something was told are ready, and the callers in line.
    are_ready: BTreeMap<AgentId, bool>,
    are_waiting: BTreeMap<CallId, bool>,
}

impl Replayed {
    /// What happened next, with what the matcher saw if it is a decision of the matcher. The verdict on that.
    pub fn hear(&mut self, event: &Event, sight: Option<&Sight>) -> Option<Verdict> {
        match event {
            Event::Agent(event) => {
                if let AgentEventKind::PresenceChanged { to, .. } = &event.kind {
                    self.are_ready.insert(event.agent.clone(), *to == Presence::Ready);
                }
                None
            }
            Event::Call(event) => self.hear_of_call(event, sight),
            Event::Ticket(_)
            | Event::Customer(_)
            | Event::Access(_)
            | Event::Directory(_)
            | Event::Trunk(_)
            | Event::Callback(_)
            | Event::Alert(_)
            | Event::Work(_) => None,
        }
    }

    fn hear_of_call(&mut self, event: &CallEvent, sight: Option<&Sight>) -> Option<Verdict> {
        if let Some(decision) = event.kind.decision() {
            return Some(self.decide(event.call, decision, sight));
        }
        match &event.kind {
            CallEventKind::Queued { .. } | CallEventKind::ConsultBegan { to: TransferTarget::Queue { .. }, .. } => {
                self.are_waiting.insert(event.call, true);
                None
            }
            CallEventKind::Connected { .. }
            | CallEventKind::Abandoned { .. }
            | CallEventKind::FlowedOut { .. }
            | CallEventKind::ConsultAnswered { .. }
            | CallEventKind::ConsultEnded { .. } => {
                // Nobody looks at who was never told to wait.
                self.are_waiting.entry(event.call).and_modify(|is_waiting| *is_waiting = false);
                None
            }
            _ => None,
        }
    }

    fn decide(&mut self, call: CallId, decision: &RoutingDecision, sight: Option<&Sight>) -> Verdict {
        if sight.is_some_and(|sight| sight.number == 1) {
            // A process begins with what its predecessor left, of which not all is told.
            self.are_ready.clear();
            self.are_waiting.clear();
        }
        let verdict = match sight.map(|sight| self.rebuilt.decide(sight)) {
            None => {
                self.rebuilt = Rebuilt::default();
                Verdict::Unknown { why: "it is not written down what the matcher saw".into() }
            }
            Some(Err(gap)) => Verdict::Unknown { why: gap.to_string() },
            Some(Ok(None)) => differs("the call", call, "nobody"),
            Some(Ok(Some(picked))) if picked.call != call => differs("the call", call, picked.call),
            Some(Ok(Some(picked))) => {
                // Counted by the floor beside the decision; no choice depends on it.
                let others = decision.others.clone();
                let mut again = RoutingDecision { not_free: decision.not_free, others, ..picked.decision };
                speak_as_then(&decision.candidates, &mut again.candidates);
                first_difference(decision, &again).or_else(|| self.contradiction()).unwrap_or(Verdict::Identical)
            }
        };
        self.rebuilt.follow(call, &decision.queue, &decision.agent);
        verdict
    }

    /// What the matcher saw and the record tells otherwise.
    fn contradiction(&self) -> Option<Verdict> {
        let not_ready = self.rebuilt.free().find(|agent| self.are_ready.get(*agent) == Some(&false));
        let gone = self.rebuilt.waiting().find(|(_, call)| self.are_waiting.get(call) == Some(&false));
        let agent = not_ready.map(|agent| differs("who is free", format!("{agent} is not ready"), format!("{agent} is free")));
        agent.or_else(|| {
            gone.map(|(queue, call)| differs("who waits", format!("{call} is gone"), format!("{call} is in {queue}")))
        })
    }
}

/// One word stood for every reason to pass an agent over, in decisions of earlier versions. Whom one goes to is the same.
fn speak_as_then(recorded: &[RoutingCandidate], again: &mut [RoutingCandidate]) {
    for (then, now) in recorded.iter().zip(again) {
        if then.standing == Standing::MissedItBefore && now.standing == Standing::ForAnotherAgent {
            now.standing = then.standing;
        }
    }
}

fn differs(what: &str, recorded: impl ToString, replayed: impl ToString) -> Verdict {
    Verdict::Differs { what: what.into(), recorded: recorded.to_string(), replayed: replayed.to_string() }
}

/// The first field in which two decisions differ; of a list the first entry.
fn first_difference(recorded: &RoutingDecision, again: &RoutingDecision) -> Option<Verdict> {
    if recorded == again {
        return None;
    }
    let written = |decision: &RoutingDecision| serde_json::to_value(decision).unwrap_or_default();
    let (recorded, again) = (written(recorded), written(again));
    // A field that one of them leaves out is nothing there.
    let fields: std::collections::BTreeSet<&String> =
        [&recorded, &again].into_iter().filter_map(|of| of.as_object()).flat_map(|fields| fields.keys()).collect();
    let nothing = serde_json::Value::Null;
    let pairs =
        || fields.iter().map(|field| (*field, recorded.get(*field).unwrap_or(&nothing), again.get(*field).unwrap_or(&nothing)));
    let plain = pairs().find(|(_, value, other)| value != other && !(value.is_array() && other.is_array()));
    if let Some((field, value, other)) = plain {
        return Some(differs(field, value, other));
    }
    pairs().find_map(|(field, value, other)| {
        let (value, other) = (value.as_array()?, other.as_array()?);
        let at = |list: &[serde_json::Value], index: usize| list.get(index).cloned().unwrap_or_default();
        let index = (0..value.len().max(other.len())).find(|index| at(value, *index) != at(other, *index))?;
        Some(differs(&format!("{field} {}", index + 1), at(value, index), at(other, index)))
    })
}
