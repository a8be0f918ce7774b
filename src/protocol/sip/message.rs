//! A SIP message as the rest reads it: checked once at the edge, so that nobody behind it meets a request without a Call-ID.
//! Our own span parser: one copy of the head, spans for the header lines. It replaces a parser crate that loses bodies without
//! Content-Length, drops lines that are not UTF-8, accepts SIP/7.0 and pulls in a second SIP stack with it.

use std::{fmt, ops::Range, sync::Arc};

use super::{
    address::{NameAddr, Scheme, Uri, elements},
    header::{Method, Name, is_token, reason_phrase},
    repair::{self, Lines},
};

/// A whole, checked message. Has exactly one From, To, Call-ID and CSeq and at least one Via.
pub struct SipMessage {
    text: String,
    fields: Vec<Field>,
    start: Start,
    via: Via,
    from: NameAddr,
    to: NameAddr,
    call_id: Arc<str>,
    cseq: u32,
    cseq_method: Method,
    body: Vec<u8>,
}

#[derive(Debug)]
enum Start {
    Request { method: Method, uri: Uri },
    Response { status: u16 },
}

#[derive(Debug)]
struct Field {
    name: Name,
    value: Range<usize>,
}

/// The topmost Via.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// Host as sent, an IPv6 address in brackets.
    pub host: String,
    /// Port as sent.
    pub port: Option<u16>,
    /// Branch, empty if there is none (RFC 2543).
    pub branch: String,
    /// Whether the sender asks for answers to its source port (RFC 3581).
    pub has_rport: bool,
}

/// What could not be read as a message.
#[derive(Debug)]
pub struct Malformed {
    /// What to answer; `None` for a response, an ACK, or something that is no SIP at all.
    pub status: Option<u16>,
    /// Why, for the log and the reason phrase.
    pub reason: &'static str,
    /// The header lines that an answer mirrors, if those that it cannot do without could be found.
    echo: Option<String>,
}

impl Malformed {
    pub(super) fn silent(reason: &'static str) -> Self {
        Self { status: None, reason, echo: None }
    }
}

/// The answer to a malformed request, to be sent where it came from; `None` if it must be dropped.
pub fn malformed_response(malformed: &Malformed) -> Option<Vec<u8>> {
    let (status, echo) = (malformed.status?, malformed.echo.as_ref()?);
    Some(format!("SIP/2.0 {status} {}\r\n{echo}Content-Length: 0\r\n\r\n", malformed.reason).into_bytes())
}

