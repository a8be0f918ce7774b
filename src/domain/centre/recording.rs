//! Which calls are recorded, and when a recording pauses. It follows from the call, the rules and what people ask for; as with
//! [`super::hearing`], only differences are ordered, so that transfers, holds and restarts need no thought of it: a recording follows
//! the customer's leg, and what a leg has not been told yet is told as the next part.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Centre, CentreOutput, Fact, PhoneEffect, RecordingView, Refusal, Turn};
use crate::{
    domain::{
        call::{
            Call, CallEvent, Direction, PAUSE_TAIL_MS, PartEnd, PauseCause, RecordingCause, ResumeCause, Stage, part_ended,
        },
        directory::{Directory, RecordingBegins, RecordingPolicy},
        event::{Actor, Event},
    },
    types::{AgentId, CallId, LegId, RecordingId},
};

const DAY_MS: i64 = 86_400_000;
/// What a pause lasts at most, whatever the rules say.
const PAUSE_SECS_MIN: i64 = 10;
const PAUSE_SECS_MAX: i64 = 3_600;

/// What people ask of a call's recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum RecordingAsked {
    /// Begin, where the rules leave it to people.
    Begin,
    /// Keep nothing for a while.
    Pause {
        /// Why: `requested` or `form_field`.
        cause: PauseCause,
    },
    /// Go on, as far as this cause is concerned: another one still holds the recording.
    Resume {
        /// Which cause is gone: `requested` or `form_field`; both when it is not given.
        #[serde(default)]
        cause: Option<PauseCause>,
    },
    /// Stop what the agent or a supervisor began. What the rules record is not stopped by hand.
    Stop,
}

/// What the media plane has been told of recordings.
#[derive(Debug, Default)]
pub(super) struct Recordings {
    told: BTreeMap<CallId, Told>,
    /// Parts whose end has not been reported, and whose they are: a call may be gone by then.
    open: BTreeMap<(RecordingId, u32), CallId>,
}

#[derive(Debug, Clone, Copy)]
struct Told {
    leg: LegId,
    is_paused: bool,
}

impl Centre {
    /// Begins, pauses and stops what follows from this turn for every call that it touched.
    pub(super) fn review_recordings(&mut self, turn: &mut Turn<'_>) {
        let touched: Vec<CallId> = self.published.touched_calls().collect();
        for id in touched {
            self.review_recording(turn, id);
            self.tell_recording(turn, id);
        }
    }

    /// Somebody asks. `agent`: only if the call is this agent's.
    pub(super) fn ask_recording(
        &mut self,
        turn: &mut Turn<'_>,
        agent: Option<&AgentId>,
        id: CallId,
        asked: RecordingAsked,
    ) -> Result<(), Refusal> {
        if let Some(agent) = agent {
            self.own_call(agent, id)?;
        }
        let call = self.calls.get(&id).filter(|call| !call.is_over()).ok_or(Refusal::CallOver)?;
        let recording = call.recording().filter(|recording| recording.is_on());
        match (asked, recording) {
            (RecordingAsked::Begin, Some(_)) => {}
            (RecordingAsked::Begin, None) => {
                if self.recording_policy(call) == RecordingPolicy::Never {
                    return Err(Refusal::RecordingNotAllowed);
                }
                if !call.stage().is_conversation() {
                    return Err(Refusal::WrongCallState);
                }
                // A supervisor who has the call is its agent too.
                let asker = match &turn.actor {
                    Actor::User { user } => Some(AgentId::from(user.clone())),
                    Actor::Customer | Actor::System => None,
                };
                let partner = call.stage().partner().map(|partner| partner.agent.clone());
                let begun_by = agent.cloned().or_else(|| partner.filter(|partner| asker.as_ref() == Some(partner)));
                self.begin_recording(turn, id, RecordingCause::OnDemand, begun_by);
            }
            (RecordingAsked::Stop, None) => return Err(Refusal::NotRecorded),
            // What goes to outside systems pauses too, recorded or not.
            (RecordingAsked::Pause { .. } | RecordingAsked::Resume { .. }, None) if !self.is_forked(id) => {
                return Err(Refusal::NotRecorded);
            }
            // Only the flow itself knows of secrets.
            (
                RecordingAsked::Pause { cause: PauseCause::SecureDigits }
                | RecordingAsked::Resume { cause: Some(PauseCause::SecureDigits) },
                _,
            ) => return Err(Refusal::WrongCallState),
            (RecordingAsked::Pause { cause }, _) => {
                self.pause_forks(turn, id, cause);
                self.pause_recording(turn, id, cause);
            }
            (RecordingAsked::Resume { cause }, recording) => {
                let pause = recording.and_then(|recording| recording.pause());
                let mut held = pause.map(|pause| pause.causes()).unwrap_or_default();
                held.extend(call.forks().asked());
                let is_meant = |one: &PauseCause| *one != PauseCause::SecureDigits && cause.is_none_or(|cause| cause == *one);
                let gone: BTreeSet<PauseCause> = held.iter().copied().filter(is_meant).collect();
                if gone.is_empty() && !held.is_empty() {
                    return Err(Refusal::WrongCallState);
                }
                for cause in gone {
                    self.resume_recording(turn, id, cause);
                    self.resume_forks(turn, id, cause);
                }
            }
            (RecordingAsked::Stop, Some(recording)) => {
                let is_own = agent.is_none_or(|agent| recording.begun_by() == Some(agent));
                if !is_own || call.is_drawn_by(self.recording_policy(call)) {
                    return Err(Refusal::RecordingStays);
                }
                self.on_call(turn, id, |call, cx| call.stop_recording_by_hand(cx));
            }
        }
        // Here and not at the end of the turn: what follows from the wish has the same doer.
        self.tell_recording(turn, id);
        Ok(())
    }

