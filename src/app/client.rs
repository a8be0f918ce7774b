//! Who is at the other end of a connection, as both doors need to know: address, our own origin as they wrote it, where the page
//! comes from that asks, and the session that the browser carries. Made by the guard of the HTTP door.

use std::{net::IpAddr, sync::Arc};

/// The other end of a request.
#[derive(Debug, Clone)]
pub struct Client {
    /// Their address, through trusted proxies.
    pub address: IpAddr,
    /// Whether the way to them is encrypted.
    pub is_secure: bool,
    /// `scheme://host[:port]` of this server as they wrote it; `None` without a Host.
    pub own_origin: Option<Arc<str>>,
    /// Further origins of this server, from the settings.
    pub further_origins: Arc<[String]>,
    /// `Origin` of the page that asks.
    pub origin: Option<Arc<str>>,
    /// Whether the browser itself says that the page is ours (Fetch Metadata, `Sec-Fetch-Site: same-origin`).
    pub says_same_origin: bool,
    /// The token of the session cookie, unchecked.
    pub session: Option<SessionToken>,
}

/// What a session cookie holds. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken(pub Arc<str>);

impl std::fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionToken(…)")
    }
}

/// Another site's page may have made the browser do this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a request with a session cookie that changes something must come from a page of this server: send `Origin: {own}`. \
     If people open this server under another address, add it to http.origins; programs use an API token instead"
)]
pub struct ForeignOrigin {
    /// What would be right.
    pub own: String,
}

impl Client {
    /// Their network, as rate limits count it: one subscriber of an IPv6 carrier owns at least a /64.
    pub fn network(&self) -> IpAddr {
        match self.address.to_canonical() {
            IpAddr::V4(ip) => IpAddr::V4(ip),
            IpAddr::V6(ip) => IpAddr::V6((u128::from(ip) & !u128::from(u64::MAX)).into()),
        }
    }

    /// Whether a page of this origin is one of ours: the origin of the request itself or one of the settings.
    pub fn is_own_origin(&self, origin: &str) -> bool {
        self.own_origin.as_deref() == Some(origin) || self.further_origins.iter().any(|known| known == origin)
    }

    /// Refuses what another site's page may have caused: the Origin must be ours (RFC 6454 7); without one the browser must say
    /// `same-origin`. A program that sends neither is refused too.
    pub fn require_own_origin(&self) -> Result<(), ForeignOrigin> {
        let is_ours = match &self.origin {
            Some(origin) => self.is_own_origin(origin),
            None => self.says_same_origin,
        };
        if is_ours { Ok(()) } else { Err(self.foreign()) }
    }

    /// The same for sockets, where browsers always send an Origin.
    pub fn require_exact_origin(&self, allowed: &[String]) -> Result<(), ForeignOrigin> {
        let is_ours = |origin: &Arc<str>| self.is_own_origin(origin) || allowed.iter().any(|known| **known == **origin);
        if self.origin.as_ref().is_some_and(is_ours) { Ok(()) } else { Err(self.foreign()) }
    }

    fn foreign(&self) -> ForeignOrigin {
        ForeignOrigin { own: self.own_origin.as_deref().unwrap_or("https://<host>").to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(origin: Option<&str>) -> Client {
        Client {
            address: [127, 0, 0, 1].into(),
            is_secure: false,
            own_origin: Some("http://127.0.0.1:8080".into()),
            further_origins: Arc::new(["https://centre.example.org".into()]),
            origin: origin.map(Into::into),
            says_same_origin: false,
            session: None,
        }
    }

    #[test]
    fn an_office_is_one_network_and_so_is_a_subscriber_of_ipv6() {
        let network = |address: &str| Client { address: address.parse().expect("an address"), ..client(None) }.network();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::9"));
        assert_ne!(network("2001:db8:1:2::9"), network("2001:db8:1:3::9"));
        assert_ne!(network("203.0.113.7"), network("203.0.113.8"));
        assert_eq!(network("::ffff:203.0.113.7"), network("203.0.113.7"));
    }

    #[test]
    fn only_the_exact_origin_is_ours() {
        for ours in ["http://127.0.0.1:8080", "https://centre.example.org"] {
            assert!(client(Some(ours)).require_own_origin().is_ok(), "{ours}");
        }
        for foreign in [
            "http://127.0.0.1",
            "https://127.0.0.1:8080",
            "http://127.0.0.1:8080.evil.example",
            "https://centre.example.org:444",
            "https://evil.example",
            "null",
            "",
        ] {
            assert!(client(Some(foreign)).require_own_origin().is_err(), "{foreign}");
        }
        assert!(client(None).require_own_origin().is_err());
        assert!(Client { says_same_origin: true, ..client(None) }.require_own_origin().is_ok());
        let lying = Client { says_same_origin: true, ..client(Some("https://evil.example")) };
        assert!(lying.require_own_origin().is_err(), "the Origin is believed first");
        assert!(Client { says_same_origin: true, ..client(None) }.require_exact_origin(&[]).is_err(), "sockets need an Origin");
        assert!(client(Some("https://shop.example")).require_exact_origin(&["https://shop.example".into()]).is_ok());
    }
}
