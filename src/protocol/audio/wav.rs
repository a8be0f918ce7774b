//! Sound files: RIFF WAV with whole-number or float samples, any rate and channels, to 8 kHz mono.

use std::{fmt, io::Cursor};

use super::SAMPLE_RATE;

/// Longest sound that is read: ten minutes. More is a recording in the wrong folder.
const SECONDS_MAX: u32 = 600;

/// Why a sound file cannot be used, with the mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WavFault {
    /// Not a WAV file, cut short, or of a kind that is not read.
    Unreadable(String),
    /// Outside the rates that speech comes in.
    SampleRate(u32),
    /// Nothing in it.
    Empty,
    /// Longer than ten minutes.
    TooLong,
}

impl fmt::Display for WavFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(reason) => write!(f, "not a WAV file that can be read ({reason}); save it as 16-bit PCM WAV"),
            Self::SampleRate(rate) => write!(f, "its sample rate is {rate} Hz; save it with 8,000 to 192,000 Hz"),
            Self::Empty => write!(f, "it holds no sound; record it again"),
            Self::TooLong => write!(f, "it is longer than {} minutes; cut it", SECONDS_MAX / 60),
        }
    }
}

impl std::error::Error for WavFault {}

/// The samples of a WAV file as 8 kHz mono; several channels are averaged.
pub fn read_wav(bytes: &[u8]) -> Result<Vec<i16>, WavFault> {
    let reader = hound::WavReader::new(Cursor::new(bytes)).map_err(unreadable)?;
    let spec = reader.spec();
    if !(8_000..=192_000).contains(&spec.sample_rate) {
        return Err(WavFault::SampleRate(spec.sample_rate));
    }
    if reader.duration() > spec.sample_rate.saturating_mul(SECONDS_MAX) {
        return Err(WavFault::TooLong);
    }
    let interleaved = read_samples(reader, spec).map_err(unreadable)?;
    let mono = average_channels(interleaved, usize::from(spec.channels.max(1)));
    if mono.is_empty() {
        return Err(WavFault::Empty);
    }
    Ok(audio_codec::resample(&mono, spec.sample_rate, SAMPLE_RATE))
}

fn read_samples(mut reader: hound::WavReader<Cursor<&[u8]>>, spec: hound::WavSpec) -> Result<Vec<i16>, hound::Error> {
    match spec.sample_format {
        hound::SampleFormat::Float => {
            reader.samples::<f32>().map(|sample| Ok((sample?.clamp(-1.0, 1.0) * f32::from(i16::MAX)) as i16)).collect()
        }
        hound::SampleFormat::Int => {
            let bits = u32::from(spec.bits_per_sample);
            reader.samples::<i32>().map(|sample| Ok(to_16_bits(sample?, bits))).collect()
        }
    }
}

fn to_16_bits(sample: i32, bits: u32) -> i16 {
    let scaled = if bits >= 16 { sample >> (bits - 16).min(31) } else { sample << (16 - bits) };
    scaled.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

fn average_channels(interleaved: Vec<i16>, channels: usize) -> Vec<i16> {
    if channels == 1 {
        return interleaved;
    }
    let count = channels as i32;
    interleaved.chunks_exact(channels).map(|frame| (frame.iter().map(|s| i32::from(*s)).sum::<i32>() / count) as i16).collect()
}

fn unreadable(fault: hound::Error) -> WavFault {
    WavFault::Unreadable(fault.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::audio::Goertzel;

    fn wav(spec: hound::WavSpec, samples: impl Iterator<Item = i16>) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).expect("a writer");
        samples.for_each(|sample| writer.write_sample(sample).expect("a sample"));
        writer.finalize().expect("a file");
        bytes.into_inner()
    }

    fn spec(channels: u16, sample_rate: u32) -> hound::WavSpec {
        hound::WavSpec { channels, sample_rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int }
    }

    #[test]
    fn a_stereo_prompt_at_48_khz_becomes_8_khz_mono_with_its_tone() {
        let sine = |i: u32| ((f64::from(i) * std::f64::consts::TAU * 440.0 / 48_000.0).sin() * 9_000.0) as i16;
        let bytes = wav(spec(2, 48_000), (0..48_000).flat_map(|i| [sine(i), sine(i)]));
        let samples = read_wav(&bytes).expect("samples");
        assert!((7_900..=8_100).contains(&samples.len()), "{}", samples.len());
        assert!(Goertzel::share(440.0, &samples) > 0.95);
    }

    #[test]
    fn files_that_are_no_prompts_are_refused_with_the_mend() {
        assert!(matches!(read_wav(b"RIFF"), Err(WavFault::Unreadable(_))));
        assert_eq!(read_wav(&wav(spec(1, 8_000), std::iter::empty())), Err(WavFault::Empty));
        assert_eq!(read_wav(&wav(spec(1, 4_000), 0..10)), Err(WavFault::SampleRate(4_000)));
    }
}
