//! Whether anything is said on a leg that somebody hears, so that a conversation in which nobody speaks is told. One packet in ten is
//! listened to: words last longer than the 200 ms between two of them, and all of it costs a relayed leg next to nothing.

use super::leg::Leg;
use crate::{
    protocol::{
        audio::{Decoder, PACKET_SAMPLES_MAX, VoiceActivity},
        media::Codec,
    },
    types::Mono,
};

/// Packets from one that is listened to, to the next. G.722 follows from all that was before, and is decoded from nothing one packet
/// ahead, in which it all but finds its loudness: a decoder that goes on over gaps hums in silence.
const EVERY: u8 = 10;

/// An Opus packet of no more octets holds no sound: the peer sends none while it is silent (RFC 6716 2.1.9). To a decoder such a one is
/// lost, and it would make up more of the word before.
const OPUS_PAUSE_MAX: usize = 2;

/// Who says nothing, and for how long.
pub(super) struct Speech {
    since_heard: u8,
    activity: VoiceActivity,
    /// Codecs that know what was before are decoded by one of their own: what it says of single packets is right in how loud they are.
    decoder: Option<Decoder>,
    spoke_at: Mono,
    /// It has been told that nothing is said.
    is_silent: bool,
}

impl Speech {
    /// Of a leg that begins now.
    pub(super) fn since(now: Mono) -> Self {
        Self { since_heard: 0, activity: VoiceActivity::default(), decoder: None, spoke_at: now, is_silent: false }
    }

    /// Takes a packet of the leg's peer.
    pub(super) fn hear(&mut self, codec: Codec, payload: &[u8], now: Mono) {
        self.since_heard += 1;
        let leads_in = codec == Codec::G722 && self.since_heard == EVERY - 1;
        if self.since_heard < EVERY && !leads_in {
            return;
        }
        if self.decoder.as_ref().is_none_or(|decoder| decoder.codec() != codec) {
            self.decoder = Decoder::new(codec).ok();
        }
        if leads_in && let Some(decoder) = &mut self.decoder {
            decoder.forget();
        }
        let mut samples = [0; PACKET_SAMPLES_MAX];
        let is_pause = codec == Codec::Opus && payload.len() <= OPUS_PAUSE_MAX;
        let decoder = self.decoder.as_mut().filter(|_| !is_pause);
        let count = decoder.and_then(|decoder| decoder.decode(payload, &mut samples).ok()).unwrap_or(0);
        if leads_in {
            return;
        }
        self.since_heard = 0;
        let heard = samples.get_mut(..count).unwrap_or_default();
        centre(heard);
        if self.activity.hear(heard).is_voice {
            self.note(now);
        }
    }

    /// Something was said, or a key pressed.
    pub(super) fn note(&mut self, now: Mono) {
        self.spoke_at = now;
    }

    /// Who hears it, or whom it is heard on, has changed: the time runs anew. `true` if its silence had been told.
    pub(super) fn begin(&mut self, now: Mono) -> bool {
        self.spoke_at = now;
        std::mem::take(&mut self.is_silent)
    }

    /// What is to be told, if anything: for how many milliseconds nothing has been said, or that something is said again.
    pub(super) fn judge(&mut self, silent_ms_max: u64, now: Mono) -> Option<Option<u64>> {
        let silent_ms = now.millis_since(self.spoke_at);
        let is_silent = silent_ms >= silent_ms_max;
        let has_changed = is_silent != std::mem::replace(&mut self.is_silent, is_silent);
        has_changed.then(|| is_silent.then_some(silent_ms))
    }
}

/// Takes out what does not swing: no voice has it, and a decoder that has begun in the middle may add it.
fn centre(samples: &mut [i16]) {
    let sum: i32 = samples.iter().map(|sample| i32::from(*sample)).sum();
    let mean = (sum / samples.len().max(1) as i32) as i16;
    for sample in samples {
        *sample = sample.saturating_sub(mean);
    }
}

impl Leg {
    /// Whether somebody hears it, so that its silence means something.
    pub(super) fn is_heard(&self) -> bool {
        !self.audience.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::audio::{Encoder, FRAME_SAMPLES, PAYLOAD_MAX, SILENCE, read_wav};

    fn at(millis: u64) -> Mono {
        Mono::from_millis(millis)
    }

    /// Speech for 10 s, nothing for 30 s, a few words, nothing for 18 s.
    #[test]
    fn silence_is_told_once_and_so_is_the_first_word_after_it() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/ivr-scripts/main-menu/prompts/en/menu.wav");
        let speech = read_wav(&std::fs::read(path).expect("the prompt")).expect("a sound file");
        for codec in [Codec::Pcmu, Codec::G722, Codec::Opus] {
            let mut encoder = Encoder::new(codec).expect("an encoder");
            let mut frames = speech.chunks_exact(FRAME_SAMPLES).cycle();
            let (mut watch, mut told, mut payload) = (Speech::since(at(0)), Vec::new(), [0; PAYLOAD_MAX]);
            for i in 0..3_000_u64 {
                let is_speech = i < 500 || (2_000..2_100).contains(&i);
                let frame = if is_speech { frames.next().expect("endless").try_into().expect("a frame") } else { SILENCE };
                let length = encoder.encode(&frame, &mut payload).expect("a payload");
                watch.hear(codec, &payload[..length], at(i * 20));
                told.extend(watch.judge(20_000, at(i * 20)).map(|said| (i / 50, said.is_some())));
            }
            let [(first, true), (second, false)] = told[..] else { panic!("{codec:?}: {told:?}") };
            assert!((28..=30).contains(&first) && (40..=42).contains(&second), "{codec:?}: {told:?}");
        }
    }

    #[test]
    fn a_new_listener_and_a_key_begin_the_time_anew() {
        let mut watch = Speech::since(at(1_000));
        assert_eq!(watch.judge(20_000, at(20_999)), None, "nobody is silent before the leg begins");
        assert_eq!(watch.judge(20_000, at(25_000)), Some(Some(24_000)));
        assert_eq!(watch.judge(20_000, at(26_000)), None);
        assert!(watch.begin(at(30_000)), "its silence had been told");
        assert_eq!(watch.judge(20_000, at(49_000)), None);
        watch.note(at(49_000));
        assert_eq!(watch.judge(20_000, at(68_000)), None);
        assert_eq!(watch.judge(20_000, at(69_000)), Some(Some(20_000)));
    }
}
