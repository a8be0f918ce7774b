//! What a clocked leg hears in a tick. In a conference everybody's voice is added once for all: each hears the sum without the own
//! voice, so that the work grows with the number of those who are in it and not with its square.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use super::{leg::Seat, worker::Worker};
use crate::{
    protocol::{
        audio::{FRAME_SAMPLES, Frame, Mix, SILENCE},
        media::{Samples, Source},
    },
    types::LegId,
};

/// Two add up no faster than one by one.
const CIRCLE_MIN: usize = 4;

/// Those who hear each other, by what they have in common: the legs that each hears and the own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Circle(u64);

impl Circle {
    /// Of a leg with these sources; none where few or others than legs are heard.
    pub(super) fn of(own: LegId, sources: &[Source]) -> Option<Self> {
        if sources.len() + 1 < CIRCLE_MIN {
            return None;
        }
        let mut legs = Vec::with_capacity(sources.len() + 1);
        legs.push(own);
        for source in sources {
            let Source::Leg(leg) = source else { return None };
            legs.push(*leg);
        }
        legs.sort_unstable();
        legs.dedup();
        let mut name = DefaultHasher::new();
        legs.hash(&mut name);
        Some(Self(name.finish()))
    }
}

/// The voices of circles, added up in the tick that they belong to.
#[derive(Debug, Default)]
pub(super) struct Circles {
    sums: BTreeMap<Circle, (u64, Mix)>,
}

impl Circles {
    /// Forgets those that nobody has heard since this tick.
    pub(super) fn care(&mut self, tick: u64) {
        self.sums.retain(|_, (last, _)| *last >= tick);
    }
}

impl Worker {
    /// The sum of what a leg hears.
    pub(super) fn mix_for(&mut self, seat: Seat, tick: u64) -> Frame {
        match self.legs.get(seat).and_then(|leg| leg.circle) {
            Some(circle) => self.mix_of_circle(circle, seat, tick),
            None => self.mix_of_sources(seat, tick).frame(),
        }
    }

    fn mix_of_circle(&mut self, circle: Circle, seat: Seat, tick: u64) -> Frame {
        let known = self.circles.sums.get(&circle).filter(|(summed, _)| *summed == tick).map(|(_, sum)| sum.clone());
        let own = self.voice_of(seat, tick, true);
        let mut sum = known.unwrap_or_else(|| {
            let mut sum = self.mix_of_sources(seat, tick);
            if let Some(own) = &own {
                sum.add(own);
            }
            self.circles.sums.insert(circle, (tick, sum.clone()));
            sum
        });
        if let Some(own) = &own {
            sum.take_away(own);
        }
        sum.frame()
    }

    fn mix_of_sources(&mut self, seat: Seat, tick: u64) -> Mix {
        let mut mix = Mix::default();
        let count = self.legs.get(seat).map_or(0, |leg| leg.sources.len());
        let is_mixed = count > 1;
        for i in 0..count {
            let Some(source) = self.legs.get(seat).and_then(|leg| leg.sources.get(i)) else { break };
            if let Source::Music(name) = source {
                if let Some(samples) = self.clips.get(name) {
                    mix.add(&music_frame(Some(samples), tick));
                }
                continue;
            }
            if let Some(heard) = self.legs.heard_seat(source, seat)
                && let Some(voice) = self.voice_of(heard, tick, is_mixed || !self.suits(heard, seat))
            {
                mix.add(&voice);
            }
        }
        mix
    }

    /// What a leg says to others in this tick, as loud as voices should be if it is for a mix or transcoded. Who is relayed to, and hears
    /// samples just while something is said over them, hears them as loud as before.
    fn voice_of(&mut self, seat: Seat, tick: u64, is_made_anew: bool) -> Option<Frame> {
        let is_levelled = is_made_anew && self.controls_levels;
        let speaker = self.legs.get_mut(seat).filter(|speaker| !speaker.is_muted)?;
        let is_levelled = is_levelled && !speaker.keeps_level();
        let incoming = speaker.incoming.as_mut()?;
        Some(if is_levelled { *incoming.voice(tick) } else { *incoming.frame(tick) })
    }

    /// Whether a leg's packets could go to a listener as they are.
    fn suits(&self, speaker: Seat, listener: Seat) -> bool {
        let codec = self.legs.get(speaker).and_then(|speaker| speaker.codec_in);
        let listener = self.legs.get(listener);
        codec.zip(listener).is_some_and(|(codec, listener)| listener.payload_type_for(codec).is_some())
    }
}

/// Music is where the clock stands: everybody hears the same place, and a caller who is put on hold again hears it go on. Without any
/// it is silence.
pub(super) fn music_frame(samples: Option<&Samples>, tick: u64) -> Frame {
    let Some(samples) = samples.filter(|samples| !samples.is_empty()) else { return SILENCE };
    let length = samples.len();
    let start = (tick % length as u64 * FRAME_SAMPLES as u64 % length as u64) as usize;
    let (mut frame, mut from, mut filled) = (SILENCE, start, 0);
    while filled < FRAME_SAMPLES {
        let count = (FRAME_SAMPLES - filled).min(length - from);
        frame[filled..filled + count].copy_from_slice(&samples[from..from + count]);
        (from, filled) = (0, filled + count);
    }
    frame
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Rng, Timestamp};

    #[test]
    fn all_of_a_conference_are_one_circle_and_who_listens_to_it_is_another() {
        let mut rng = Rng::seeded(1);
        let legs: Vec<LegId> = (0..5).map(|_| LegId::mint(Timestamp::from_millis(0), &mut rng)).collect();
        let circle = |own: usize, heard: &[usize]| {
            let sources: Vec<Source> = heard.iter().map(|leg| Source::Leg(legs[*leg])).collect();
            Circle::of(legs[own], &sources)
        };
        let first = circle(0, &[1, 2, 3]);
        assert!(first.is_some());
        assert_eq!((first, first), (circle(1, &[3, 0, 2]), circle(3, &[0, 1, 2])), "in whatever order");
        assert_ne!(first, circle(4, &[0, 1, 2, 3]));
        assert_eq!(circle(0, &[1, 2]), None, "two voices are added as fast");
        assert_eq!(Circle::of(legs[0], &[Source::Leg(legs[1]), Source::Leg(legs[2]), Source::Echo]), None);
    }
}