    /// A cause of a pause has lasted its time, or the pause is over.
    pub(super) fn pause_elapsed(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let is_secret = self.types_secret(id);
        let (goes_on, longest) = (turn.now.plus_millis(PAUSE_TAIL_MS), turn.now.plus_millis(self.pause_ms_max()));
        let was_last = self.on_call(turn, id, |call, cx| {
            // A flow has deadlines of its own for what it asks.
            if is_secret {
                call.prolong_pause(PauseCause::SecureDigits, longest);
            }
            call.pause_elapsed(goes_on, cx)
        });
        if was_last == Some(true) {
            self.tell_asker(id, "recording_resumed");
        }
    }

    /// A part has ended, at its regular end or because it had to.
    pub(super) fn part_ended(&mut self, turn: &mut Turn<'_>, recording: RecordingId, part: u32, end: PartEnd) {
        let Some(id) = self.recordings.open.remove(&(recording, part)) else { return };
        match self.on_call(turn, id, |call, cx| call.part_ended(recording, part, end, cx)) {
            Some(true) => {
                self.recordings.told.remove(&id);
                self.tell_asker(id, "recording_failed");
            }
            Some(false) => {}
            None => self.out.push_back(CentreOutput::Fact(Fact::of(
                turn.now.wall,
                turn.actor.clone(),
                Event::Call(CallEvent { call: id, kind: part_ended(recording, part, end) }),
            ))),
        }
    }

    /// Parts whose end has not been reported.
    pub fn open_recordings(&self) -> usize {
        self.recordings.open.len()
    }

    /// The rules that a call is under: its queue's own, else the centre's.
    pub(super) fn recording_policy(&self, call: &Call) -> RecordingPolicy {
        let rules = &self.directory.centre.recording;
        let of_queue = call.queue.as_ref().and_then(|queue| self.directory.queues.get(queue)?.recording);
        of_queue.unwrap_or(match call.direction {
            Direction::Inbound => rules.inbound,
            Direction::Outbound => rules.outbound,
        })
    }

    /// New rules hold for the calls that there are.
    pub(super) fn touch_if_recorded_otherwise(&mut self, directory: &Directory) {
        let of_queues = |directory: &Directory| -> Vec<_> {
            directory.queues.values().map(|queue| (queue.id.clone(), queue.recording)).collect()
        };
        if directory.centre.recording != self.directory.centre.recording || of_queues(directory) != of_queues(&self.directory) {
            for id in self.calls.keys() {
                self.published.touch_call(*id);
            }
        }
    }

    /// As consoles show it.
    pub(super) fn recording_view(&self, call: &Call) -> RecordingView {
        match call.recording() {
            Some(recording) if recording.is_on() && !call.is_over() => match recording.pause() {
                Some(pause) => RecordingView::Paused { causes: pause.causes(), until: pause.until() },
                None => {
                    let agent = call.stage().partner().map(|partner| &partner.agent);
                    let is_own = agent.is_some() && recording.begun_by() == agent;
                    RecordingView::On { may_stop: is_own && !call.is_drawn_by(self.recording_policy(call)) }
                }
            },
            Some(recording) if recording.has_failed() => RecordingView::Failed,
            Some(_) | None => {
                let is_allowed = self.recording_policy(call) != RecordingPolicy::Never;
                RecordingView::Off { may_begin: is_allowed && call.stage().is_conversation() }
            }
        }
    }

    fn review_recording(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(call) = self.calls.get(&id).filter(|call| !call.is_over()) else { return };
        let policy = self.recording_policy(call);
        let is_on = call.recording().is_some_and(|recording| recording.is_on());
        // One that failed is begun again by people only; one that the rules stopped, by the rules.
        let has_failed = call.recording().is_some_and(|recording| recording.has_failed());
        // Without anybody of the centre it is a conversation of others.
        let is_forbidden = policy == RecordingPolicy::Never || matches!(call.stage(), Stage::PassedOn { .. });
        // A message is recorded whatever the rules say of conversations.
        if call.is_leaving_voicemail() {
            if !is_on && !has_failed {
                self.begin_recording(turn, id, RecordingCause::Voicemail, None);
            }
            return;
        }
        if is_on && is_forbidden {
            self.on_call(turn, id, |call, _| call.stop_recording());
        } else if !is_on
            && !has_failed
            && !is_forbidden
            && call.is_drawn_by(policy)
            && self.has_come_to(call, self.directory.centre.recording.begins)
        {
            self.begin_recording(turn, id, RecordingCause::Policy, None);
        }
        self.follow_secrets(turn, id);
    }

