//! Which calls' audio goes to outside systems, and when nothing of it does. As with [`super::recording`], it follows from the call,
//! the rules and what people ask for, and only differences are ordered: a copy follows the customer's leg, and what fails is begun
//! anew. It pauses wherever a recording would, recorded or not: no key of a secret and no word of a pause goes to anybody outside.

use std::collections::BTreeMap;

use super::{Centre, ForkView, ForkViewState, PhoneEffect, Turn};
use crate::{
    domain::{
        call::{Call, Direction, ForkState, PauseCause, Stage},
        directory::{Directory, FORKS_PER_CALL_MAX, ForkRule},
    },
    types::{AgentId, CallId, ForkEnd, ForkFacts, ForkId, ForkStop, ForkWord, LegId, MediaForkId, QueueId},
};

/// What outside has been told of copies.
#[derive(Debug, Default)]
pub(super) struct Forks {
    told: BTreeMap<ForkId, Told>,
    /// Keys of this turn. Whether they are secret is known at its end.
    keys: Vec<(LegId, char)>,
}

#[derive(Debug, Clone, PartialEq)]
struct Told {
    call: CallId,
    session: u32,
    leg: LegId,
    is_paused: bool,
    agent: Option<AgentId>,
    queue: Option<QueueId>,
}

#[cfg(test)]
impl Forks {
    /// Whether nobody gets anything.
    pub(super) fn is_idle(&self) -> bool {
        self.told.is_empty()
    }
}

impl Centre {
    /// Begins, pauses and stops what follows from this turn for every call that it touched.
    pub(super) fn review_forks(&mut self, turn: &mut Turn<'_>) {
        let touched: Vec<CallId> = self.published.touched_calls().collect();
        for id in touched {
            self.review_forks_of(turn, id);
        }
        for (leg, digit) in std::mem::take(&mut self.forks.keys) {
            let hearing: Vec<ForkId> =
                self.forks.told.iter().filter(|(_, told)| told.leg == leg && !told.is_paused).map(|(fork, _)| *fork).collect();
            for fork in hearing {
                self.phone(PhoneEffect::TellFork { fork, word: ForkWord::Digit { digit } });
            }
        }
    }

    /// A key was pressed: whoever gets the audio is told, unless it turns out to be a secret.
    pub(super) fn note_key(&mut self, leg: LegId, digit: char) {
        if !self.forks.told.is_empty() {
            self.forks.keys.push((leg, digit));
        }
    }

    /// The other side gets it.
    pub(super) fn fork_up(&mut self, turn: &mut Turn<'_>, fork: ForkId, session: u32) {
        if let Some(id) = self.forked_call(fork, session) {
            self.on_call(turn, id, |call, cx| call.fork_is_up(fork, cx));
        }
    }

    /// It ended there without our wish.
    pub(super) fn fork_ended(&mut self, turn: &mut Turn<'_>, fork: ForkId, session: u32, end: ForkEnd) {
        if let Some(id) = self.forked_call(fork, session) {
            self.on_call(turn, id, |call, cx| call.fork_ended(fork, end, cx));
        }
    }

    /// Something about a call's copies is due.
    pub(super) fn forks_elapsed(&mut self, turn: &mut Turn<'_>, id: CallId) {
        self.on_call(turn, id, |call, cx| call.forks_due(cx.now.mono));
        self.follow_quiet(turn, id);
    }

    /// Whether a call goes to anybody outside now, or is to.
    pub(super) fn is_forked(&self, id: CallId) -> bool {
        self.calls.get(&id).is_some_and(|call| call.forks().is_any_on())
    }

    /// Somebody asks that nothing be sent for a while, recorded or not.
    pub(super) fn pause_forks(&mut self, turn: &mut Turn<'_>, id: CallId, cause: PauseCause) {
        if self.is_forked(id) {
            let until = turn.now.mono + self.pause_ms_max();
            self.on_call(turn, id, |call, _| call.pause_forks(cause, until));
            // Here and not at the end of the turn: what follows from the wish has the same doer.
            self.review_forks_of(turn, id);
        }
    }

