//! Payloads of sound and of comfort noise on their way to a listener. The first octet names the codec; then packets of two octets and
//! a payload: what it is and how many are missing before it, its length. Every 20 ms make a frame, whatever comes.

use centralita::{
    protocol::{
        audio::{ComfortNoise, Decoder, LevelControl, Playout, clock_rate},
        media::Codec,
        rtp::Arrival,
    },
    types::Mono,
};

const CODECS: [Codec; 4] = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus];
/// Packets of one case.
const PACKETS_MAX: usize = 200;

pub fn run(bytes: &[u8]) {
    let Some((which, mut rest)) = bytes.split_first() else { return };
    let codec = CODECS[usize::from(*which) % CODECS.len()];
    let mut playout = Playout::new(Decoder::new(codec).expect("a decoder"));
    let mut levels = LevelControl::default();
    let (mut number, mut timestamp, mut at) = (1_u64 << 16, 0_u32, 1_000_u64);
    for _ in 0..PACKETS_MAX {
        let [kind, length, tail @ ..] = rest else { break };
        let (payload, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        rest = tail;
        let step = 1 + u32::from(*kind >> 4);
        number += u64::from(step);
        timestamp = timestamp.wrapping_add(step * clock_rate(codec) / 50);
        let arrival = Arrival { number, timestamp, clock_rate: clock_rate(codec), at: Mono::from_millis(at) };
        match kind & 3 {
            0 => noise(payload, &mut playout, arrival),
            // It comes again, later.
            1 => {
                playout.push(arrival, payload);
                playout.push(arrival, payload);
            }
            _ => {
                playout.push(arrival, payload);
            }
        }
        for _ in 0..1 + (kind >> 2 & 3) {
            at += 20;
            let mut frame = playout.frame(Mono::from_millis(at));
            levels.goes_out(&frame);
            levels.level(&mut frame);
        }
        assert!(playout.wait_ms() <= 1_000, "{} ms", playout.wait_ms());
    }
}

fn noise(payload: &[u8], playout: &mut Playout, arrival: Arrival) {
    playout.push_noise(arrival, payload);
    let Some(mut noise) = ComfortNoise::read(payload) else {
        assert!(payload.is_empty());
        return;
    };
    let first = noise.frame();
    noise.go_on_as(ComfortNoise::read(&noise.payload()).expect("the level alone"));
    // Without a colour it is as loud as it says: 30 dB below full scale at most, and its peaks 5 dB above that.
    let settled = (0..50).fold(first, |_, _| noise.frame());
    assert!(settled.iter().all(|sample| sample.unsigned_abs() < 4_000), "{settled:?}");
}