    /// Whether a call has come so far that it is recorded, or sent to others.
    pub(super) fn has_come_to(&self, call: &Call, begins: RecordingBegins) -> bool {
        let is_answered = call.customer_leg.is_some_and(|leg| !self.unanswered.contains_key(&leg))
            && !matches!(call.stage(), Stage::Answering { .. } | Stage::Dialling { .. });
        match begins {
            RecordingBegins::Answered => is_answered,
            RecordingBegins::Connected => call.stage().is_conversation(),
        }
    }

    /// While a caller types a secret nothing is kept.
    fn follow_secrets(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let Some(recording) = self.calls.get(&id).and_then(|call| call.recording()).filter(|recording| recording.is_on())
        else {
            return;
        };
        let is_secret = self.types_secret(id);
        let is_held = recording.pause().is_some_and(|pause| pause.has(PauseCause::SecureDigits));
        if is_secret && !is_held {
            self.pause_recording(turn, id, PauseCause::SecureDigits);
        } else if is_held && !is_secret {
            self.resume_recording(turn, id, PauseCause::SecureDigits);
        }
    }

    fn begin_recording(&mut self, turn: &mut Turn<'_>, id: CallId, cause: RecordingCause, begun_by: Option<AgentId>) {
        let keep_until = turn.now.wall.plus_millis(self.directory.centre.recording.keep_days.clamp(1, 36_500) * DAY_MS);
        self.on_call(turn, id, |call, cx| call.begin_recording(cause, begun_by, keep_until, cx));
    }

    fn pause_recording(&mut self, turn: &mut Turn<'_>, id: CallId, cause: PauseCause) {
        let until = turn.now.plus_millis(self.pause_ms_max());
        self.on_call(turn, id, |call, cx| call.pause_recording(cause, until, cx));
    }

    /// A cause is gone; the recording goes on if it was the last.
    fn resume_recording(&mut self, turn: &mut Turn<'_>, id: CallId, gone: PauseCause) {
        let goes_on = turn.now.plus_millis(PAUSE_TAIL_MS);
        let cause = match gone {
            PauseCause::Requested => ResumeCause::Requested,
            PauseCause::FormField => ResumeCause::FormField,
            PauseCause::SecureDigits => ResumeCause::SecureDigits,
        };
        self.on_call(turn, id, |call, cx| call.resume_recording(gone, goes_on, cause, cx));
    }

    pub(super) fn pause_ms_max(&self) -> u64 {
        let secs = self.directory.centre.recording.pause_secs_max.clamp(PAUSE_SECS_MIN, PAUSE_SECS_MAX);
        u64::try_from(secs).unwrap_or(0) * 1_000
    }

    /// Orders what is new: the customer's leg, or whether it is paused.
    fn tell_recording(&mut self, turn: &mut Turn<'_>, id: CallId) {
        let wanted = self.calls.get(&id).and_then(|call| self.recorded_leg(call));
        let told = self.recordings.told.get(&id).copied();
        match (told, wanted) {
            (Some(told), Some(wanted)) if told.leg == wanted.leg => {
                if told.is_paused != wanted.is_paused {
                    self.phone(PhoneEffect::PauseRecording { leg: wanted.leg, is_paused: wanted.is_paused });
                    self.recordings.told.insert(id, wanted);
                }
            }
            (told, wanted) => {
                if let Some(told) = told {
                    self.recordings.told.remove(&id);
                    // The end of a leg ends its recording too.
                    if self.legs.contains_key(&told.leg) {
                        self.phone(PhoneEffect::StopRecording { leg: told.leg });
                    }
                }
                let Some(wanted) = wanted else { return };
                let Some(Some((recording, part))) = self.on_call(turn, id, |call, cx| call.begin_part(cx)) else { return };
                self.recordings.open.insert((recording, part), id);
                let Told { leg, is_paused } = wanted;
                self.phone(PhoneEffect::Record { leg, recording, part, is_paused });
                self.recordings.told.insert(id, wanted);
            }
        }
    }

    /// The leg that is to be recorded now. After a restart a telephone must be back first.
    fn recorded_leg(&self, call: &Call) -> Option<Told> {
        let recording = call.recording().filter(|recording| recording.is_on() && !call.is_over())?;
        let leg = call.customer_leg.filter(|leg| self.legs.contains_key(leg) && !self.is_awaited(call.id))?;
        Some(Told { leg, is_paused: recording.pause().is_some() })
    }
}