impl SipMessage {
    /// Reads one datagram, or one message that [`super::Framer`] cut from a stream. Without Content-Length the body runs to the
    /// end (RFC 3261 18.3).
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let bytes = bytes.get(repair::leading_line_ends(bytes)..).unwrap_or_default();
        if bytes.len() > repair::DATAGRAM_MAX {
            return Err(Malformed::silent("Message Too Large"));
        }
        let Some(empty_line) = repair::head_end(bytes) else {
            return Err(Malformed::silent("No end of headers"));
        };
        let head = bytes.get(..empty_line.start).unwrap_or_default();
        let rest = bytes.get(empty_line.end..).unwrap_or_default();
        let lines = Lines::read(head.get(..repair::HEAD_MAX).unwrap_or(head));
        let draft = Draft::read(&lines)?;
        let fault = |status, reason| draft.malformed(&lines.text, status, reason);
        if head.len() > repair::HEAD_MAX {
            return Err(fault(513, "Message Too Large"));
        }
        if lines.is_over_limit {
            return Err(fault(400, "Too Many Headers"));
        }
        if lines.has_controls {
            return Err(fault(400, "Control Character In Header"));
        }
        let start = draft.start(&lines.text)?;
        if draft.has_nameless_line {
            return Err(fault(400, "Header Line Without Name"));
        }
        let only = |name| draft.only(&lines.text, name);
        let via = draft.topmost_via(&lines.text).ok_or_else(|| fault(400, "Bad Via"))?;
        let from = only(Name::From).and_then(NameAddr::parse).ok_or_else(|| fault(400, "Bad From"))?;
        let to = only(Name::To).and_then(NameAddr::parse).ok_or_else(|| fault(400, "Bad To"))?;
        let is_word = |id: &&str| !id.is_empty() && !id.contains(|c: char| c == ' ' || c.is_control());
        let call_id = only(Name::CallId).filter(is_word).ok_or_else(|| fault(400, "Bad Call-ID"))?;
        let (cseq, cseq_method) = only(Name::CSeq).and_then(read_cseq).ok_or_else(|| fault(400, "Bad CSeq"))?;
        if let Start::Request { method, .. } = &start
            && *method != cseq_method
        {
            return Err(fault(400, "CSeq Method Mismatch"));
        }
        let body = match draft.content_length(&lines.text) {
            Ok(None) => rest,
            Ok(Some(length)) => rest.get(..length).ok_or_else(|| fault(400, "Content-Length Beyond The End"))?,
            Err(reason) => return Err(fault(400, reason)),
        };
        if body.len() > repair::BODY_MAX {
            return Err(fault(413, "Request Entity Too Large"));
        }
        let (call_id, body) = (call_id.into(), body.to_vec());
        let fields = draft.fields;
        Ok(Self { text: lines.text, fields, start, via, from, to, call_id, cseq, cseq_method, body })
    }

    /// The method of a request.
    pub fn method(&self) -> Option<&Method> {
        match &self.start {
            Start::Request { method, .. } => Some(method),
            Start::Response { .. } => None,
        }
    }

    /// Whether this is an INVITE outside a dialog (RFC 3261 12.2): somebody calls.
    pub fn begins_call(&self) -> bool {
        self.method() == Some(&Method::Invite) && self.to().tag().is_none()
    }

    /// Whether somebody wants something new of us, rather than to go on with what there is: a call, or a text to a telephone
    /// (RFC 3428). That is refused first when there is too much.
    pub fn is_new_work(&self) -> bool {
        self.begins_call() || (self.method() == Some(&Method::Message) && self.to().tag().is_none())
    }

    /// Whom a request is for.
    pub fn request_uri(&self) -> Option<&Uri> {
        match &self.start {
            Start::Request { uri, .. } => Some(uri),
            Start::Response { .. } => None,
        }
    }

    /// The status code of a response.
    pub fn status(&self) -> Option<u16> {
        match self.start {
            Start::Request { .. } => None,
            Start::Response { status } => Some(status),
        }
    }

    /// The topmost Via.
    pub fn via(&self) -> &Via {
        &self.via
    }

    /// From.
    pub fn from(&self) -> &NameAddr {
        &self.from
    }

    /// To.
    pub fn to(&self) -> &NameAddr {
        &self.to
    }

    /// Call-ID.
    pub fn call_id(&self) -> &Arc<str> {
        &self.call_id
    }

    /// Number of CSeq.
    pub fn cseq(&self) -> u32 {
        self.cseq
    }

    /// Method of CSeq.
    pub fn cseq_method(&self) -> &Method {
        &self.cseq_method
    }

    /// The value of the first line of this name.
    pub fn first(&self, name: Name) -> Option<&str> {
        self.values(name).next()
    }

    /// The values of every line of this name, in order.
    pub fn values(&self, name: Name) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(move |field| field.name == name).filter_map(|field| self.text.get(field.value.clone()))
    }

    /// The addresses of every line of this name, in order; ones that break the grammar are left out.
    pub fn addresses(&self, name: Name) -> impl Iterator<Item = NameAddr> {
        self.values(name).flat_map(elements).filter_map(NameAddr::parse)
    }

    /// The body's octets.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Media type of the body, lower case, without parameters.
    pub fn content_type(&self) -> Option<String> {
        let value = self.first(Name::ContentType)?;
        Some(value.split(';').next().unwrap_or(value).trim().to_ascii_lowercase())
    }

    /// The session description: a body of type application/sdp; octets that are not UTF-8 are replaced.
    pub fn sdp(&self) -> Option<Arc<str>> {
        if self.body.is_empty() || self.content_type().is_none_or(|kind| kind != "application/sdp") {
            return None;
        }
        Some(String::from_utf8_lossy(&self.body).as_ref().into())
    }

    /// Whether `option` is named in Require or whatever else `name` says.
    pub fn lists(&self, name: Name, option: &str) -> bool {
        self.values(name).flat_map(elements).any(|listed| listed.eq_ignore_ascii_case(option))
    }
}

