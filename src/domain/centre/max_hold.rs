//! Nobody is forgotten on hold: after a while the agent is told, after a longer one the call rings at the agent again, and whoever is not
//! taken then waits before all others for another agent. A customer who waits because somebody else is asked, or who talks with a
//! conference, is looked after by the deadline of that.

use std::collections::btree_map::Entry;

use super::{Centre, Timer, Turn, waiting::millis};
use crate::{
    domain::{
        agent::Rest,
        call::{HoldAlert, Stage},
        directory::HoldLimits,
    },
    types::{AgentId, CallId, Mono},
};

/// A call that rings at its agent again is taken back in this time, or goes to another agent.
const RECALL_MS: u64 = 30_000;

/// A customer alone on hold.
#[derive(Debug)]
pub(super) struct Hold {
    since: Mono,
    /// What the agent was told last.
    told: Option<HoldAlert>,
}

impl Centre {
    /// A call has changed: the time on hold begins, goes on, or is over.
    pub(super) fn note_hold(&mut self, id: CallId, now: Mono) {
        let is_alone = |call: &crate::domain::call::Call| matches!(call.stage(), Stage::Held { .. }) && call.is_between_two();
        if !self.calls.get(&id).is_some_and(|call| is_alone(call)) {
            if self.holds.remove(&id).is_some() {
                self.timers.set(Timer::Hold(id), None);
            }
        } else if let Entry::Vacant(place) = self.holds.entry(id) {
            place.insert(Hold { since: now, told: None });
            self.watch_hold(id);
        }
    }

    /// What the agent was told of a customer on hold.
    pub(super) fn hold_alert(&self, id: CallId) -> Option<HoldAlert> {
        self.holds.get(&id)?.told
    }

    /// Those of the call's queue, else the centre's.
    fn hold_limits(&self, id: CallId) -> HoldLimits {
        let queue = self.calls.get(&id).and_then(|call| self.directory.queues.get(call.queue.as_ref()?));
        queue.and_then(|queue| queue.hold).unwrap_or(self.directory.centre.hold)
    }

    fn watch_hold(&mut self, id: CallId) {
        let limits = self.hold_limits(id);
        let Some(hold) = self.holds.get(&id) else { return };
        let recall = (limits.recall_secs > 0).then(|| hold.since + millis(limits.recall_secs));
        let notice = (limits.notice_secs > 0).then(|| hold.since + millis(limits.notice_secs));
        let at = match hold.told {
            None => notice.into_iter().chain(recall).min(),
            Some(HoldAlert::Long) => recall,
            Some(HoldAlert::Recall) => recall.map(|recall| recall + RECALL_MS),
        };
        self.timers.set(Timer::Hold(id), at);
    }

    /// The customer has been on hold for one of the times that are set.
    pub(super) fn hold_elapsed(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(Stage::Held { with }) = self.calls.get(&id).map(|call| call.stage()) else { return };
        let agent = with.agent.clone();
        let recall_ms = millis(self.hold_limits(id).recall_secs);
        let Some(hold) = self.holds.get_mut(&id) else { return };
        let is_recall = recall_ms > 0 && turn.now.mono.millis_since(hold.since) >= recall_ms;
        match hold.told {
            Some(HoldAlert::Recall) => return self.return_from_hold(turn, id, &agent),
            None | Some(HoldAlert::Long) if is_recall => {
                hold.told = Some(HoldAlert::Recall);
                self.on_call(turn, id, |call, cx| call.recall_hold(cx));
                self.notify(&agent, "hold_recalled");
            }
            None | Some(HoldAlert::Long) => {
                hold.told = Some(HoldAlert::Long);
                self.notify(&agent, "hold_long");
            }
        }
        self.published.touch_call(id);
        self.watch_hold(id);
    }

    /// The agent has not come back: the customer is served before all others, and the agent gets no more calls until there again. A
    /// customer of no queue goes on ringing at the agent.
    fn return_from_hold(&mut self, turn: &mut Turn<'_>, id: CallId, agent: &AgentId) {
        let Some(queue) = self.fallback_queue(id, agent) else { return };
        let Some(with) = self.calls.get(&id).and_then(|call| call.stage().partner()).cloned() else { return };
        self.on_call(turn, id, |call, cx| call.return_hold(cx));
        self.requeue_at_head(turn, id, queue);
        let has_chosen = self.agents.get(agent).is_some_and(|agent| agent.next().is_some());
        if !has_chosen {
            self.on_agent(turn, agent, |agent, cx| agent.ask(Rest::Paused { reason: "missed".into() }, None, cx));
        }
        self.release_agent(turn, id, &with);
        self.notify(agent, "hold_returned");
    }
}
