//! Whose sound is measured on which call. The media workers measure legs and know no calls; an agent's browser keeps its leg for a
//! whole shift. So a leg's stretch begins with what it hears first on a call, and ends with the leg, with the agent's next
//! call, or with the customer's leg.

use std::collections::BTreeMap;

use super::{
    Output, Switch,
    legs::{BrowserOwner, LegState},
};
use crate::{
    domain::{
        call::{CallEvent, CallEventKind, Party},
        centre::Fact,
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
    pub(super) fn measure(&mut self, order: &MediaOrder) {
        match order {
            MediaOrder::Hear { leg, sources } if !sources.is_empty() => self.begin_stretch(*leg),
            MediaOrder::Play { leg, .. } => self.begin_stretch(*leg),
            MediaOrder::Close { leg } => {
                let ended = self.voices.by_leg.get(leg).copied();
                self.outputs.extend(self.voices.end(*leg).map(Output::Media));
                if let Some((call, Party::Customer)) = ended {
                    self.end_browsers_of(call);
                }
            }
            _ => {}
        }
    }

    fn begin_stretch(&mut self, leg: LegId) {
        let before = self.voices.by_leg.get(&leg).copied();
        let Some(voice) = self.centre.voice_of(self.legs.forks.leg_of(leg)) else { return };
        if before == Some(voice) {
            return;
        }
        let ended = self.voices.end(leg);
        // What a browser said between two calls belongs to none.
        let order = ended.unwrap_or(MediaOrder::Measure { leg, stretch: None });
        self.outputs.push_back(Output::Media(order));
        self.voices.by_leg.insert(leg, voice);
    }

    /// Agents' browsers keep their legs beyond the call.
    fn end_browsers_of(&mut self, call: CallId) {
        let of_call = self.voices.by_leg.iter().filter(|(_, (of, _))| *of == call).map(|(leg, _)| *leg);
        let is_standing = |leg: &LegId| {
            let entry = self.legs.get(self.legs.forks.leg_of(*leg));
            entry.is_some_and(|entry| matches!(entry.state, LegState::Browser { owner: BrowserOwner::Console(_), .. }))
        };
        let staying: Vec<LegId> = of_call.filter(is_standing).collect();
        for leg in staying {
            self.outputs.extend(self.voices.end(leg).map(Output::Media));
        }
    }

    /// A notice about sound becomes a fact of its call; others are given back.
    pub(super) fn hear_sound(&mut self, notice: MediaNotice, now: Now) -> Option<MediaNotice> {
        let (voice, fact): (_, fn(Party, _) -> CallEventKind) = match &notice {
            MediaNotice::Measured { stretch, .. } => {
                (self.voices.awaited.remove(stretch), |party, quality| CallEventKind::AudioMeasured { party, quality })
            }
            MediaNotice::SoundChanged { leg, is_poor: true, .. } => {
                (self.voices.by_leg.get(leg).copied(), |party, quality| CallEventKind::AudioPoor { party, quality })
            }
            MediaNotice::SoundChanged { leg, is_poor: false, .. } => {
                (self.voices.by_leg.get(leg).copied(), |party, quality| CallEventKind::AudioClear { party, quality })
            }
            _ => return Some(notice),
        };
        let (MediaNotice::Measured { quality, .. } | MediaNotice::SoundChanged { quality, .. }) = notice else { return None };
        if let Some((call, party)) = voice {
            let event = Event::Call(CallEvent { call, kind: fact(party, quality) });
            self.outputs.push_back(Output::Fact(Fact { at: now.wall, actor: Actor::System, event, call: None }));
        }
        None
    }
}
