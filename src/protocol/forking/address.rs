//! Addresses of WebSockets (RFC 6455 3): what of them may be dialled.

use std::net::IpAddr;

/// Longest address that is taken.
const CHARS_MAX: usize = 2_000;

/// Where a WebSocket is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebsocketAddress {
    /// `wss`: over TLS.
    pub is_tls: bool,
    /// A name or an address, the latter without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// Why a text is no such address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an address of a WebSocket such as wss://host/path, without user or fragment")]
pub struct AddressFault;

impl WebsocketAddress {
    /// Reads an address. A user or password in it and a fragment (RFC 6455 3) are refused, as is everything that is no visible ASCII.
    pub fn parse(text: &str) -> Result<Self, AddressFault> {
        let (is_tls, rest) = match (text.strip_prefix("wss://"), text.strip_prefix("ws://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(AddressFault),
        };
        if text.len() > CHARS_MAX
            || !text.bytes().all(|b| b.is_ascii_graphic())
            || text.contains(['#', '"', '<', '>', '\\', '^', '`'])
        {
            return Err(AddressFault);
        }
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let (host, port) = match authority.strip_prefix('[').and_then(|bare| bare.split_once(']')) {
            Some((host, port)) => {
                let IpAddr::V6(_) = host.parse().map_err(|_| AddressFault)? else { return Err(AddressFault) };
                (host, port)
            }
            None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
        };
        let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        let is_literal = authority.starts_with('[');
        if host.is_empty() || host.len() > 253 || !(is_literal || host.bytes().all(is_name)) {
            return Err(AddressFault);
        }
        let port = match port.strip_prefix(':') {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().map_err(|_| AddressFault)?,
            None if port.is_empty() => {
                if is_tls {
                    443
                } else {
                    80
                }
            }
            Some(_) | None => return Err(AddressFault),
        };
        if port == 0 {
            return Err(AddressFault);
        }
        Ok(Self { is_tls, host: host.to_ascii_lowercase(), port })
    }

    /// Whether it is on this machine.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_scheme_a_host_and_a_port() {
        let read = |text: &str| WebsocketAddress::parse(text).map(|read| (read.is_tls, read.host, read.port));
        let of = |is_tls, host: &str, port| Ok((is_tls, host.to_owned(), port));
        assert_eq!(read("wss://Media.Example/live?room=a"), of(true, "media.example", 443));
        assert_eq!(read("ws://127.0.0.1:9000"), of(false, "127.0.0.1", 9_000));
        assert_eq!(read("wss://[2001:db8::1]:8443/x"), of(true, "2001:db8::1", 8_443));
        assert_eq!(read("ws://host?x=1"), of(false, "host", 80));
        for wrong in [
            "",
            "http://host/",
            "wss://",
            "wss:///path",
            "wss://user:secret@host/",
            "wss://host/#x",
            "wss://host:0/",
            "wss://host:99999/",
            "wss://host:/",
            "wss://host:+1/",
            "wss://[host]/",
            "wss://[::1]x/",
            "wss://ho st/",
            "wss://hóst/",
            "wss://host/\r\nX: y",
        ] {
            assert_eq!(read(wrong), Err(AddressFault), "{wrong}");
        }
        assert_eq!(read(&format!("wss://host/{}", "x".repeat(2_000))), Err(AddressFault));
    }

    #[test]
    fn this_machine_is_known_by_its_names() {
        let is_loopback = |text| WebsocketAddress::parse(text).unwrap().is_loopback();
        assert!(is_loopback("ws://localhost/") && is_loopback("ws://127.9.9.9/") && is_loopback("ws://[::1]:1/"));
        assert!(!is_loopback("ws://localhost.example/") && !is_loopback("ws://10.0.0.1/"));
    }
}