    /// That cause is gone.
    pub(super) fn resume_forks(&mut self, turn: &mut Turn<'_>, id: CallId, gone: PauseCause) {
        if self.is_forked(id) {
            self.on_call(turn, id, |call, _| call.resume_forks(gone));
            self.review_forks_of(turn, id);
        }
    }

    /// New rules hold for the calls that there are.
    pub(super) fn touch_if_forked_otherwise(&mut self, directory: &Directory) {
        let of_queues = |directory: &Directory| -> Vec<_> {
            directory.queues.values().map(|queue| (queue.id.clone(), queue.forks.clone())).collect()
        };
        let is_same = directory.centre.forks == self.directory.centre.forks
            && directory.media_forks == self.directory.media_forks
            && of_queues(directory) == of_queues(&self.directory);
        if !is_same {
            for id in self.calls.keys() {
                self.published.touch_call(*id);
            }
        }
    }

    /// As consoles show it.
    pub(super) fn fork_views(&self, call: &Call) -> Vec<ForkView> {
        if call.is_over() {
            return Vec::new();
        }
        let view = |(to, state): (&MediaForkId, ForkState)| {
            let state = match state {
                ForkState::Up { .. } if call.forks().is_paused() => ForkViewState::Paused,
                ForkState::Up { .. } => ForkViewState::On,
                ForkState::Opening | ForkState::Waiting { .. } => ForkViewState::Opening,
                ForkState::Failed => ForkViewState::Failed,
                ForkState::Stopped => return None,
            };
            let name = self.directory.media_forks.get(to).map_or_else(|| to.to_string(), |fork| fork.name.clone());
            Some(ForkView { to: to.clone(), name, state })
        };
        call.forks().iter().filter_map(|(to, fork)| view((to, fork.state()))).collect()
    }

    fn forked_call(&self, fork: ForkId, session: u32) -> Option<CallId> {
        self.forks.told.get(&fork).filter(|told| told.session == session).map(|told| told.call)
    }

    fn review_forks_of(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        let wanted = self.wanted_forks(call);
        if wanted.is_empty() && call.forks().iter().next().is_none() {
            return;
        }
        if !call.is_over() {
            self.follow_rules(turn, id, &wanted);
            self.follow_quiet(turn, id);
        }
        self.tell_forks(turn, id);
    }

    /// Where a call's audio is to go by the rules: of its queue, else of the centre. Without anybody of the centre it is a conversation of
    /// others.
    fn wanted_forks(&self, call: &Call) -> Vec<MediaForkId> {
        if matches!(call.stage(), Stage::PassedOn { .. } | Stage::Over) {
            return Vec::new();
        }
        let rules = &self.directory.centre.forks;
        let of_queue = call.queue.as_ref().and_then(|queue| self.directory.queues.get(queue)?.forks.as_ref());
        let rules: &[ForkRule] = of_queue.unwrap_or(match call.direction {
            Direction::Inbound => &rules.inbound,
            Direction::Outbound => &rules.outbound,
        });
        let is_on = |rule: &&ForkRule| self.directory.media_forks.get(&rule.fork).is_some_and(|fork| fork.is_active);
        let wanted = rules.iter().filter(|rule| call.is_drawn_for(rule)).filter(is_on);
        wanted.map(|rule| rule.fork.clone()).take(FORKS_PER_CALL_MAX).collect()
    }

    fn follow_rules(&mut self, turn: &mut Turn<'_>, id: CallId, wanted: &[MediaForkId]) {
        let Some(call) = self.calls.get(&id) else { return };
        let is_time = self.has_come_to(call, self.directory.centre.forks.begins);
        let unwanted: Vec<MediaForkId> = call
            .forks()
            .iter()
            .filter(|(to, fork)| !wanted.contains(to) && !matches!(fork.state(), ForkState::Stopped | ForkState::Failed))
            .map(|(to, _)| to.clone())
            .collect();
        let missing: Vec<&MediaForkId> = wanted
            .iter()
            .filter(|to| is_time && call.forks().to(to).is_none_or(|fork| fork.state() == ForkState::Stopped))
            .collect();
        for to in unwanted {
            self.on_call(turn, id, |call, cx| call.stop_fork(&to, cx));
        }
        for to in missing {
            self.on_call(turn, id, |call, cx| {
                call.want_fork(to, cx);
                call.resume_fork(to);
            });
        }
    }

