//! Whose sound is measured on which call. The media workers measure legs and know no calls; an agent's browser keeps its leg for a
//! whole shift. So a leg's stretch begins with what it hears first on a call, and ends with the leg, with the agent's next
//! call, or with the customer's leg.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Output, Switch,
    legs::{BrowserOwner, LegState},
};
use crate::{
    domain::{
        call::{CallEvent, CallEventKind, Party},
        centre::{CentreInput, Fact},
        event::{Actor, Event},
    },
    protocol::media::{MediaNotice, MediaOrder, StretchId},
    types::{CallId, LegId, Now},
};

/// Measurements on their way; those of a worker that is gone do not pile up.
const AWAITED_MAX: usize = 10_000;

/// Legs whose sound is measured for a call.
#[derive(Debug, Default)]
pub(super) struct Voices {
    /// By the media workers' names.
    by_leg: BTreeMap<LegId, (CallId, Party)>,
    awaited: BTreeMap<StretchId, (CallId, Party)>,
    last: StretchId,
    /// Legs of which the floor has been told something that holds as long as they are on their call.
    told: BTreeSet<LegId>,
}

impl Voices {
    /// Ends the stretch of a leg.
    fn end(&mut self, leg: LegId) -> Option<MediaOrder> {
        let voice = self.by_leg.remove(&leg)?;
        self.last = StretchId(self.last.0 + 1);
        if self.awaited.len() >= AWAITED_MAX {
            self.awaited.pop_first();
        }
        self.awaited.insert(self.last, voice);
        Some(MediaOrder::Measure { leg, stretch: Some(self.last) })
    }
}

impl Switch {
    /// Looks at an order on its way to the media workers: what must be measured before it is obeyed.
    pub(super) fn measure(&mut self, order: &MediaOrder, now: Now) {
        match order {
            MediaOrder::Hear { leg, sources } if !sources.is_empty() => self.begin_stretch(*leg, now),
            MediaOrder::Play { leg, .. } => self.begin_stretch(*leg, now),
            MediaOrder::Close { leg } => {
                let ended = self.voices.by_leg.get(leg).copied();
                self.end_stretch(*leg, now);
                if let Some((call, Party::Customer)) = ended {
                    self.end_browsers_of(call, now);
                }
            }
            _ => {}
        }
    }

    fn begin_stretch(&mut self, leg: LegId, now: Now) {
        let before = self.voices.by_leg.get(&leg).copied();
        let Some(voice) = self.centre.voice_of(self.legs.forks.leg_of(leg)) else { return };
        if before == Some(voice) {
            return;
        }
        if before.is_some() {
            self.end_stretch(leg, now);
        } else {
            // What a browser said between two calls belongs to none.
            self.outputs.push_back(Output::Media(MediaOrder::Measure { leg, stretch: None }));
        }
        self.voices.by_leg.insert(leg, voice);
    }

    /// The figures of a leg are asked for, and what was told of its line holds no more.
    fn end_stretch(&mut self, leg: LegId, now: Now) {
        let voice = self.voices.by_leg.get(&leg).copied();
        self.outputs.extend(self.voices.end(leg).map(Output::Media));
        let was_told = self.voices.told.remove(&leg);
        // A party who has another leg on the call by now is judged by that.
        if let Some((call, party)) = voice.filter(|voice| was_told && !self.voices.by_leg.values().any(|other| other == voice))
        {
            self.tell_centre(CentreInput::AudioForgotten { call, party }, now);
        }
    }

    /// Agents' browsers keep their legs beyond the call.
    fn end_browsers_of(&mut self, call: CallId, now: Now) {
        let of_call = self.voices.by_leg.iter().filter(|(_, (of, _))| *of == call).map(|(leg, _)| *leg);
        let is_standing = |leg: &LegId| {
            let entry = self.legs.get(self.legs.forks.leg_of(*leg));
            entry.is_some_and(|entry| matches!(entry.state, LegState::Browser { owner: BrowserOwner::Console(_), .. }))
        };
        let staying: Vec<LegId> = of_call.filter(is_standing).collect();
        for leg in staying {
            self.end_stretch(leg, now);
        }
    }

    /// A notice about sound is told to the floor, or becomes a fact of its call, which may be over by then; others are given back.
    pub(super) fn hear_sound(&mut self, notice: MediaNotice, now: Now) -> Option<MediaNotice> {
        match notice {
            MediaNotice::Measured { stretch, quality, .. } => {
                if let Some((call, party)) = self.voices.awaited.remove(&stretch) {
                    let event = Event::Call(CallEvent { call, kind: CallEventKind::AudioMeasured { party, quality } });
                    self.outputs.push_back(Output::Fact(Fact::of(now.wall, Actor::System, event)));
                }
                None
            }
            MediaNotice::SoundChanged { leg, is_poor: true, quality } if quality.packets == 0 && !self.is_answered(leg) => {
                // Who waits for an answer need not speak. It is judged anew.
                self.outputs.push_back(Output::Media(MediaOrder::Measure { leg, stretch: None }));
                None
            }
            MediaNotice::SoundChanged { leg, is_poor, quality } => {
                if let Some((call, party)) = self.voices.by_leg.get(&leg).copied() {
                    self.voices.told.insert(leg);
                    self.tell_centre(CentreInput::AudioJudged { call, party, is_poor, quality }, now);
                }
                None
            }
            MediaNotice::SpeechChanged { leg, silent_ms } => {
                if let Some((call, party)) = self.voices.by_leg.get(&leg).copied() {
                    self.voices.told.insert(leg);
                    self.tell_centre(CentreInput::SpeechChanged { call, party, silent_ms }, now);
                }
                None
            }
            other => Some(other),
        }
    }

    /// Whether a leg is one of a call that has been answered there.
    fn is_answered(&self, leg: LegId) -> bool {
        let entry = self.legs.get(self.legs.forks.leg_of(leg));
        entry.is_some_and(|entry| {
            !matches!(entry.state, LegState::EarlyMedia { .. } | LegState::Accepted { .. } | LegState::Calling { .. })
        })
    }
}
