//! A caller in a queue: entering it, and every way out that is neither an agent nor hanging up.

use super::{Centre, Timer, Turn, legs::DEAD_LINE_MS};
use crate::{
    domain::{
        call::{Direction, EndCause, FlowOutCause, Party, Stage},
        callback::Callback,
        directory::{Queue, QueueExit},
        queue::{KeptPlace, Waiting},
    },
    types::{CallId, ExpectedWait, Mono, QueueId},
};

/// Queues that a caller may be sent to by branches, before the call is ended with a message instead.
const HOPS_MAX: u8 = 3;

impl Centre {
    /// A caller comes to a queue and waits at its end, or takes the branch that applies at once.
    pub(super) fn enter_queue(&mut self, turn: &mut Turn<'_>, id: CallId, queue: QueueId) {
        let Some(definition) = self.directory.queues.get(&queue).cloned() else {
            return self.say_last_words(turn, id, "goodbye");
        };
        self.callback_reached(turn, id);
        let kept = self.take_kept_place(id, &queue, turn.now.mono);
        self.on_call(turn, id, |call, cx| {
            call.regained_ms = kept.map_or(0, |kept| cx.now.mono.millis_since(kept.since));
            call.waited_before_ms = kept.map_or(0, |kept| kept.waited_ms);
        });
        let regained_ms = self.calls.get(&id).map_or(0, |call| call.regained_ms);
        let expected = self.wait_at_entry(&queue, self.head_start_ms(id, &definition) + regained_ms, turn.now.mono);
        self.on_call(turn, id, |call, cx| call.enqueue(queue.clone(), expected, cx));
        if let Some(kept) = kept {
            self.on_call(turn, id, |call, cx| call.regain_place(kept.call, cx));
        }
        let branch = self.branch_at_entry(&definition, expected, turn);
        self.join_line(turn, id, &definition, false);
        match branch {
            Some(cause) => self.take_exit(turn, id, cause),
            None => self.merge_callback(turn, id, &definition.id),
        }
    }

    /// A caller whose agent was lost waits again, before all others, or takes the branch of a queue that cannot serve any more.
    pub(super) fn requeue_at_head(&mut self, turn: &mut Turn<'_>, id: CallId, queue: QueueId) {
        let Some(definition) = self.directory.queues.get(&queue).cloned() else {
            return self.say_last_words(turn, id, "goodbye");
        };
        self.callback_reached(turn, id);
        let expected = self.wait_behind(&queue, 0, turn.now.mono);
        self.on_call(turn, id, |call, cx| call.enqueue(queue, expected, cx));
        self.join_line(turn, id, &definition, true);
        self.leave_if_unserved(turn, id, &definition.id);
    }

    /// A caller in a queue that has closed, or that nobody serves any more, takes the queue's branch for that.
    pub(super) fn leave_if_unserved(&mut self, turn: &mut Turn<'_>, id: CallId, queue: &QueueId) {
        let is_swept = self.directory.queues.get(queue).is_some_and(|queue| self.hours.is_swept(queue, turn.now.wall));
        if is_swept {
            self.take_exit(turn, id, FlowOutCause::Closed);
        } else if !self.is_staffed(queue) {
            self.take_exit(turn, id, FlowOutCause::NoAgents);
        }
    }

    fn join_line(&mut self, turn: &Turn<'_>, id: CallId, queue: &Queue, at_head: bool) {
        let now = turn.now.mono;
        let until = now + millis(queue.wait_secs_max.max(1));
        let is_dead = self.timers.is_set(&Timer::CustomerAudio(id));
        if is_dead {
            self.timers.set(Timer::CustomerAudio(id), Some(now + DEAD_LINE_MS));
        }
        let waiting = Waiting { is_dead, ..Waiting::new(id) };
        let head_start_ms = self.head_start_ms(id, queue);
        // Who came back to a place has it from the first call on.
        let regained_ms = self.calls.get(&id).map_or(0, |call| call.regained_ms);
        let since = Mono::from_millis(now.as_millis().saturating_sub(regained_ms));
        self.lines.entry(queue.id.clone()).or_default().join(waiting, at_head, head_start_ms, since);
        self.timers.set(Timer::MaxWait(id), Some(until));
        self.plan_announcements(turn, id, queue);
        self.plan_messages(id, queue, now, None);
        self.look_later(queue, now);
        if !queue.waiting.keys.is_empty() {
            self.listen_for_keys(id, true);
        }
        self.published.touch_queue(queue.id.clone());
        self.is_match_due = true;
        self.keep_for_preferred(turn, id);
    }

    /// How far the queue, or a supervisor's word, puts a caller ahead, or somebody who is to be called back.
    pub(super) fn head_start_ms(&self, id: CallId, queue: &Queue) -> u64 {
        let Some(call) = self.calls.get(&id) else {
            return self.callbacks.of_call(id).map_or(0, |callback| head_start_of(callback, queue));
        };
        // A supervisor's word is for the wait in this queue only.
        let by_hand = match call.stage() {
            Stage::Waiting { queue: waits, .. } if *waits == queue.id => call.ahead_secs,
            _ => None,
        };
        let segment = call.party.known().map(|known| known.segment.as_ref());
        by_hand.map_or_else(|| queue.routing.head_start_ms(segment), millis)
    }

