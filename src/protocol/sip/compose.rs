//! Messages that we write: lines in order, length counted. Text from outside comes in through `quoted` and `user_part`, or from a
//! header line that has been parsed and thus holds no line end.

use std::{
    fmt::{self, Write as _},
    net::SocketAddr,
    sync::Arc,
};

use super::{
    header::Name,
    header_change::{HeaderChange, change_lines},
    message::{SipMessage, Via, status_line},
};
use crate::types::SessionIdentifier;

/// Media type of session descriptions.
pub const SDP: &str = "application/sdp";

/// A message being written.
#[derive(Debug)]
pub struct Composition {
    text: String,
}

impl Composition {
    /// A request's first line.
    pub fn request(method: &str, uri: &str) -> Self {
        let mut text = String::with_capacity(1024);
        text.extend([method, " ", uri, " SIP/2.0\r\n"]);
        Self { text }
    }

    /// A response's first line.
    pub fn response(status: u16) -> Self {
        let mut text = String::with_capacity(1024);
        text.push_str(&status_line(status));
        Self { text }
    }

    /// One header line.
    pub fn line(mut self, name: &str, value: impl fmt::Display) -> Self {
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{name}: {value}\r\n");
        self
    }

    /// A header line if there is a value.
    pub fn maybe(self, name: &str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.line(name, value),
            None => self,
        }
    }

    /// What names the session (RFC 7989), if anything does.
    pub fn session(self, session: SessionIdentifier) -> Self {
        if session == SessionIdentifier::default() { self } else { self.line("Session-ID", session) }
    }

    /// Whole lines, each with its line end.
    pub fn lines(mut self, lines: &str) -> Self {
        self.text.push_str(lines);
        self
    }

    /// With the header changed as an administrator wants it.
    pub(super) fn changed(mut self, changes: &[HeaderChange]) -> Self {
        self.text = change_lines(self.text, changes);
        self
    }

    /// The end, without a body.
    pub fn finish(mut self) -> Arc<[u8]> {
        self.text.push_str("Content-Length: 0\r\n\r\n");
        self.text.into_bytes().into()
    }

    /// The end, with a session description if there is one.
    pub fn finish_with(self, sdp: Option<&str>) -> Arc<[u8]> {
        let Some(sdp) = sdp else { return self.finish() };
        self.finish_as(SDP, sdp)
    }

    /// The end, with a body of this media type.
    pub fn finish_as(self, kind: &str, body: &str) -> Arc<[u8]> {
        self.finish_as_octets(kind, body.as_bytes())
    }

    /// The end, with a body of this media type in whatever character set it says.
    pub fn finish_as_octets(mut self, kind: &str, body: &[u8]) -> Arc<[u8]> {
        let _ = write!(self.text, "Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
        let mut octets = self.text.into_bytes();
        octets.extend_from_slice(body);
        octets.into()
    }
}

/// The lines of a request that every response to it mirrors (RFC 3261 8.2.6.2), with what we know of its source in the topmost Via.
#[derive(Debug, Clone)]
pub struct ReplyLines {
    vias: String,
    record_routes: String,
    timestamp: Option<String>,
    from: String,
    to: String,
    has_to_tag: bool,
    rest: String,
    session: SessionIdentifier,
}

impl ReplyLines {
    /// Of this request, which came from `source`.
    pub fn of(request: &SipMessage, source: SocketAddr) -> Self {
        let mut vias = String::with_capacity(160);
        for (at, value) in request.values(Name::Via).enumerate() {
            vias.push_str("Via: ");
            if at == 0 {
                push_stamped(&mut vias, value, request.via(), source)
            } else {
                vias.push_str(value)
            }
            vias.push_str("\r\n");
        }
        let mut record_routes = String::new();
        for value in request.values(Name::RecordRoute) {
            record_routes.extend(["Record-Route: ", value, "\r\n"]);
        }
        Self {
            vias,
            record_routes,
            timestamp: request.first(Name::Timestamp).map(str::to_owned),
            from: request.first(Name::From).unwrap_or("").to_owned(),
            to: request.first(Name::To).unwrap_or("").to_owned(),
            has_to_tag: request.to().tag().is_some(),
            rest: format!("Call-ID: {}\r\nCSeq: {} {}\r\n", request.call_id(), request.cseq(), request.cseq_method()),
            session: SessionIdentifier {
                remote: request.first(Name::SessionId).and_then(SessionIdentifier::read_theirs).unwrap_or_default(),
                ..SessionIdentifier::default()
            },
        }
    }

    /// The responses are part of this session. Of none, they mirror what the request named (RFC 7989 5).
    pub fn name_session(&mut self, session: SessionIdentifier) {
        self.session = session;
    }

    /// What names the session.
    pub fn session(&self) -> SessionIdentifier {
        self.session
    }

    /// A response with these lines; `tag` is ours, left out of a 100.
    pub fn response(&self, status: u16, tag: &str) -> Composition {
        let mut message = Composition::response(status);
        message.text.push_str(&self.vias);
        // RFC 3261 12.1.1: whatever makes a dialog mirrors Record-Route.
        if (101..300).contains(&status) {
            message.text.push_str(&self.record_routes);
        }
        message.text.extend(["From: ", &self.from, "\r\nTo: ", &self.to]);
        if !self.has_to_tag && status != 100 && !tag.is_empty() {
            message.text.extend([";tag=", tag]);
        }
        message.text.push_str("\r\n");
        message.text.push_str(&self.rest);
        message = message.session(self.session);
        if status == 100
            && let Some(timestamp) = &self.timestamp
        {
            message.text.extend(["Timestamp: ", timestamp, "\r\n"]);
        }
        message
    }
}

/// RFC 3261 18.2.1 and RFC 3581 4: `received` where the source differs from what was sent, `rport` where it was asked for.
pub(super) fn push_stamped(out: &mut String, value: &str, via: &Via, source: SocketAddr) {
    let (top, rest) = match super::address::elements(value).next() {
        // A Via line may hold several, and empty ones before them; only the first is ours to stamp.
        Some(top) => (top, value.find(top).and_then(|at| value.get(at + top.len()..)).unwrap_or("")),
        None => (value, ""),
    };
    let mut pieces = top.split(';');
    out.push_str(pieces.next().unwrap_or(""));
    for piece in pieces {
        let name = piece.split('=').next().unwrap_or("").trim();
        // A received or rport value that the sender put there itself is not mirrored.
        if !name.eq_ignore_ascii_case("rport") && !name.eq_ignore_ascii_case("received") {
            out.extend([";", piece]);
        }
    }
    if via.has_rport {
        let _ = write!(out, ";rport={}", source.port());
    }
    if via.has_rport || super::address::host_ip(&via.host) != Some(source.ip()) {
        let _ = write!(out, ";received={}", source.ip());
    }
    out.push_str(rest);
}
