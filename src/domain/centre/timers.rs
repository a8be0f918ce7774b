//! Every deadline of the floor, as a table. Setting a deadline again moves it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Centre, Turn};
use crate::{
    domain::event::Actor,
    types::{AgentId, CallId, LegId, Mono, Now, Rng, SessionId, WorkItemId},
};

/// What a deadline is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// The audio of a colleague's console in a conference has not come back. Of deadlines at one moment the first: who has left has no
    /// call to go on with.
    PartyAudio(CallId, AgentId),
    /// A call's stage has lasted its time: unconfirmed, unanswered, in a flow, echo, last words, without the agent's audio.
    Stage(CallId),
    /// A consultation has lasted its time: unanswered, or with the customer on music for too long.
    Consult(CallId),
    /// A customer has been on hold for a while.
    Hold(CallId),
    /// The flow of a call wants to go on.
    Flow(CallId),
    /// The look-up of a caller has not been answered.
    LookUp(CallId),
    /// A caller has waited the queue's maximum.
    MaxWait(CallId),
    /// A caller is told the position.
    Announce(CallId),
    /// A caller hears a message of the queue.
    Message(CallId),
    /// A caller has gone unanswered for the most that the number allows.
    Unanswered(CallId),
    /// A call has lasted longer than any call should.
    Longest(CallId),
    /// A pause of a call's recording has lasted its time.
    RecordingPause(CallId),
    /// A copy of a call's audio is tried again, or its pause is over.
    Forks(CallId),
    /// A secret that a caller was typing as an earlier process died has been typed to its end, heard or not.
    Secret(CallId),
    /// The customer's audio has not come back.
    CustomerAudio(CallId),
    /// An agent's wrap-up, or patience with an agent's device, is over.
    Agent(AgentId),
    /// A phone that could not ring is tried again.
    DeviceRetry(AgentId),
    /// A console should show an offered call by now.
    OfferShown(CallId, AgentId),
    /// A console's audio should be up by now.
    ConsoleUp(AgentId),
    /// A web phone's audio should be up by now.
    WebPhone(SessionId),
    /// A telephone that parked has been told the slot.
    SlotTold(LegId),
    /// A calendar may have opened or closed.
    Hours,
    /// Lines are looked through for waits that have become too long.
    Overflow,
    /// The waits that consoles are shown are forecast anew.
    Forecasts,
    /// A callback is due, may be called again, or is given up.
    Callbacks,
    /// A work item goes before calls from now on.
    Work,
    /// An offer of a work item, or the time that an agent may have it open, is over.
    WorkItem(WorkItemId),
    /// An agent is no longer passed over for a call, or a call has waited for the next step of its queue.
    Match,
    /// Those far back in long lines are shown where they stand.
    Positions,
    /// The floor looks whether all of it fits together.
    Reconcile,
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct Timers {
    by_time: BTreeSet<(Mono, Timer)>,
    times: BTreeMap<Timer, Mono>,
}

impl Timers {
    /// Sets, moves or (with `None`) clears a deadline.
    pub(super) fn set(&mut self, timer: Timer, at: Option<Mono>) {
        if let Some(old) = self.times.remove(&timer) {
            self.by_time.remove(&(old, timer.clone()));
        }
        if let Some(at) = at {
            self.times.insert(timer.clone(), at);
            self.by_time.insert((at, timer));
        }
    }

    /// Whether a deadline is set.
    pub(super) fn is_set(&self, timer: &Timer) -> bool {
        self.times.contains_key(timer)
    }

    /// When a deadline is, if it is set.
    pub(super) fn at(&self, timer: &Timer) -> Option<Mono> {
        self.times.get(timer).copied()
    }

    /// Clears all deadlines of a call that is over.
    pub(super) fn clear_call(&mut self, call: CallId) {
        for timer in [
            Timer::Stage(call),
            Timer::Consult(call),
            Timer::Hold(call),
            Timer::Flow(call),
            Timer::LookUp(call),
            Timer::MaxWait(call),
            Timer::Announce(call),
            Timer::Message(call),
            Timer::Unanswered(call),
            Timer::Longest(call),
            Timer::RecordingPause(call),
            Timer::Forks(call),
            Timer::Secret(call),
            Timer::CustomerAudio(call),
        ] {
            self.set(timer, None);
        }
    }

    /// The earliest deadline.
    pub(super) fn next(&self) -> Option<Mono> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Takes the earliest deadline out, if it has passed.
    pub(super) fn take_due(&mut self, now: Mono) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        let (_, timer) = self.by_time.pop_first()?;
        self.times.remove(&timer);
        Some(timer)
    }
}

impl Centre {
    /// Handles every deadline that has passed.
    pub fn timeout(&mut self, now: Now, rng: &mut Rng) {
        let turn = &mut Turn { now, rng, actor: Actor::System };
        while let Some(timer) = self.timers.take_due(now.mono) {
            match timer {
                Timer::PartyAudio(call, colleague) => self.party_audio_elapsed(turn, call, &colleague),
                Timer::Stage(call) => self.stage_elapsed(turn, call),
                Timer::Consult(call) => self.consult_elapsed(turn, call),
                Timer::Hold(call) => self.hold_elapsed(turn, call),
                Timer::Flow(call) => self.flow_wakes(turn, call),
                Timer::LookUp(call) => self.look_up_elapsed(turn, call),
                Timer::MaxWait(call) => self.max_wait_elapsed(turn, call),
                Timer::Announce(call) => self.announce_position(turn, call),
                Timer::Message(call) => self.message_due(turn, call),
                Timer::Unanswered(call) => self.unanswered_elapsed(turn, call),
                Timer::Longest(call) => self.longest_elapsed(turn, call),
                Timer::RecordingPause(call) => self.pause_elapsed(turn, call),
                Timer::Forks(call) => self.forks_elapsed(turn, call),
                Timer::Secret(call) => self.secret_elapsed(call),
                Timer::CustomerAudio(call) => self.customer_audio_elapsed(turn, call),
                Timer::Agent(agent) => self.agent_elapsed(turn, &agent),
                Timer::DeviceRetry(agent) => self.refresh_device(turn, &agent),
                Timer::OfferShown(call, agent) => self.offer_not_shown(turn, call, &agent),
                Timer::ConsoleUp(agent) => self.console_elapsed(turn, &agent),
                Timer::WebPhone(session) => self.web_phone_elapsed(turn, session),
                Timer::SlotTold(leg) => self.slot_told(leg),
                Timer::Hours => self.check_hours(turn),
                Timer::Overflow => self.overflow(turn),
                Timer::Forecasts => self.renew_forecasts(turn.now.mono),
                Timer::Callbacks => self.callbacks.is_review_due = true,
                Timer::Work => self.work.is_review_due = true,
                Timer::WorkItem(item) => self.work_item_elapsed(turn, item),
                Timer::Match => self.match_again(turn),
                Timer::Positions => self.publish_moved(),
                Timer::Reconcile => self.look_at_floor(turn),
            }
        }
        self.finish(turn);
    }

    /// When [`Centre::timeout`] wants to be called next.
    pub fn next_wakeup(&self) -> Option<Mono> {
        self.timers.next()
    }
}