impl fmt::Debug for SipMessage {
    /// Without numbers and names of people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SipMessage({}", self.cseq_method)?;
        if let Some(status) = self.status() {
            write!(f, " {status}")?;
        }
        write!(f, ", cseq {}, call-id {})", self.cseq, self.call_id)
    }
}

impl Via {
    /// Reads one Via element; `None` if it breaks the grammar.
    pub fn parse(value: &str) -> Option<Self> {
        let (sent, params) = value.split_at(value.find(';').unwrap_or(value.len()));
        // "SIP / 2.0 / UDP host : 5060" is legal (RFC 4475 3.1.1.1): white space around slashes and the colon does not count.
        let mut protocol = sent.splitn(3, '/');
        let (name, version, rest) = (protocol.next()?.trim(), protocol.next()?.trim(), protocol.next()?.trim_start());
        let (transport, sent_by) = rest.split_once([' ', '\t'])?;
        if !name.eq_ignore_ascii_case("SIP") || version != "2.0" || !is_token(transport) || !can_be_added_to(params) {
            return None;
        }
        let sent_by: String = sent_by.chars().filter(|c| !matches!(c, ' ' | '\t')).collect();
        let host_len =
            if sent_by.starts_with('[') { sent_by.find(']')? + 1 } else { sent_by.find(':').unwrap_or(sent_by.len()) };
        let (host, port) = (sent_by.get(..host_len)?, sent_by.get(host_len..)?);
        let port = match port.strip_prefix(':') {
            Some(port) => Some(port.parse().ok()?),
            None if port.is_empty() => None,
            None => return None,
        };
        if host.is_empty() {
            return None;
        }
        let param = |name| super::address::param(params, name);
        Some(Self {
            host: host.to_owned(),
            port,
            branch: param("branch").unwrap_or("").to_owned(),
            has_rport: param("rport").is_some(),
        })
    }
}

/// Whether what we add behind these parameters stays apart from them: quotes are closed, and nothing is in angle brackets, which Via does
/// not know.
fn can_be_added_to(params: &str) -> bool {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for b in params.bytes() {
        match b {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b'<' | b'>' if !is_quoted => return false,
            _ => {}
        }
    }
    !is_quoted
}

/// Lines split into names and values, before they are checked.
struct Draft {
    start: Range<usize>,
    fields: Vec<Field>,
    has_nameless_line: bool,
}

impl Draft {
    fn read(lines: &Lines) -> Result<Self, Malformed> {
        let mut spans = lines.spans.iter();
        let start = spans.next().cloned().ok_or_else(|| Malformed::silent("Empty"))?;
        let mut draft = Self { start, fields: Vec::with_capacity(lines.spans.len()), has_nameless_line: false };
        for span in spans {
            let line = lines.text.get(span.clone()).unwrap_or("");
            let Some((name, value)) = line.split_once(':').filter(|(name, _)| is_token(name.trim_end())) else {
                draft.has_nameless_line = true;
                continue;
            };
            let trimmed = value.trim_start();
            let start = span.end - trimmed.len();
            draft.fields.push(Field { name: Name::read(name.trim_end()), value: start..start + trimmed.trim_end().len() });
        }
        Ok(draft)
    }