    /// What is known of the caller, or how segments stand in the queue, has changed: whoever waits stands where that puts them now.
    pub(super) fn review_head_start(&mut self, id: CallId) {
        let queue = match self.calls.get(&id).map(|call| call.stage()) {
            Some(Stage::Waiting { queue, .. }) => queue,
            Some(_) => return,
            None => match self.callbacks.of_call(id) {
                Some(callback) => &callback.queue,
                None => return,
            },
        };
        let Some(definition) = self.directory.queues.get(queue) else { return };
        let head_start_ms = self.head_start_ms(id, definition);
        let key = definition.id.clone();
        if self.lines.get_mut(&key).is_some_and(|line| line.set_head_start(id, head_start_ms)) {
            self.published.touch_queue(key);
            self.published.touch_call(id);
        }
    }

    fn branch_at_entry(&self, queue: &Queue, expected: Option<ExpectedWait>, turn: &Turn<'_>) -> Option<FlowOutCause> {
        let waiting = self.lines.get(&queue.id).map_or(0, |line| line.callers());
        if !self.hours.is_serving(queue, turn.now.wall) {
            Some(FlowOutCause::Closed)
        } else if !self.is_staffed(&queue.id) && queue.on_no_agents != QueueExit::Wait {
            Some(FlowOutCause::NoAgents)
        } else if i64::try_from(waiting).unwrap_or(i64::MAX) >= queue.waiting_max {
            Some(FlowOutCause::Full)
        } else if Self::is_too_long(queue, expected) {
            Some(FlowOutCause::ExpectedWait)
        } else {
            None
        }
    }

    /// Takes a caller out of the line; the stage is changed by whoever asks.
    pub(super) fn leave_line(&mut self, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        let Stage::Waiting { queue, .. } = call.stage() else { return };
        let (queue, leg) = (queue.clone(), call.customer_leg);
        self.waits_told.remove(&id);
        if self.has_waiting_keys(id) {
            self.listen_for_keys(id, false);
        }
        if let Some(line) = self.lines.get_mut(&queue) {
            line.leave(id);
        }
        self.timers.set(Timer::MaxWait(id), None);
        self.timers.set(Timer::Announce(id), None);
        self.forget_messages(id);
        self.published.touch_queue(queue);
        if let Some(leg) = leg {
            self.stop_play(leg);
        }
    }

    /// A waiting caller takes the branch that the queue has for this cause. One who rings at an agent is left to the agent.
    pub(super) fn take_exit(&mut self, turn: &mut Turn<'_>, id: CallId, cause: FlowOutCause) {
        let Some(call) = self.calls.get(&id) else { return };
        if call.stage().is_conversation() {
            return self.consult_unserved(turn, id);
        }
        let Stage::Waiting { queue, offer: None } = call.stage() else { return };
        if call.is_calling_back() {
            // Nobody is on the line who could go elsewhere.
            return;
        }
        let branch = match (self.directory.queues.get(queue), cause) {
            (Some(queue), FlowOutCause::NoAgents) => queue.on_no_agents.clone(),
            (Some(queue), FlowOutCause::MaxWait) => queue.on_max_wait.clone(),
            (Some(queue), FlowOutCause::Full) => queue.on_full.clone(),
            (Some(queue), FlowOutCause::Closed) => queue.on_closed.clone(),
            (Some(queue), FlowOutCause::ExpectedWait) => queue.waiting.on_expected_wait.clone(),
            (_, FlowOutCause::Moved | FlowOutCause::NodeLost | FlowOutCause::Key) | (None, _) => {
                QueueExit::Message { prompt: "goodbye".into() }
            }
        };
        if branch != QueueExit::Wait {
            self.leave_by(turn, id, cause, branch);
        }
    }

    /// A waiting caller leaves the line this way.
    pub(super) fn leave_by(&mut self, turn: &mut Turn<'_>, id: CallId, cause: FlowOutCause, way: QueueExit) {
        let Some(call) = self.calls.get(&id) else { return };
        let Stage::Waiting { queue, .. } = call.stage() else { return };
        let (queue, hops) = (queue.clone(), call.hops);
        self.leave_line(id);
        self.on_call(turn, id, |call, cx| call.flow_out(cause, cx));
        match way {
            QueueExit::Wait => {}
            QueueExit::Message { prompt } => self.say_last_words(turn, id, &prompt),
            QueueExit::Queue { queue } if hops < HOPS_MAX => {
                self.on_call(turn, id, |call, _| call.hops += 1);
                self.enter_queue(turn, id, queue);
            }
            QueueExit::Line { line } if hops < HOPS_MAX => {
                self.on_call(turn, id, |call, _| call.hops += 1);
                self.start_flow(turn, id, &line);
            }
            QueueExit::Queue { .. } | QueueExit::Line { .. } => self.say_last_words(turn, id, "long-wait"),
            QueueExit::Callback => self.promise_callback(turn, id, queue),
            QueueExit::Voicemail { prompt, secs_max } => self.take_voicemail(turn, id, queue, &prompt, secs_max),
        }
    }

