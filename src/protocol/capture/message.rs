//! One message as it passed a socket. Only the lines that a ladder names are looked for, in whatever shape the message is.

use std::{net::SocketAddr, sync::Arc};

use crate::protocol::sip::Transport;

/// A SIP message as it passed one of our sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapturedMessage {
    /// When, in microseconds since 1970-01-01T00:00:00Z.
    pub at_us: i64,
    /// Who sent it.
    pub source: SocketAddr,
    /// Who was to receive it.
    pub destination: SocketAddr,
    /// How it travelled.
    pub transport: Transport,
    /// Whether it came to us.
    pub is_inbound: bool,
    /// Its octets, unmasked: they leave only through [`super::masked`].
    pub bytes: Arc<[u8]>,
}

/// What a message is about, in its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outline<'a> {
    /// Method of a request.
    pub method: Option<&'a str>,
    /// Status code of a response.
    pub status: Option<u16>,
    /// Reason phrase of a response.
    pub reason: &'a str,
    /// Call-ID.
    pub call_id: &'a str,
    /// CSeq: number and method.
    pub cseq: &'a str,
    /// Media type of the body, with parameters.
    pub content_type: &'a str,
}

impl<'a> Outline<'a> {
    /// Of a message's octets; what is missing or not UTF-8 stays empty.
    pub fn of(bytes: &'a [u8]) -> Self {
        let mut lines = bytes.split(|b| *b == b'\n').map(|line| std::str::from_utf8(line).unwrap_or("").trim_end());
        let mut outline = Self::start(lines.next().unwrap_or(""));
        for line in lines.take_while(|line| !line.is_empty()) {
            let Some((name, value)) = line.split_once(':') else { continue };
            let (name, value) = (name.trim_end(), value.trim());
            let field = match name.len() {
                1 if name.eq_ignore_ascii_case("i") => &mut outline.call_id,
                1 if name.eq_ignore_ascii_case("c") => &mut outline.content_type,
                4 if name.eq_ignore_ascii_case("cseq") => &mut outline.cseq,
                7 if name.eq_ignore_ascii_case("call-id") => &mut outline.call_id,
                12 if name.eq_ignore_ascii_case("content-type") => &mut outline.content_type,
                _ => continue,
            };
            *field = value;
        }
        outline
    }

    /// Whether it is an INVITE, and its Call-ID: what is asked of every message that passes, so nothing else is looked at.
    pub(super) fn key_of(bytes: &'a [u8]) -> (bool, &'a str) {
        let is_invite = bytes.starts_with(b"INVITE ");
        let lines = bytes.split(|b| *b == b'\n').skip(1).map(<[u8]>::trim_ascii_end).take_while(|line| !line.is_empty());
        for line in lines.filter(|line| matches!(line.first(), Some(b'c' | b'C' | b'i' | b'I'))) {
            let Some(colon) = line.iter().position(|b| *b == b':') else { continue };
            let name = line.get(..colon).unwrap_or_default().trim_ascii_end();
            if name.eq_ignore_ascii_case(b"call-id") || name.eq_ignore_ascii_case(b"i") {
                let value = line.get(colon + 1..).unwrap_or_default().trim_ascii();
                return (is_invite, std::str::from_utf8(value).unwrap_or(""));
            }
        }
        (is_invite, "")
    }

    fn start(line: &'a str) -> Self {
        let mut words = line.splitn(3, ' ');
        let (first, second, rest) = (words.next().unwrap_or(""), words.next().unwrap_or(""), words.next().unwrap_or(""));
        match second.parse() {
            Ok(status) if first.starts_with("SIP/") => Self { status: Some(status), reason: rest.trim(), ..Self::default() },
            _ => Self { method: Some(first), ..Self::default() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_responses_are_named_by_their_own_words_in_long_and_in_compact_form() {
        let request =
            Outline::of(b"INVITE sip:1@h SIP/2.0\r\nCall-ID: a@h\r\nCSeq: 7 INVITE\r\nc: application/sdp\r\n\r\ni: body");
        assert_eq!((request.method, request.call_id, request.cseq), (Some("INVITE"), "a@h", "7 INVITE"));
        assert_eq!(request.content_type, "application/sdp");
        let response = Outline::of(b"SIP/2.0 486 Busy Here\ni : a@h\nCSEQ: 7 INVITE\n\n");
        assert_eq!((response.status, response.reason, response.call_id), (Some(486), "Busy Here", "a@h"));
        assert_eq!(Outline::of(b"\xff\xfe"), Outline { method: Some(""), ..Outline::default() });
        assert_eq!(Outline::key_of(b"INVITE sip:1@h SIP/2.0\r\nCSeq: 1\r\ni: a@h\r\n\r\n"), (true, "a@h"));
        assert_eq!(Outline::key_of(b"SIP/2.0 200 OK\r\nCALL-ID : a@h\r\n\r\n"), (false, "a@h"));
        assert_eq!(Outline::key_of(b"SIP/2.0 200 OK\r\n\r\nCall-ID: body"), (false, ""));
    }
}
