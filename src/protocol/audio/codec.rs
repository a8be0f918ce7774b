//! Every codec behind one pair of types: 20 ms of samples to a payload and back, always at 8 kHz.
//! Opus is opened at the 8 kHz API rate and of G.722 only the lower band is decoded, so neither is resampled. Only the G.722
//! encoder doubles the rate first: the library's own 8 kHz mode writes wrong codes (0.4.13).

use std::fmt;

use audio_codec::{BoxedResampler, Decoder as _, Encoder as _, g722, pcma, pcmu};

use super::{FRAME_SAMPLES, Frame, SAMPLE_RATE};
use crate::protocol::media::Codec;

/// Longest payload that is encoded or decoded: 120 ms of G.711, far above any Opus packet at our bitrate.
pub const PAYLOAD_MAX: usize = 1_275;
/// Samples in the longest packet that is decoded: 120 ms, the most that Opus allows (RFC 6716 2.1.4).
pub const PACKET_SAMPLES_MAX: usize = 960;
/// Opus at 8 kHz is telephone speech: 16 kbit/s is transparent for it.
const OPUS_BITS_PER_SECOND: i32 = 16_000;
/// Half of the encoder's effort for almost all of its quality.
const OPUS_COMPLEXITY: i32 = 5;

/// A payload or encoder that a codec refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodecFault {
    /// Which codec.
    pub codec: Codec,
    /// What it said.
    pub reason: String,
}

impl fmt::Display for CodecFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.codec, self.reason)
    }
}

impl std::error::Error for CodecFault {}

/// Ticks per second of a codec's RTP timestamps. G.722 keeps 8 kHz although its audio is 16 kHz (RFC 3551 4.5.2).
pub const fn clock_rate(codec: Codec) -> u32 {
    match codec {
        Codec::Pcmu | Codec::Pcma | Codec::G722 => 8_000,
        Codec::Opus => 48_000,
    }
}

/// RTP timestamp ticks of one frame of 20 ms.
pub const fn timestamp_step(codec: Codec) -> u32 {
    clock_rate(codec) / 50
}

/// Samples to payloads.
pub struct Encoder {
    codec: Codec,
    state: EncoderState,
}

enum EncoderState {
    Pcmu(pcmu::PcmuEncoder),
    Pcma(pcma::PcmaEncoder),
    G722 { encoder: Box<g722::G722Encoder>, doubler: BoxedResampler },
    Opus(opus::Encoder),
}

impl Encoder {
    /// A fresh encoder. Only Opus can fail, when memory is short.
    pub fn new(codec: Codec) -> Result<Self, CodecFault> {
        let state = match codec {
            Codec::Pcmu => EncoderState::Pcmu(pcmu::PcmuEncoder::new()),
            Codec::Pcma => EncoderState::Pcma(pcma::PcmaEncoder::new()),
            Codec::G722 => EncoderState::G722 {
                encoder: Box::new(g722::G722Encoder::new()),
                doubler: BoxedResampler::new(8_000, 16_000).map_err(|fault| refused(codec, fault))?,
            },
            Codec::Opus => EncoderState::Opus(opus_encoder().map_err(|fault| refused(codec, fault))?),
        };
        Ok(Self { codec, state })
    }

    /// Which codec.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Makes payloads fit for a way on which so many in a hundred packets are lost: Opus then repeats each frame coarsely in the
    /// next (RFC 6716 2.1.7), for some of its bits. The others have no such means.
    pub fn expect_loss(&mut self, percent: u8) -> Result<(), CodecFault> {
        let codec = self.codec;
        let EncoderState::Opus(encoder) = &mut self.state else { return Ok(()) };
        let set = encoder.set_inband_fec(percent > 0).and_then(|()| encoder.set_packet_loss_perc(percent.min(100).into()));
        set.map_err(|fault| refused(codec, fault))
    }

    /// Writes one frame's payload to `out` and returns its length in bytes.
    pub fn encode(&mut self, frame: &Frame, out: &mut [u8; PAYLOAD_MAX]) -> Result<usize, CodecFault> {
        let codec = self.codec;
        match &mut self.state {
            EncoderState::Pcmu(encoder) => encoder.encode_into(frame, out).map_err(|fault| refused(codec, fault)),
            EncoderState::Pcma(encoder) => encoder.encode_into(frame, out).map_err(|fault| refused(codec, fault)),
            EncoderState::G722 { encoder, doubler } => {
                let mut doubled = [0; 2 * FRAME_SAMPLES];
                doubler.resample_into(frame, &mut doubled).map_err(|fault| refused(codec, fault))?;
                encoder.encode_into(&doubled, out).map_err(|fault| refused(codec, fault))
            }
            EncoderState::Opus(encoder) => encoder.encode(frame, out).map_err(|fault| refused(codec, fault)),
        }
    }
}

/// Payloads to samples.
pub struct Decoder {
    codec: Codec,
    state: DecoderState,
}

enum DecoderState {
    Pcmu(pcmu::PcmuDecoder),
    Pcma(pcma::PcmaDecoder),
    G722(Box<g722::G722Decoder>),
    Opus(opus::Decoder),
}

impl Decoder {
    /// A fresh decoder. Only Opus can fail, when memory is short.
    pub fn new(codec: Codec) -> Result<Self, CodecFault> {
        let state = match codec {
            Codec::Pcmu => DecoderState::Pcmu(pcmu::PcmuDecoder::new()),
            Codec::Pcma => DecoderState::Pcma(pcma::PcmaDecoder::new()),
            Codec::G722 => DecoderState::G722(Box::new(g722_decoder())),
            Codec::Opus => DecoderState::Opus(
                opus::Decoder::new(SAMPLE_RATE, opus::Channels::Mono).map_err(|fault| refused(codec, fault))?,
            ),
        };
        Ok(Self { codec, state })
    }

