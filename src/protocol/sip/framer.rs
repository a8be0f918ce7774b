//! A stream cut into whole messages (RFC 3261 18.3), with its keep-alives (RFC 5626 3.5.1). Bounded: a peer that sends an endless
//! head or body is cut off.

use super::{
    message::{Malformed, SipMessage},
    repair,
};

/// What a stream held.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "made and taken apart at once, never kept")]
pub enum Frame {
    /// A message.
    Message(SipMessage),
    /// Something in the shape of a message that must be refused; [`super::malformed_response`] says how.
    Malformed(Malformed),
    /// A keep-alive: answer with [`KEEP_ALIVE_ANSWER`] on the same connection.
    KeepAlive,
}

/// What asks for a sign of life (RFC 5626 4.4.1).
pub const KEEP_ALIVE: &[u8] = b"\r\n\r\n";

/// What answers a keep-alive.
pub const KEEP_ALIVE_ANSWER: &[u8] = b"\r\n";

/// The stream cannot be cut any further: close the connection after what was framed so far has been answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FramerBroken;

/// Octets in, whole messages out.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    /// Octets at its beginning that the last frame was read from.
    taken: usize,
    is_broken: bool,
}

impl Framer {
    /// Nothing received yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what was read. Call [`Framer::next_frame`] until it gives nothing before reading more: that keeps the buffer below
    /// one message and one read.
    pub fn push(&mut self, bytes: &[u8]) {
        if !self.is_broken {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next whole frame, nothing if more octets are needed, or that the stream is beyond repair.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FramerBroken> {
        if self.is_broken {
            return Err(FramerBroken);
        }
        self.buffer.drain(..std::mem::take(&mut self.taken));
        // One octet after the other, so that it does not matter how the network cut them.
        let mut idle = 0;
        while let Some(rest @ [b'\r' | b'\n', ..]) = self.buffer.get(idle..) {
            if rest.starts_with(KEEP_ALIVE) {
                self.buffer.drain(..idle + KEEP_ALIVE.len());
                return Ok(Some(Frame::KeepAlive));
            }
            // One CRLF alone may be the first half of a keep-alive or an answer to ours: wait for what follows, then drop it.
            if KEEP_ALIVE.starts_with(rest) {
                self.buffer.drain(..idle);
                return Ok(None);
            }
            idle += 1;
        }
        self.buffer.drain(..idle);
        let Some(empty_line) = repair::head_end(&self.buffer) else {
            if self.buffer.len() > repair::HEAD_MAX {
                self.is_broken = true;
                self.buffer = Vec::new();
                return Err(FramerBroken);
            }
            return Ok(None);
        };
        let Some(body) = self.body_length(empty_line.start) else {
            return Ok(Some(self.give_up(empty_line.end)));
        };
        if body > repair::BODY_MAX {
            return Ok(Some(self.give_up(empty_line.end)));
        }
        let total = empty_line.end + body;
        if self.buffer.len() < total {
            return Ok(None);
        }
        let message = self.buffer.get(..total).map(SipMessage::parse);
        self.taken = total;
        Ok(message.map(|read| match read {
            Ok(message) => Frame::Message(message),
            Err(malformed) => Frame::Malformed(malformed),
        }))
    }

    /// The octets of the message that [`Framer::next_frame`] gave last.
    pub fn last_octets(&self) -> &[u8] {
        self.buffer.get(..self.taken).unwrap_or_default()
    }

    /// Where the next message begins cannot be known any more: refuse this one and read nothing further.
    fn give_up(&mut self, head_end: usize) -> Frame {
        self.is_broken = true;
        let head = self.buffer.get(..head_end).unwrap_or_default();
        // Without its body the message fails on its Content-Length, which is the refusal that it deserves.
        let frame = match SipMessage::parse(head) {
            Ok(_) => Frame::Malformed(Malformed::silent("No Content-Length")),
            Err(malformed) => Frame::Malformed(malformed),
        };
        self.buffer = Vec::new();
        frame
    }

    /// Octets of the body: 0 without Content-Length (RFC 3261 20.14 demands it on streams; a message without a body is let by),
    /// `None` if it cannot be read.
    fn body_length(&self, head_end: usize) -> Option<usize> {
        let head = self.buffer.get(..head_end)?;
        let mut length = 0;
        for line in head.split(|b| *b == b'\n') {
            let Some(colon) = line.iter().position(|b| *b == b':') else { continue };
            let name = line.get(..colon)?.trim_ascii();
            if name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"l") {
                length = std::str::from_utf8(line.get(colon + 1..)?.trim_ascii()).ok()?.parse().ok()?;
            }
        }
        Some(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYE: &str = "BYE sip:a@h SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nf: <sip:a@h>;tag=1\r\nt: <sip:b@h>;tag=2\r\n\
                       i: x\r\nCSeq: 2 BYE\r\nl: 5\r\n\r\nhello";

    fn frames(framer: &mut Framer) -> Vec<String> {
        let mut out = Vec::new();
        loop {
            match framer.next_frame() {
                Ok(Some(Frame::Message(message))) => {
                    assert_eq!(framer.last_octets(), BYE.as_bytes());
                    out.push(format!("{} {}", message.cseq_method(), message.body().len()));
                }
                Ok(Some(Frame::Malformed(malformed))) => out.push(format!("{:?}", malformed.status)),
                Ok(Some(Frame::KeepAlive)) => out.push("ping".into()),
                Ok(None) => return out,
                Err(FramerBroken) => {
                    out.push("broken".into());
                    return out;
                }
            }
        }
    }

    #[test]
    fn messages_come_out_whole_however_the_stream_was_cut() {
        let stream = format!("\r\n\r\n{BYE}{BYE}\r\n\r\n\r\n{BYE}");
        for step in [1, 2, 3, 7, 64, 4096] {
            let mut framer = Framer::new();
            let mut seen = Vec::new();
            for piece in stream.as_bytes().chunks(step) {
                framer.push(piece);
                seen.extend(frames(&mut framer));
            }
            assert_eq!(seen, ["ping", "BYE 5", "BYE 5", "ping", "BYE 5"], "cut every {step}");
        }
    }

    #[test]
    fn line_ends_of_every_kind_are_told_from_keep_alives_wherever_the_stream_was_cut() {
        let stream = format!("\r\r\n\r\n\n\r\n\r\n\r\n{BYE}\r\n\r{BYE}");
        let whole = {
            let mut framer = Framer::new();
            framer.push(stream.as_bytes());
            frames(&mut framer)
        };
        assert_eq!(whole, ["ping", "ping", "BYE 5", "BYE 5"]);
        for step in 1..20 {
            let mut framer = Framer::new();
            let mut seen = Vec::new();
            for piece in stream.as_bytes().chunks(step) {
                framer.push(piece);
                seen.extend(frames(&mut framer));
            }
            assert_eq!(seen, whole, "cut every {step}");
        }
    }

    #[test]
    fn an_endless_head_or_an_absurd_length_ends_the_stream() {
        let mut framer = Framer::new();
        framer.push(&vec![b'a'; repair::HEAD_MAX + 1]);
        assert_eq!(frames(&mut framer), ["broken"]);
        for length in ["-1", "99999999999999999999", "18446744073709551615", "40000"] {
            let mut framer = Framer::new();
            framer.push(BYE.replace("l: 5", &format!("l: {length}")).as_bytes());
            assert_eq!(frames(&mut framer), ["Some(400)", "broken"], "{length}");
        }
    }
}
