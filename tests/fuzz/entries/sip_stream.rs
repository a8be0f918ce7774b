//! A stream cut in pieces gives the same messages as in one piece, and what is not yet a message stays within its bound.

use centralita::protocol::sip::{Frame, Framer, FramerBroken};

/// More frames than any input of the fuzzer's size holds.
const FRAMES_MAX: usize = 100_000;

pub fn run(bytes: &[u8]) {
    let (step, stream) = bytes.split_first().map_or((1, bytes), |(step, stream)| (usize::from(*step) % 61 + 1, stream));
    let whole = frames(stream, stream.len().max(1));
    assert_eq!(whole, frames(stream, step), "cut every {step}");
}

fn frames(stream: &[u8], step: usize) -> Vec<String> {
    let mut framer = Framer::new();
    let mut out = Vec::new();
    for piece in stream.chunks(step) {
        framer.push(piece);
        loop {
            assert!(out.len() < FRAMES_MAX, "frames without end");
            match framer.next_frame() {
                Ok(Some(Frame::Message(message))) => {
                    out.push(format!("{} {} {}", message.cseq_method(), message.call_id(), message.body().len()));
                }
                Ok(Some(Frame::Malformed(malformed))) => out.push(format!("{:?} {}", malformed.status, malformed.reason)),
                Ok(Some(Frame::KeepAlive)) => out.push("keep-alive".into()),
                Ok(None) => break,
                Err(FramerBroken) => {
                    out.push("broken".into());
                    return out;
                }
            }
        }
    }
    out
}
