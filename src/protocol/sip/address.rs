//! Addresses as SIP writes them: URIs, name-addr with its parameters, and lists of both. Lenient in reading, since phones and
//! carriers are; nothing here panics on any text.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

/// What kind of URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `sip:`.
    Sip,
    /// `sips:`.
    Sips,
    /// `tel:`.
    Tel,
    /// Any other: kept as text, never called.
    Other,
}

/// A URI with its parts found once and its text kept as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Uri {
    text: Arc<str>,
    scheme: Scheme,
    user: Option<(usize, usize)>,
    host: (usize, usize),
    port: Option<u16>,
    params: (usize, usize),
}

impl TryFrom<String> for Uri {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a URI")
    }
}

impl From<Uri> for String {
    fn from(uri: Uri) -> Self {
        (*uri.text).to_owned()
    }
}

impl Uri {
    /// Reads a URI without angle brackets; `None` if it breaks the grammar.
    pub fn parse(text: &str) -> Option<Self> {
        if text.bytes().any(|b| b <= b' ' || b == 0x7f || matches!(b, b'<' | b'>' | b'"')) {
            return None;
        }
        let colon = text.find(':')?;
        let scheme = match text.get(..colon)? {
            s if s.eq_ignore_ascii_case("sip") => Scheme::Sip,
            s if s.eq_ignore_ascii_case("sips") => Scheme::Sips,
            s if s.eq_ignore_ascii_case("tel") => Scheme::Tel,
            s if s.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
                && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) =>
            {
                Scheme::Other
            }
            _ => return None,
        };
        let start = colon + 1;
        let end = text.len();
        let owned: Arc<str> = text.into();
        match scheme {
            Scheme::Other => Some(Self { text: owned, scheme, user: None, host: (end, end), port: None, params: (end, end) }),
            Scheme::Tel => {
                let rest = text.get(start..)?;
                let number_end = start + rest.find(';').unwrap_or(rest.len());
                (number_end > start).then_some(Self {
                    text: owned,
                    scheme,
                    user: Some((start, number_end)),
                    host: (end, end),
                    port: None,
                    params: (number_end, end),
                })
            }
            Scheme::Sip | Scheme::Sips => {
                // The user part may hold ; ? and :, so the @ decides first (RFC 3261 25.1, RFC 4475 3.1.1.1).
                let at = text.get(start..)?.rfind('@').map(|i| start + i);
                let user = match at {
                    Some(at) => {
                        let userinfo = text.get(start..at)?;
                        let user_end = start + userinfo.find(':').unwrap_or(userinfo.len());
                        Some((start, user_end))
                    }
                    None => None,
                };
                let host_start = at.map_or(start, |at| at + 1);
                let rest = text.get(host_start..)?;
                let host_len = if rest.starts_with('[') {
                    let close = rest.find(']')?;
                    rest.get(1..close)?.parse::<std::net::Ipv6Addr>().ok()?;
                    close + 1
                } else {
                    let len = rest.find([':', ';', '?']).unwrap_or(rest.len());
                    let is_name = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
                    if len == 0 || !rest.get(..len)?.bytes().all(is_name) {
                        return None;
                    }
                    len
                };
                let mut tail = rest.get(host_len..)?;
                let mut port = None;
                if let Some(after) = tail.strip_prefix(':') {
                    let len = after.find([';', '?']).unwrap_or(after.len());
                    port = Some(after.get(..len)?.parse().ok()?);
                    tail = after.get(len..)?;
                }
                if !(tail.is_empty() || tail.starts_with([';', '?'])) {
                    return None;
                }
                let params_start = end - tail.len();
                let params_end = params_start + tail.find('?').unwrap_or(tail.len());
                Some(Self {
                    text: owned,
                    scheme,
                    user,
                    host: (host_start, host_start + host_len),
                    port,
                    params: (params_start, params_end),
                })
            }
        }
    }

    /// As it came.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What kind.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The user part for people and look-ups: without password and telephone parameters, percent-decoded; of a `tel:` the number.
    pub fn user(&self) -> Option<String> {
        let (start, end) = self.user?;
        let raw = self.text.get(start..end)?;
        let user = percent_decoded(raw.split(';').next().unwrap_or(raw));
        (!user.is_empty()).then_some(user)
    }

    /// A telephone parameter: of a `tel:` the URI's own, else one that hangs on the number in the user part (RFC 3261 19.1.6).
    pub fn number_param(&self, name: &str) -> Option<&str> {
        if self.scheme == Scheme::Tel {
            return self.param(name);
        }
        let (start, end) = self.user?;
        param(self.text.get(start..end)?.split_once(';')?.1, name)
    }

    /// The host, an IPv6 address in its brackets; empty for other schemes than sip and sips.
    pub fn host(&self) -> &str {
        self.text.get(self.host.0..self.host.1).unwrap_or("")
    }

    /// The port, if one is named.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The value of a URI parameter: empty for a flag.
    pub fn param(&self, name: &str) -> Option<&str> {
        param(self.text.get(self.params.0..self.params.1)?, name)
    }

    /// The value of a header that the URI wants in the request (`?name=value&…`, RFC 3261 19.1.1), percent-decoded.
    pub fn header(&self, name: &str) -> Option<String> {
        let headers = self.text.get(self.params.1..)?.strip_prefix('?')?;
        let found = headers.split('&').find_map(|piece| {
            let (key, value) = piece.split_once('=').unwrap_or((piece, ""));
            key.eq_ignore_ascii_case(name).then_some(value)
        });
        found.map(percent_decoded)
    }

    /// The address, if the host is an address and not a name; port 5060 unless one is named.
    pub fn address(&self) -> Option<SocketAddr> {
        host_ip(self.host()).map(|ip| SocketAddr::new(ip, self.port.unwrap_or(5060)))
    }
}

