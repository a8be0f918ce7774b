//! What a clocked leg hears in a tick. In a conference everybody's voice is added once for all: each hears the sum without the own
//! voice, so that the work grows with the number of those who are in it and not with its square.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use super::{
    leg::{Feed, Seat},
    worker::Worker,
};
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

/// How far a listener's voices are on the way from as loud as they come to as loud as they should be. Who has heard somebody's packets
/// as they are hears no jump when a third begins to be mixed in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Approach {
    share: i32,
}

impl Approach {
    /// The whole way.
    const FULL: i32 = 16_384;
    /// Change in one frame: 320 ms for all of it, by about 3 dB a frame where it is steepest.
    const STEP: i32 = 1_024;

    fn goal(is_levelled: bool) -> i32 {
        if is_levelled { Self::FULL } else { 0 }
    }

    /// Whether it has arrived.
    fn is_at(self, is_levelled: bool) -> bool {
        self.share == Self::goal(is_levelled)
    }

    /// Goes on for a frame.
    fn go(&mut self, is_levelled: bool) -> Stretch {
        let from = self.share;
        self.share += (Self::goal(is_levelled) - from).clamp(-Self::STEP, Self::STEP);
        Stretch { from, to: self.share }
    }
}

/// The part of that way that lies in one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stretch {
    from: i32,
    to: i32,
}

impl Stretch {
    /// All of it lies behind, or none has been gone.
    fn settled(is_levelled: bool) -> Self {
        let at = Approach::goal(is_levelled);
        Self { from: at, to: at }
    }

    fn is_plain(self) -> bool {
        self.from == 0 && self.to == 0
    }

    /// From one to the other, evenly over the frame.
    fn blend(self, plain: &Frame, levelled: &Frame) -> Frame {
        if self == Self::settled(true) {
            return *levelled;
        }
        let mut blended = *plain;
        for ((sample, levelled), done) in blended.iter_mut().zip(levelled).zip(1..) {
            let share = self.from + (self.to - self.from) * done / FRAME_SAMPLES as i32;
            let (plain, levelled) = (i32::from(*sample), i32::from(*levelled));
            // Between the two, so that it fits.
            *sample = (plain + (levelled - plain) * share / Approach::FULL) as i16;
        }
        blended
    }
}

impl Worker {
    /// The sum of what a leg hears.
    pub(super) fn mix_for(&mut self, seat: Seat, tick: u64) -> Frame {
        let has_arrived = self.legs.get(seat).is_some_and(|leg| leg.approach.is_at(self.controls_levels));
        match self.legs.get(seat).and_then(|leg| leg.circle) {
            // Others hear the same only where its way is behind it.
            Some(circle) if has_arrived => self.mix_of_circle(circle, seat, tick),
            Some(_) | None => self.mix_of_sources(seat, tick).frame(),
        }
    }

    fn mix_of_circle(&mut self, circle: Circle, seat: Seat, tick: u64) -> Frame {
        let known = self.circles.sums.get(&circle).filter(|(summed, _)| *summed == tick).map(|(_, sum)| sum.clone());
        let own = self.voice_of(seat, tick, Stretch::settled(self.controls_levels));
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
        let is_made_anew = count > 1 || self.is_transcoded(seat);
        let is_levelled = self.controls_levels && is_made_anew;
        let way = self.legs.get_mut(seat).map_or(Stretch::settled(is_levelled), |leg| leg.approach.go(is_levelled));
        for i in 0..count {
            let Some(source) = self.legs.get(seat).and_then(|leg| leg.sources.get(i)) else { break };
            if let Source::Music(name) = source {
                if let Some(samples) = self.clips.get(name) {
                    mix.add(&music_frame(Some(samples), tick));
                }
                continue;
            }
            if let Some(heard) = self.legs.heard_seat(source, seat)
                && let Some(voice) = self.voice_of(heard, tick, way)
            {
                mix.add(&voice);
            }
        }
        mix
    }

    /// What a leg says to others in this tick, on a listener's way to as loud as voices should be. That is gone where they are mixed or
    /// transcoded: who is relayed to, and hears samples just while something is said over them, hears them as loud as before.
    fn voice_of(&mut self, seat: Seat, tick: u64, way: Stretch) -> Option<Frame> {
        let speaker = self.legs.get(seat).filter(|speaker| !speaker.is_muted)?;
        let is_plain = way.is_plain() || speaker.keeps_level();
        let feed = speaker.feed;
        let sent = match feed {
            // What we send to a clocked leg is noted where it is sent.
            Feed::Relay(from) if !is_plain => self.relayed_frame(from, tick),
            Feed::Relay(_) | Feed::Clocked | Feed::Silent => None,
        };
        let incoming = self.legs.get_mut(seat)?.incoming.as_mut()?;
        if is_plain {
            return Some(*incoming.frame(tick));
        }
        if let Some(sent) = &sent {
            incoming.goes_out(sent);
        }
        let plain = *incoming.frame(tick);
        Some(way.blend(&plain, incoming.voice(tick)))
    }

    /// What a leg's packets sound like in this tick, if they are decoded.
    fn relayed_frame(&mut self, from: Seat, tick: u64) -> Option<Frame> {
        let incoming = self.legs.get_mut(from)?.incoming.as_mut()?;
        Some(*incoming.frame(tick))
    }

    /// Whether the first whom a leg hears cannot be heard as it is.
    fn is_transcoded(&self, seat: Seat) -> bool {
        let source = self.legs.get(seat).and_then(|leg| leg.sources.first());
        let heard = source.and_then(|source| self.legs.heard_seat(source, seat));
        heard.is_some_and(|heard| !self.suits(heard, seat))
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

    #[test]
    fn a_listener_s_voices_come_nearer_to_their_level_by_a_few_decibels_a_frame_and_go_back_so() {
        let (plain, levelled): (Frame, Frame) = ([1_000; FRAME_SAMPLES], [8_000; FRAME_SAMPLES]);
        let mut approach = Approach::default();
        let mut heard = Vec::new();
        for i in 0..40 {
            heard.push(approach.go(i < 20).blend(&plain, &levelled));
        }
        assert_eq!((heard[18], heard[39]), (levelled, plain));
        let steepest = heard.windows(2).map(|pair| f32::from(pair[1][159]) / f32::from(pair[0][159]));
        let steepest = steepest.map(|ratio| 20.0 * ratio.log10().abs()).fold(0.0, f32::max);
        assert!(steepest < 3.5, "{steepest} dB from a frame to the next");
        let jump = heard.as_flattened().windows(2).map(|pair| (pair[1] - pair[0]).abs()).max();
        assert!(jump <= Some(10), "{jump:?}");
        assert!(approach.is_at(false) && !approach.is_at(true));
    }
}
