//! What an edge that is behind reads of a datagram: just enough to refuse what is new, and to leave the ACK of one refused
//! unread. Reading the whole message costs several times the refusal, and all of it is taken from the calls that are served.

use std::{net::SocketAddr, sync::Arc};

use super::{
    address::{NameAddr, elements},
    compose::{Composition, push_stamped},
    header::Name,
    message::{SipMessage, Via},
    notice::Flow,
    repair::{HEAD_MAX, head_end, leading_line_ends},
    reply::reply_flow_by,
};

/// The tag of who keeps nothing of what it refuses (RFC 3261 8.2.7: the same whenever the request is repeated).
const STATELESS_TAG: &str = "overload";
/// Lines that a glance goes through; one with more is read as a whole.
const LINES_MAX: usize = 64;

/// An INVITE or MESSAGE outside a dialog, as far as its refusal needs it.
#[derive(Debug)]
pub struct NewWork<'a> {
    vias: Vec<&'a str>,
    topmost: Via,
    from: &'a str,
    to: &'a str,
    call_id: &'a str,
    cseq: &'a str,
    number: u32,
}

impl<'a> NewWork<'a> {
    /// Looks at a datagram. `None` for everything else, and for one in an unusual form (folded or repeated lines, octets that are no
    /// UTF-8), which has to be read as a whole.
    pub fn glance(bytes: &'a [u8]) -> Option<Self> {
        let bytes = bytes.get(leading_line_ends(bytes)..)?;
        let method = ["INVITE", "MESSAGE"]
            .into_iter()
            .find(|method| bytes.strip_prefix(method.as_bytes()).is_some_and(|rest| rest.starts_with(b" ")))?;
        let head = std::str::from_utf8(bytes.get(..head_end(bytes)?.start)?).ok().filter(|head| head.len() <= HEAD_MAX)?;
        let (mut vias, mut from, mut to, mut call_id, mut cseq) = (Vec::with_capacity(2), None, None, None, None);
        for (at, line) in head.lines().skip(1).enumerate() {
            let (name, value) = line.split_once(':')?;
            if at == LINES_MAX || name.starts_with([' ', '\t']) {
                return None;
            }
            let (name, value) = (name.trim_end(), value.trim());
            let is = |long: &str, short: &str| name.eq_ignore_ascii_case(long) || name.eq_ignore_ascii_case(short);
            let only = if is("via", "v") {
                vias.push(value);
                continue;
            } else if is("from", "f") {
                &mut from
            } else if is("to", "t") {
                &mut to
            } else if is("call-id", "i") {
                &mut call_id
            } else if name.eq_ignore_ascii_case("cseq") {
                &mut cseq
            } else {
                continue;
            };
            if only.replace(value).is_some() {
                return None;
            }
        }
        let (from, to, call_id, cseq) = (from?, to?, call_id?, cseq?);
        if [from, to, call_id, cseq].iter().chain(&vias).any(|value| value.is_empty() || value.contains(char::is_control)) {
            return None;
        }
        let number = cseq.strip_suffix(method)?.trim_end().parse().ok()?;
        NameAddr::parse(to).filter(|to| to.tag().is_none())?;
        let topmost = Via::parse(elements(vias.first()?).next()?)?;
        Some(Self { vias, topmost, from, to, call_id, cseq, number })
    }

    /// The same of a message that was read as a whole; `None` if it is no new work.
    pub fn of(message: &'a SipMessage) -> Option<Self> {
        message.is_new_work().then(|| Self {
            vias: message.values(Name::Via).collect(),
            topmost: message.via().clone(),
            from: message.first(Name::From).unwrap_or_default(),
            to: message.first(Name::To).unwrap_or_default(),
            call_id: message.call_id(),
            cseq: message.first(Name::CSeq).unwrap_or_default(),
            number: message.cseq(),
        })
    }

    /// Call-ID.
    pub fn call_id(&self) -> &str {
        self.call_id
    }

    /// Number of CSeq.
    pub fn cseq(&self) -> u32 {
        self.number
    }

    /// A 503 that keeps nothing (RFC 3261 8.2.7), and where it goes.
    pub fn refusal(&self, flow: Flow, retry_after_secs: u32) -> (Flow, Arc<[u8]>) {
        let refusal = Composition::response(503)
            .lines(&self.vias(flow.remote))
            .line("From", self.from)
            .line("To", format_args!("{};tag={STATELESS_TAG}", self.to))
            .line("Call-ID", self.call_id)
            .line("CSeq", self.cseq)
            .line("Retry-After", retry_after_secs);
        (reply_flow_by(flow, &self.topmost), refusal.finish())
    }

    fn vias(&self, source: SocketAddr) -> String {
        let mut lines = String::with_capacity(160);
        for (at, value) in self.vias.iter().enumerate() {
            lines.push_str("Via: ");
            if at == 0 {
                push_stamped(&mut lines, value, &self.topmost, source);
            } else {
                lines.push_str(value);
            }
            lines.push_str("\r\n");
        }
        lines
    }
}