/// An address with an optional display name and parameters: From, To, Contact, Route, P-Asserted-Identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameAddr {
    /// Display name without quotes; `None` if absent or empty.
    pub display: Option<String>,
    /// The URI.
    pub uri: Uri,
    /// Header parameters, each with its leading semicolon, as they came.
    params: String,
}

impl NameAddr {
    /// Reads `"Name" <uri>;params`, `Name <uri>;params` or `uri;params`; `None` if it breaks the grammar.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (display, rest) = if text.starts_with('"') {
            let close = quoted_end(text)?;
            let inner = text.get(1..close)?;
            (unescaped(inner), text.get(close + 1..)?.trim_start())
        } else {
            match text.find('<') {
                // A < behind a semicolon belongs to a parameter of a bare URI.
                Some(open) if !text.get(..open)?.contains(';') => (text.get(..open)?.trim().to_owned(), text.get(open..)?),
                _ => (String::new(), text),
            }
        };
        let (uri, params) = if let Some(inner) = rest.strip_prefix('<') {
            let close = inner.find('>')?;
            (inner.get(..close)?, inner.get(close + 1..)?.trim())
        } else {
            if text.starts_with('"') {
                return None;
            }
            // Without brackets, what follows a semicolon belongs to the header (RFC 3261 20.10).
            let len = rest.find([';', ' ', '\t']).unwrap_or(rest.len());
            (rest.get(..len)?, rest.get(len..)?.trim())
        };
        if !(params.is_empty() || params.starts_with(';')) {
            return None;
        }
        let display = (!display.is_empty()).then_some(display);
        Some(Self { display, uri: Uri::parse(uri)?, params: params.to_owned() })
    }

    /// The value of a header parameter: without quotes, empty for a flag.
    pub fn param(&self, name: &str) -> Option<&str> {
        param(&self.params, name)
    }

    /// The tag, if there is one that is not empty.
    pub fn tag(&self) -> Option<&str> {
        self.param("tag").filter(|tag| !tag.is_empty())
    }
}

/// The value of a parameter in `;a=b;c="d";flag`: without quotes, empty for a flag.
pub fn param<'a>(params: &'a str, name: &str) -> Option<&'a str> {
    split_outside_quotes(params, b';').find_map(|piece| {
        let (key, value) = piece.split_once('=').unwrap_or((piece, ""));
        if !key.trim().eq_ignore_ascii_case(name) {
            return None;
        }
        let value = value.trim();
        Some(value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value))
    })
}

/// The elements of a comma-separated header value; commas in quotes and angle brackets do not separate.
pub fn elements(value: &str) -> impl Iterator<Item = &str> {
    split_outside_quotes(value, b',').map(str::trim).filter(|piece| !piece.is_empty())
}

/// Splits at an ASCII `separator` that stands neither in quotes nor in angle brackets.
fn split_outside_quotes(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let current = rest?;
        let (mut is_quoted, mut is_escaped, mut is_bracketed) = (false, false, false);
        let cut = current.bytes().position(|b| {
            if is_escaped {
                is_escaped = false;
                return false;
            }
            match b {
                b'\\' if is_quoted => is_escaped = true,
                b'"' => is_quoted = !is_quoted,
                b'<' if !is_quoted => is_bracketed = true,
                b'>' if !is_quoted => is_bracketed = false,
                _ => return b == separator && !is_quoted && !is_bracketed,
            }
            false
        });
        match cut.and_then(|at| Some((current.get(..at)?, current.get(at + 1..)?))) {
            Some((piece, after)) => {
                rest = Some(after);
                Some(piece)
            }
            None => {
                rest = None;
                Some(current)
            }
        }
    })
}

