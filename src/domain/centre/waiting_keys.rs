//! Keys of callers who wait. They count at any time, also while something is announced; but whoever rings at an agent is left to the agent.

use super::{Centre, Turn, playback::Purpose};
use crate::{
    domain::{
        call::{FlowOutCause, Stage},
        directory::{QueueExit, WaitingKey},
    },
    types::CallId,
};

impl Centre {
    /// Whether keys of a waiting caller do anything.
    pub(super) fn has_waiting_keys(&self, id: CallId) -> bool {
        let Some(Stage::Waiting { queue, .. }) = self.calls.get(&id).map(|call| call.stage()) else { return false };
        self.directory.queues.get(queue).is_some_and(|queue| !queue.waiting.keys.is_empty())
    }

    /// A caller has pressed a key. True when the caller waits, so that the key is no other's.
    pub(super) fn waiting_key(&mut self, turn: &mut Turn<'_>, id: CallId, digit: char) -> bool {
        let Some(call) = self.calls.get(&id) else { return false };
        let Stage::Waiting { queue, offer } = call.stage() else { return false };
        if offer.is_some() {
            return true;
        }
        let Some(queue) = self.directory.queues.get(queue).cloned() else { return true };
        let Some(does) = queue.waiting.keys.get(&*digit.to_string()).cloned() else { return true };
        let way = match does {
            WaitingKey::Position => {
                self.announce(turn, id, &queue, true);
                return true;
            }
            WaitingKey::Callback if !self.can_call_back(id) => return self.decline_key(turn, id),
            WaitingKey::Queue { queue } if !self.directory.queues.contains_key(&queue) => return self.decline_key(turn, id),
            WaitingKey::Line { line } if self.scripts.line(&line).is_none() => return self.decline_key(turn, id),
            WaitingKey::Callback => QueueExit::Callback,
            WaitingKey::Queue { queue } => QueueExit::Queue { queue },
            WaitingKey::Line { line } => QueueExit::Line { line },
            WaitingKey::Leave => QueueExit::Message { prompt: "goodbye".into() },
        };
        // Who chooses the way may choose as often as they like.
        self.on_call(turn, id, |call, _| call.hops = 0);
        self.leave_by(turn, id, FlowOutCause::Key, way);
        true
    }

    /// The key has nothing to offer now: the caller hears so, and waits on.
    fn decline_key(&mut self, turn: &mut Turn<'_>, id: CallId) -> bool {
        if let Some(leg) = self.calls.get(&id).and_then(|call| call.customer_leg).filter(|leg| !self.hears_ringing(*leg)) {
            let clip = self.shared_clip(id, "no-match");
            self.play(turn, leg, vec![clip], Purpose::Announcement);
        }
        true
    }
}