/// Whether this is the ACK of a call that was refused here: nobody waits for it.
pub fn acknowledges_refusal(bytes: &[u8]) -> bool {
    let bytes = bytes.get(leading_line_ends(bytes)..).unwrap_or_default();
    let is_to = |line: &&[u8]| {
        let name = line.split(|b| *b == b':').next().unwrap_or_default().trim_ascii_end();
        name.eq_ignore_ascii_case(b"to") || name.eq_ignore_ascii_case(b"t")
    };
    let tag = STATELESS_TAG.as_bytes();
    bytes.starts_with(b"ACK ")
        && bytes
            .split(|b| *b == b'\n')
            .find(is_to)
            .is_some_and(|to| to.trim_ascii_end().strip_suffix(tag).is_some_and(|to| to.ends_with(b";tag=")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::sip::{FlowId, Transport};

    const FLOW: Flow = Flow {
        transport: Transport::Udp,
        id: FlowId(1),
        remote: SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 9)), 5070),
    };
    const INVITE: &str = "INVITE sip:1009@h SIP/2.0\r\nVia: SIP/2.0/UDP h:5066;rport;branch=z9hG4bK1\r\nv: SIP/2.0/UDP b;branch=2\r\n\
                          f: \"A\" <sip:a@h>;tag=a\r\nTo: <sip:1009@h;x=;tag=y>\r\nCall-ID: one@h\r\nCSeq: 7 INVITE\r\n\
                          Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n";

    #[test]
    fn a_new_call_is_refused_with_what_its_sender_knows_it_by() {
        let call = NewWork::glance(INVITE.as_bytes()).unwrap();
        assert_eq!((call.call_id(), call.cseq()), ("one@h", 7));
        let (back, refusal) = call.refusal(FLOW, 10);
        assert_eq!(back, FLOW);
        let read = SipMessage::parse(&refusal).unwrap();
        assert_eq!((read.status(), read.cseq(), &**read.call_id()), (Some(503), 7, "one@h"));
        assert_eq!((read.from().tag(), read.to().tag()), (Some("a"), Some(STATELESS_TAG)));
        let text = String::from_utf8(refusal.to_vec()).unwrap();
        let vias = "Via: SIP/2.0/UDP h:5066;branch=z9hG4bK1;rport=5070;received=192.0.2.9\r\nVia: SIP/2.0/UDP b;branch=2\r\n";
        assert!(text.contains(vias) && text.contains("\r\nRetry-After: 10\r\n"), "{text}");
        let number = NewWork::glance(INVITE.replace("INVITE", "MESSAGE").as_bytes()).map(|text| text.cseq());
        assert_eq!(number, Some(7), "a text is new work like a call");
        // Without rport it goes to the port in Via (RFC 3261 18.2.2).
        let plain = INVITE.replace("h:5066;rport", "192.0.2.9:5066");
        let (back, _) = NewWork::glance(plain.as_bytes()).unwrap().refusal(FLOW, 10);
        assert_eq!(back.remote, "192.0.2.9:5066".parse().unwrap());
    }

    #[test]
    fn what_belongs_to_a_call_or_is_unusual_is_left_to_be_read() {
        for (from, to) in [
            ("INVITE sip", "BYE sip"),
            ("INVITE sip", "MESSAGE sip"),
            ("To: <sip:1009@h;x=;tag=y>", "To: <sip:1009@h>;tag=b"),
            ("To: <sip:1009@h;x=;tag=y>", "To: <sip:1009@h>\r\n ;tag=b"),
            ("Max-Forwards: 70", "Call-ID: two@h"),
            ("Call-ID: one@h\r\n", ""),
            ("one@h", "on\u{1}e@h"),
            ("7 INVITE", "7 BYE"),
            ("7 INVITE", "-7 INVITE"),
            ("SIP/2.0/UDP h:5066", "SIP/2.0/UDP"),
            ("\r\n\r\n", "\r\n"),
            ("Max-Forwards: 70", "no colon"),
        ] {
            assert!(INVITE.contains(from), "{from}");
            assert!(NewWork::glance(INVITE.replace(from, to).as_bytes()).is_none(), "{from} -> {to}");
        }
        let many = INVITE.replace("Max-Forwards: 70", "X: y\r\n".repeat(LINES_MAX).trim_end());
        assert!(NewWork::glance(many.as_bytes()).is_none());
        assert!(NewWork::glance(&INVITE.replace("\"A\"", "\"\u{e9}\"").into_bytes()).is_some());
        assert!(NewWork::glance(&INVITE.bytes().map(|b| if b == b'A' { 0xe9 } else { b }).collect::<Vec<_>>()).is_none());
    }

    #[test]
    fn only_the_ack_of_a_refusal_is_left_unread() {
        let ack = |to: &str| {
            let ack = INVITE.replace("INVITE", "ACK").replace("To: <sip:1009@h;x=;tag=y>", to);
            acknowledges_refusal(ack.as_bytes())
        };
        assert!(ack("To: <sip:1009@h>;tag=overload") && ack("t:<sip:1009@h>;tag=overload"));
        assert!(ack("TO : <sip:1009@h>;tag=overload"));
        assert!(!ack("To: <sip:1009@h>;tag=overload2") && !ack("To: <sip:1009@h>;x=overload") && !ack("To: <sip:1009@h>"));
        assert!(!acknowledges_refusal(INVITE.replace(";tag=y>", ">;tag=overload").as_bytes()));
    }
}