/// Where the quote that opens `text` closes.
fn quoted_end(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().enumerate().skip(1).find_map(|(at, b)| {
        if is_escaped {
            is_escaped = false;
            return None;
        }
        is_escaped = b == b'\\';
        (b == b'"').then_some(at)
    })
}

fn unescaped(inner: &str) -> String {
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
        } else if let Some(next) = chars.next().filter(|next| !next.is_control()) {
            // A quoted pair may hold any control character (25.1), which no name needs.
            out.push(next);
        }
    }
    out
}

/// The address that a host of a Via or URI spells, with or without IPv6 brackets.
pub fn host_ip(host: &str) -> Option<IpAddr> {
    host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host).parse().ok()
}

/// `text` as a quoted string (RFC 3261 25.1): quotes and backslashes escaped, control characters left out.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars().filter(|c| !c.is_control()) {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// `text` as the user part of a URI: everything but unreserved octets and `+ * #` of dialled numbers percent-encoded (`#` too, as
/// RFC 3261 25.1 asks).
pub fn user_part(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || b"-_.!~*'()+".contains(&b) {
            out.push(char::from(b));
        } else {
            let _ = write!(out, "%{b:02X}");
        }
    }
    out
}

fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        let ahead = bytes.clone();
        let mut digits = ahead.map(|d| char::from(d).to_digit(16));
        match (b, digits.next().flatten(), digits.next().flatten()) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                bytes.next();
                bytes.next();
            }
            _ => out.push(b),
        }
    }
    String::from_utf8_lossy(&out).chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_field_are_read() {
        let quoted = NameAddr::parse(r#""Ana \"<La, Jefa>\"" <sip:+34911000001;npdi@10.0.0.1:5070;transport=tcp?x=y>;tag=a1"#);
        let quoted = quoted.expect("a quoted name with brackets");
        assert_eq!(quoted.display.as_deref(), Some(r#"Ana "<La, Jefa>""#));
        assert_eq!(quoted.uri.user().as_deref(), Some("+34911000001"));
        assert_eq!((quoted.uri.host(), quoted.uri.port()), ("10.0.0.1", Some(5070)));
        assert_eq!(quoted.uri.param("transport"), Some("tcp"));
        assert_eq!(quoted.tag(), Some("a1"));

        let phone =
            NameAddr::parse(r#"<sip:101@192.0.2.4:5060;ob>;+sip.instance="<urn:uuid:0-1;2>";reg-id=1"#).expect("instance");
        assert_eq!(phone.param("+sip.instance"), Some("<urn:uuid:0-1;2>"));
        assert_eq!(phone.param("reg-id"), Some("1"));
        assert_eq!(phone.uri.param("ob"), Some(""));

        let bare = NameAddr::parse("sip:a%20b@[2001:db8::1]:5080;tag=x").expect("bare");
        assert_eq!(bare.tag(), Some("x"));
        assert_eq!(bare.uri.user().as_deref(), Some("a b"));
        assert_eq!(bare.uri.address().map(|a| a.to_string()).as_deref(), Some("[2001:db8::1]:5080"));

        let tel = NameAddr::parse("<tel:+34911;phone-context=x>").expect("tel");
        assert_eq!((tel.uri.scheme(), tel.uri.user().as_deref()), (Scheme::Tel, Some("+34911")));
    }

    #[test]
    fn broken_addresses_are_refused_and_never_panic() {
        for bad in [
            "",
            "<",
            "\"a",
            "\"a\" b",
            "sip:",
            "<sip:>",
            "sip:a@",
            "sip:a@[::1",
            "sip:a@h:99999",
            "sip:a b@h",
            "<sip:a@h> x",
            "sip:a@h:5x",
        ] {
            assert!(NameAddr::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn lists_split_at_commas_that_separate() {
        let list: Vec<&str> = elements(r#""a, b" <sip:x@h;q="1,2">, <sip:y,z@h> ,, sip:w@h"#).collect();
        assert_eq!(list, [r#""a, b" <sip:x@h;q="1,2">"#, "<sip:y,z@h>", "sip:w@h"]);
    }

    #[test]
    fn names_and_numbers_cannot_break_out_of_their_place() {
        assert_eq!(quoted("a\"\r\nVia: x\\"), "\"a\\\"Via: x\\\\\"");
        assert_eq!(user_part("1#\r\n@x"), "1%23%0D%0A%40x");
        assert_eq!(percent_decoded("%31%zz%0d%"), "1%zz?%");
    }
}