    /// Nothing is sent while a caller types a secret or the recording pauses.
    fn follow_quiet(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let is_secret = self.types_secret(id);
        let Some(call) = self.calls.get(&id) else { return };
        // In its last moment a recording's pause has no cause left; ours has a last moment of its own.
        let pause = call.recording().and_then(|recording| recording.pause());
        let held = pause.and_then(|pause| pause.causes().first().copied());
        let (must, cause) = match held {
            _ if is_secret => (true, PauseCause::SecureDigits),
            Some(cause) => (true, cause),
            None => (false, PauseCause::Requested),
        };
        if must || call.forks().asked().next().is_some() || call.forks().is_paused() {
            self.on_call(turn, id, |call, cx| call.quieten_forks(must, cause, cx));
        }
    }

    /// Orders what is new: another leg, whether it pauses, who talks.
    fn tell_forks(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        // After a restart a telephone must be back first.
        let leg = call.customer_leg.filter(|leg| self.legs.contains_key(leg) && !self.is_awaited(id) && !call.is_over());
        let forks: Vec<(MediaForkId, ForkId, bool)> =
            call.forks().iter().map(|(to, fork)| (to.clone(), fork.id, fork.is_on())).collect();
        let why = if call.is_over() { ForkStop::CallEnded } else { ForkStop::Rules };
        for (to, fork, is_on) in forks {
            let wanted = leg.filter(|_| is_on);
            if let Some(told) = self.forks.told.get(&fork).cloned() {
                if Some(told.leg) == wanted {
                    self.tell_changes(fork, told);
                    continue;
                }
                self.forks.told.remove(&fork);
                self.phone(PhoneEffect::StopFork { leg: told.leg, fork, why });
            }
            if let Some(leg) = wanted {
                self.start_fork(turn, id, &to, leg);
            }
        }
    }

    fn start_fork(&mut self, turn: &mut Turn<'_>, id: CallId, to: &MediaForkId, leg: LegId) {
        let Some(target) = self.directory.media_forks.get(to).cloned() else { return };
        let Some(Some((fork, session))) = self.on_call(turn, id, |call, _| call.begin_fork(to)) else { return };
        let Some(call) = self.calls.get(&id) else { return };
        let agent = call.stage().partner().map(|with| with.agent.clone());
        let facts = ForkFacts {
            call: id,
            session,
            is_inbound: call.direction == Direction::Inbound,
            started_at: call.started_at,
            customer_number: call.party.number.clone(),
            our_number: call.our_number.clone(),
            queue: call.queue.clone(),
            agent: agent.clone(),
            language: call.language.clone(),
        };
        let (is_paused, queue) = (call.forks().is_paused(), call.queue.clone());
        self.forks.told.insert(fork, Told { call: id, session, leg, is_paused, agent, queue });
        self.phone(PhoneEffect::StartFork { leg, fork, target: Box::new(target), facts: Box::new(facts), is_paused });
    }

    fn tell_changes(&mut self, fork: ForkId, told: Told) {
        let Some(call) = self.calls.get(&told.call) else { return };
        let is_paused = call.forks().is_paused();
        let (agent, queue) = (call.stage().partner().map(|with| with.agent.clone()), call.queue.clone());
        if (is_paused, &agent, &queue) == (told.is_paused, &told.agent, &told.queue) {
            return;
        }
        if is_paused != told.is_paused {
            self.phone(PhoneEffect::PauseFork { leg: told.leg, fork, is_paused });
        }
        if (&agent, &queue) != (&told.agent, &told.queue) {
            let word = ForkWord::Agent { agent: agent.clone(), queue: queue.clone() };
            self.phone(PhoneEffect::TellFork { fork, word });
        }
        self.forks.told.insert(fork, Told { is_paused, agent, queue, ..told });
    }
}
