//! G.711 sample by sample, from tables: for recordings, which keep µ-law whatever a leg speaks.

/// Added before the segment is looked for, so that the lowest one has a leading bit too (G.711 table 2a).
const BIAS: i32 = 132;
/// The largest magnitude that does not overflow with the bias.
const CLIP: i32 = 32_635;

/// µ-law silence: the code of zero.
pub const ULAW_SILENCE: u8 = 0xff;

/// Linear values of all A-law codes.
static LINEAR_OF_ALAW: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = expand_alaw(code as u8);
        code += 1;
    }
    table
};

/// Linear values of all µ-law codes.
static LINEAR_OF_ULAW: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = expand_ulaw(code as u8);
        code += 1;
    }
    table
};

/// µ-law codes of all A-law codes.
static ULAW_OF_ALAW: [u8; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = ulaw_of(expand_alaw(code as u8));
        code += 1;
    }
    table
};

/// The 16-bit sample of a µ-law code.
pub fn linear_of_ulaw(code: u8) -> i16 {
    LINEAR_OF_ULAW[usize::from(code)]
}

/// The 16-bit sample of an A-law code.
pub fn linear_of_alaw(code: u8) -> i16 {
    LINEAR_OF_ALAW[usize::from(code)]
}

/// The µ-law code nearest to what an A-law code means.
pub fn ulaw_of_alaw(code: u8) -> u8 {
    ULAW_OF_ALAW[usize::from(code)]
}

/// The µ-law code of a 16-bit sample.
pub const fn ulaw_of(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = (sample as i32).abs();
    let biased = (if magnitude > CLIP { CLIP } else { magnitude }) + BIAS;
    // 132 has its highest bit at 7, the largest at 14.
    let segment = 24 - biased.leading_zeros() as i32;
    let step = (biased >> (segment + 3)) & 0x0f;
    !(sign | (segment << 4) as u8 | step as u8)
}

/// The A-law code of a 16-bit sample.
pub const fn alaw_of(sample: i16) -> u8 {
    // Every second bit is turned over on the line (G.711 table 1a).
    let (mask, magnitude) = if sample < 0 { (0x55, !(sample as i32 >> 3)) } else { (0xd5, sample as i32 >> 3) };
    // The lowest segment ends with five bits, the highest with twelve.
    let segment = 27 - (magnitude | 0x1f).leading_zeros() as i32;
    let step = if segment == 0 { magnitude >> 1 } else { magnitude >> segment };
    ((segment << 4) as u8 | (step & 0x0f) as u8) ^ mask
}

const fn expand_ulaw(code: u8) -> i16 {
    let code = !code;
    let segment = ((code >> 4) & 0x07) as i32;
    let step = (code & 0x0f) as i32;
    let magnitude = (((step << 3) + BIAS) << segment) - BIAS;
    (if code & 0x80 != 0 { -magnitude } else { magnitude }) as i16
}

const fn expand_alaw(code: u8) -> i16 {
    let code = code ^ 0x55;
    let segment = ((code >> 4) & 0x07) as i32;
    let step = ((code & 0x0f) as i32) << 4;
    let magnitude = if segment == 0 { step + 8 } else { (step + 0x108) << (segment - 1) };
    (if code & 0x80 != 0 { magnitude } else { -magnitude }) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{
        audio::{Decoder, PACKET_SAMPLES_MAX},
        media::Codec,
    };

    fn decoded(codec: Codec) -> Vec<i16> {
        let payload: Vec<u8> = (0..=255).collect();
        let mut samples = [0; PACKET_SAMPLES_MAX];
        let count = Decoder::new(codec).expect("a decoder").decode(&payload, &mut samples).expect("samples");
        samples[..count].to_vec()
    }

    #[test]
    fn every_code_means_what_the_codec_says() {
        for (code, sample) in (0..=255_u8).zip(decoded(Codec::Pcmu)) {
            assert_eq!(linear_of_ulaw(code), sample, "µ-law {code:#04x}");
            // Zero has two codes, of which the positive one is written.
            assert_eq!(ulaw_of(sample), if code == 0x7f { ULAW_SILENCE } else { code });
        }
        for (code, sample) in (0..=255_u8).zip(decoded(Codec::Pcma)) {
            assert_eq!((linear_of_alaw(code), alaw_of(sample)), (sample, code), "A-law {code:#04x}");
            let again = i32::from(linear_of_ulaw(ulaw_of_alaw(code)));
            assert!((again - i32::from(sample)).abs() <= 16 + i32::from(sample).abs() / 32, "A-law {code:#04x}: {again}");
        }
        assert_eq!((ulaw_of(i16::MAX), ulaw_of(i16::MIN)), (0x80, 0x00));
        assert_eq!((alaw_of(i16::MAX), alaw_of(i16::MIN)), (0xaa, 0x2a));
    }
}