    /// Which codec.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Writes the payload's samples to `out` and returns how many.
    pub fn decode(&mut self, payload: &[u8], out: &mut [i16; PACKET_SAMPLES_MAX]) -> Result<usize, CodecFault> {
        let codec = self.codec;
        match &mut self.state {
            DecoderState::Pcmu(decoder) => decoder.decode_into(payload, out).map_err(|fault| refused(codec, fault)),
            DecoderState::Pcma(decoder) => decoder.decode_into(payload, out).map_err(|fault| refused(codec, fault)),
            DecoderState::G722(decoder) => decoder.decode_into(payload, out).map_err(|fault| refused(codec, fault)),
            DecoderState::Opus(decoder) => decoder.decode(payload, out, false).map_err(|fault| refused(codec, fault)),
        }
    }

    /// The next payload does not follow what G.722 has decoded so far. The others know nothing of it, or soon find their way.
    pub fn forget(&mut self) {
        if let DecoderState::G722(decoder) = &mut self.state {
            **decoder = g722_decoder();
        }
    }

    /// What was lost before this payload, as far as the payload holds a coarse copy of it (Opus in-band FEC, RFC 6716 2.1.7; where
    /// it holds none, the codec guesses). `None` for codecs that have nothing of the kind.
    pub fn recover(&mut self, following: &[u8], out: &mut [i16]) -> Option<usize> {
        let DecoderState::Opus(decoder) = &mut self.state else { return None };
        decoder.decode(following, out, true).ok()
    }

    /// What the codec itself guesses for lost sound, of which `out` is as long; `None` for codecs that cannot.
    pub fn guess(&mut self, out: &mut [i16]) -> Option<usize> {
        let DecoderState::Opus(decoder) = &mut self.state else { return None };
        decoder.decode(&[], out, false).ok()
    }
}

fn g722_decoder() -> g722::G722Decoder {
    g722::G722Decoder::with_options(g722::Bitrate::Mode1_64000, false, true)
}

fn opus_encoder() -> Result<opus::Encoder, opus::Error> {
    let mut encoder = opus::Encoder::new(SAMPLE_RATE, opus::Channels::Mono, opus::Application::Voip)?;
    encoder.set_bitrate(opus::Bitrate::Bits(OPUS_BITS_PER_SECOND))?;
    encoder.set_complexity(OPUS_COMPLEXITY)?;
    Ok(encoder)
}

fn refused(codec: Codec, fault: impl fmt::Display) -> CodecFault {
    CodecFault { codec, reason: fault.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::audio::{Goertzel, Tone};

    #[test]
    fn a_tone_survives_every_codec() {
        for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus] {
            let mut encoder = Encoder::new(codec).expect("an encoder");
            let mut decoder = Decoder::new(codec).expect("a decoder");
            let mut tone = Tone::new(1_000.0, 8_000);
            let (mut payload, mut samples) = ([0; PAYLOAD_MAX], [0; PACKET_SAMPLES_MAX]);
            let mut heard = Vec::new();
            for _ in 0..50 {
                let length = encoder.encode(&tone.frame(), &mut payload).expect("a payload");
                let count = decoder.decode(&payload[..length], &mut samples).expect("samples");
                assert_eq!(count, FRAME_SAMPLES, "{codec:?}");
                heard.extend_from_slice(&samples[..count]);
            }
            let share = Goertzel::share(1_000.0, &heard[4_000..]);
            assert!(share > 0.9, "{codec:?}: {share}");
        }
    }

    #[test]
    fn a_decoder_that_forgets_says_what_a_new_one_says() {
        let mut encoder = Encoder::new(Codec::G722).expect("an encoder");
        let (mut used, mut new) =
            (Decoder::new(Codec::G722).expect("a decoder"), Decoder::new(Codec::G722).expect("a decoder"));
        let (mut tone, mut payload) = (Tone::new(1_000.0, 8_000), [0; PAYLOAD_MAX]);
        let (mut one, mut other) = ([0; PACKET_SAMPLES_MAX], [0; PACKET_SAMPLES_MAX]);
        for _ in 0..5 {
            let length = encoder.encode(&tone.frame(), &mut payload).expect("a payload");
            used.decode(&payload[..length], &mut one).expect("samples");
        }
        used.forget();
        used.decode(&payload[..FRAME_SAMPLES], &mut one).expect("samples");
        new.decode(&payload[..FRAME_SAMPLES], &mut other).expect("samples");
        assert_eq!(one, other);
    }

    #[test]
    fn a_payload_that_is_no_opus_is_a_fault_and_not_a_panic() {
        let mut decoder = Decoder::new(Codec::Opus).expect("a decoder");
        let mut samples = [0; PACKET_SAMPLES_MAX];
        for length in 0..64_usize {
            let junk: Vec<u8> = (0..length).map(|i| 255 - (i as u8)).collect();
            let _ = decoder.decode(&junk, &mut samples);
        }
        assert!(decoder.decode(&[0xff, 0xff, 0xff], &mut samples).is_err());
    }

    #[test]
    fn a_packet_longer_than_120_ms_is_refused() {
        for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722] {
            let mut decoder = Decoder::new(codec).expect("a decoder");
            assert!(decoder.decode(&[0xff; 1_400], &mut [0; PACKET_SAMPLES_MAX]).is_err(), "{codec:?}");
        }
    }
}