    fn values<'a>(&'a self, text: &'a str, name: Name) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |field| field.name == name).filter_map(|field| text.get(field.value.clone()))
    }

    fn only<'a>(&'a self, text: &'a str, name: Name) -> Option<&'a str> {
        let mut values = self.values(text, name);
        values.next().filter(|_| values.next().is_none())
    }

    /// The first element of the first Via line, all of whose elements must be sound.
    fn topmost_via(&self, text: &str) -> Option<Via> {
        let mut vias = elements(self.values(text, Name::Via).next()?).map(Via::parse);
        let topmost = vias.next()??;
        vias.all(|via| via.is_some()).then_some(topmost)
    }

    fn start(&self, text: &str) -> Result<Start, Malformed> {
        let line = text.get(self.start.clone()).unwrap_or("");
        let fault = |status, reason| self.malformed(text, status, reason);
        if let Some(rest) = line.strip_prefix("SIP/") {
            let mut words = rest.splitn(3, ' ');
            let (version, status) = (words.next(), words.next().and_then(|word| word.parse::<u16>().ok()));
            return match (version, status) {
                (Some("2.0"), Some(status @ 100..=699)) => Ok(Start::Response { status }),
                _ => Err(Malformed::silent("Bad Status Line")),
            };
        }
        let (method, rest) = line.split_once(' ').ok_or_else(|| Malformed::silent("Bad Request Line"))?;
        let method = Method::read(method).ok_or_else(|| Malformed::silent("Bad Method"))?;
        let (uri, version) = rest.trim_end().rsplit_once(' ').ok_or_else(|| fault(400, "Bad Request Line"))?;
        match version.strip_prefix("SIP/").or_else(|| version.strip_prefix("sip/")) {
            Some("2.0") => {}
            Some(other) if other.split_once('.').is_some_and(|(a, b)| is_number(a) && is_number(b)) => {
                return Err(fault(505, "Version Not Supported"));
            }
            _ => return Err(fault(400, "Bad Request Line")),
        }
        let uri = Uri::parse(uri.trim()).ok_or_else(|| fault(400, "Bad Request-URI"))?;
        if uri.scheme() == Scheme::Other {
            return Err(fault(416, "Unsupported URI Scheme"));
        }
        Ok(Start::Request { method, uri })
    }

    fn content_length(&self, text: &str) -> Result<Option<usize>, &'static str> {
        let mut length = None;
        for value in self.values(text, Name::ContentLength) {
            if !is_number(value) {
                return Err("Bad Content-Length");
            }
            let read = value.parse::<usize>().map_err(|_| "Bad Content-Length")?;
            if length.is_some_and(|before| before != read) {
                return Err("Two Content-Lengths");
            }
            length = Some(read);
        }
        Ok(length)
    }

    fn malformed(&self, text: &str, status: u16, reason: &'static str) -> Malformed {
        let line = text.get(self.start.clone()).unwrap_or("");
        if line.starts_with("SIP/") || line.starts_with("ACK ") {
            return Malformed::silent(reason);
        }
        Malformed { status: Some(status), reason, echo: self.echo(text) }
    }

    /// What the sender needs to recognise the answer: its Via and CSeq (17.1.3), and of the rest what it sent (RFC 4475 3.3.1).
    fn echo(&self, text: &str) -> Option<String> {
        let mut echo = String::with_capacity(512);
        for name in [Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq] {
            let mut values = self.values(text, name).peekable();
            if matches!(name, Name::Via | Name::CSeq) {
                values.peek()?;
            }
            for value in values.take(if name == Name::Via { usize::MAX } else { 1 }) {
                echo.extend([name.as_str(), ": ", value]);
                // RFC 3261 8.2.6.2: every answer but 100 carries a tag of ours. A fixed one will do: nothing lives behind it.
                if name == Name::To && !value.contains(";tag=") {
                    echo.push_str(";tag=malformed");
                }
                echo.push_str("\r\n");
            }
        }
        Some(echo)
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// RFC 3261 8.1.1.5: a number below 2^31 and a method.
fn read_cseq(value: &str) -> Option<(u32, Method)> {
    let (number, method) = value.split_once([' ', '\t'])?;
    let number = Some(number).filter(|n| is_number(n))?.parse::<u32>().ok().filter(|n| *n < 1 << 31)?;
    Some((number, Method::read(method.trim())?))
}

/// The reason phrase to a status, for whoever writes a response line.
pub(super) fn status_line(status: u16) -> String {
    format!("SIP/2.0 {status} {}\r\n", reason_phrase(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a message: its method or status, what stands out, or how it is refused.
    fn outcome(bytes: &[u8]) -> String {
        match SipMessage::parse(bytes) {
            Ok(message) => {
                let name = message.from().display.clone().unwrap_or_default();
                let uri = message.request_uri().and_then(|uri| uri.user()).unwrap_or_default();
                let start = message.status().map_or_else(|| message.cseq_method().to_string(), |status| status.to_string());
                format!("{start} {uri} {name} {}", message.body().len()).split_whitespace().collect::<Vec<_>>().join(" ")
            }
            Err(malformed) => {
                let answer = malformed_response(&malformed);
                // Whatever we answer must itself be a sound message, unless it has to mirror what is broken.
                match (malformed.status, answer) {
                    (Some(status), Some(_)) => format!("{status} {}", malformed.reason),
                    (_, None) => format!("dropped: {}", malformed.reason),
                    (None, Some(_)) => "answered without a status".into(),
                }
            }
        }
    }

    #[test]
    fn messages_that_broke_other_servers_are_read_or_refused_by_the_book() {
        macro_rules! captures {
            ($($name:literal => $expected:literal,)*) => {
                [$(($name, &include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures/sip/", $name, ".sip"))[..], $expected)),*]
            };
        }
        let captures = captures! {
            "bad-ack" => "dropped: Version Not Supported",
            "bare-line-feeds" => "INVITE 1000 0",
            "body-of-40-kib" => "413 Request Entity Too Large",
            "body-shorter-than-content-length" => "400 Content-Length Beyond The End",
            "body-without-content-length" => "INVITE 1000 87",
            "brackets-in-request-uri" => "400 Bad Request-URI",
            "compact-headers" => "INVITE 1000 3",
            "content-length-negative" => "400 Bad Content-Length",
            "content-length-twice-different" => "400 Two Content-Lengths",
            "content-length-twice-same" => "INVITE 1000 5",
            "control-character" => "400 Control Character In Header",
            "cseq-other-method" => "400 CSeq Method Mismatch",
            "cseq-overflow" => "400 Bad CSeq",
            "escaped-and-long-user" => "INVITE user 0",
            "folded-headers" => "INVITE 1000 0",
            "head-of-20-kib" => "513 Message Too Large",
            "header-without-colon" => "400 Header Line Without Name",
            "http" => "dropped: Bad Request Line",
            "hundred-and-one-headers" => "400 Too Many Headers",
            "instance-contact" => "INVITE 1000 0",
            "ipv6-everywhere" => "INVITE 1000 0",
            "ipv6-unclosed" => "400 Bad Request-URI",
            "latin-1-display-name" => "INVITE 1000 José Muéoz 0",
            "leading-line-ends" => "INVITE 1000 0",
            "no-call-id" => "400 Bad Call-ID",
            "nothing-but-a-line" => "dropped: No end of headers",
            "response-with-status-4294967301" => "dropped: Bad Status Line",
            "response-without-phrase" => "100 0",
            "several-vias-in-a-line" => "INVITE 1000 0",
            "space-in-request-uri" => "400 Bad Request-URI",
            "tel-request-uri" => "INVITE +34911000001 0",
            "trailing-octets" => "INVITE 1000 5",
            "two-call-ids" => "400 Bad Call-ID",
            "two-froms" => "400 Bad From",
            "unbalanced-quote-in-to" => "400 Bad To",
            "unknown-method" => "!interesting-Method0123456789_*+`.%indeed'~ 1000 0",
            "unknown-scheme" => "416 Unsupported URI Scheme",
            "utf-8-display-name" => "INVITE 1000 José Muñoz 0",
            "version-7" => "505 Version Not Supported",
            "version-nonsense" => "400 Bad Request Line",
            "via-nonsense" => "400 Bad Via",
            "white-space-everywhere" => "INVITE vivekg J Rosenberg \\\" 0",
        };
        let wrong: Vec<String> = captures
            .iter()
            .filter(|(_, bytes, expected)| outcome(bytes) != *expected)
            .map(|(name, bytes, expected)| format!("{name}: {} instead of {expected}", outcome(bytes)))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn a_via_to_which_nothing_can_be_added_is_none() {
        let is_read = |params: &str| Via::parse(&format!("SIP/2.0/UDP h;branch=z9hG4bK1{params}")).is_some();
        assert!(is_read("") && is_read(";x=\"a<;b\"") && is_read(";x=\"a\\\"b\""));
        assert!(!is_read("<;rport") && !is_read(">") && !is_read(";x=\"a") && !is_read(";x=\"a\\\""));
    }

    #[test]
    fn a_refusal_mirrors_what_the_sender_needs_to_recognise_it() {
        let bytes = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures/sip/version-7.sip"));
        let malformed = SipMessage::parse(bytes).expect_err("version 7");
        let answer = malformed_response(&malformed).expect("an answer");
        let answer = SipMessage::parse(&answer).expect("a sound message");
        assert_eq!((answer.status(), &**answer.call_id(), answer.cseq()), (Some(505), "t1@192.0.2.2", 1));
        assert_eq!(answer.via().branch, "z9hG4bKt1");
        assert!(answer.to().tag().is_some());
    }
}