    /// The place that the caller's last call to this queue has left.
    fn take_kept_place(&mut self, id: CallId, queue: &QueueId, now: Mono) -> Option<KeptPlace> {
        let number = self.calls.get(&id)?.party.number.clone()?;
        self.kept_places.take(queue, &number, now)
    }

    /// A call ends. Whoever hangs up while waiting, or is cut off, may come back to the place by calling again.
    pub(super) fn keep_place(&mut self, turn: &Turn<'_>, id: CallId, cause: EndCause, by: Party) {
        let Some(call) = self.calls.get(&id).filter(|call| call.direction == Direction::Inbound) else { return };
        let Some(number) = call.party.number.clone().filter(|_| !call.party.is_withheld) else { return };
        let now = turn.now.mono;
        let (queue, waited_ms) = match call.stage() {
            Stage::Waiting { queue, .. } if by == Party::Customer => {
                let since = self.lines.get(queue).and_then(|line| line.place(id)).map_or(now, |place| place.since());
                (queue.clone(), now.millis_since(since).saturating_sub(call.regained_ms))
            }
            stage if stage.is_conversation() && cause == EndCause::Lost => {
                let (Some(queue), Some(queued_at)) = (call.queue.clone(), call.queued_at) else { return };
                (queue, u64::try_from(turn.now.wall.millis_since(queued_at)).unwrap_or(0))
            }
            _ => return,
        };
        let Some(secs) = self.directory.queues.get(&queue).map(|queue| queue.waiting.redial_secs).filter(|secs| *secs > 0)
        else {
            return;
        };
        let ahead_ms = waited_ms.saturating_add(call.regained_ms);
        let place = KeptPlace {
            call: id,
            since: Mono::from_millis(now.as_millis().saturating_sub(ahead_ms)),
            waited_ms: waited_ms.saturating_add(call.waited_before_ms),
            until: now + millis(secs),
        };
        self.kept_places.keep(queue, number, place, now);
    }

    pub(super) fn max_wait_elapsed(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        let Stage::Waiting { offer, .. } = call.stage() else { return };
        if let Some(offer) = offer {
            // It rings: the agent gets the chance, the branch comes after it.
            return self.timers.set(Timer::MaxWait(id), Some(offer.until + 1));
        }
        self.take_exit(turn, id, FlowOutCause::MaxWait);
    }

    /// When the last agent who could serve a queue has signed out, those who wait take its branch.
    pub(super) fn check_staff(&mut self, turn: &mut Turn<'_>) {
        if !std::mem::take(&mut self.is_staff_check_due) {
            return;
        }
        let queues: Vec<QueueId> = self.lines.iter().filter(|(_, line)| !line.is_empty()).map(|(id, _)| id.clone()).collect();
        for queue in queues {
            if !self.is_staffed(&queue) {
                for call in self.unoffered(&queue) {
                    self.take_exit(turn, call, FlowOutCause::NoAgents);
                }
            } else {
                self.drop_unstaffed_consults(turn, &queue);
            }
        }
    }

    /// Whether anyone who could serve the queue is signed in.
    pub(super) fn is_staffed(&self, queue: &QueueId) -> bool {
        let Some(definition) = self.directory.queues.get(queue) else { return false };
        self.staffing.of(queue).is_some_and(|staff| staff.steps().any(|step| comes_in_time(step, definition)))
    }

    /// Callers of a queue who do not ring at an agent, first in line first.
    pub(super) fn unoffered(&self, queue: &QueueId) -> Vec<CallId> {
        let line = self.lines.get(queue);
        line.into_iter().flat_map(|line| line.iter()).filter(|(_, w)| !w.is_offered).map(|(_, w)| w.call).collect()
    }
}

/// Whether a step of a queue comes before its callers have waited the most that they may.
fn comes_in_time(step: usize, queue: &Queue) -> bool {
    let after_secs = step.checked_sub(1).and_then(|index| queue.routing.steps.get(index)).map_or(0, |step| step.after_secs);
    step == 0 || queue.routing.skips_empty_steps || after_secs < queue.wait_secs_max
}

/// How far somebody who is to be called back stands ahead: as on the line, where a supervisor said so, else by the queue's rules.
pub(super) fn head_start_of(callback: &Callback, queue: &Queue) -> u64 {
    callback.ahead_secs.map_or_else(|| queue.routing.head_start_ms(callback.segment.as_deref()), millis)
}

/// Seconds of the directory as milliseconds; nonsense below zero is zero.
pub(super) fn millis(secs: i64) -> u64 {
    u64::try_from(secs).unwrap_or(0).saturating_mul(1_000)
}
