//! What the endpoint is told at its making.

use std::sync::Arc;

use super::{
    identity::IdentityTimes, messaging::MessageLimits, recording::RECORDING_TAG, subscribing::SubscriptionLimits,
    trunk_health::PingSettings,
};
use crate::protocol::sip::{
    address::elements,
    compose::{Composition, ReplyLines},
    gruu::Gruus,
    guard::FloodLimits,
    header::{ALLOW_IN_CALL, Name},
    message::SipMessage,
    notice::{Flow, FlowId, Transport},
    registrar::RegistrationLimits,
    session_timer::SessionTimerLimits,
    transaction::Times,
};
use crate::{
    protocol::{certificate::Anchors, stir::PassportSigner},
    types::{IpPrefix, OfFamily, PerFamily},
};

/// Settings of the endpoint.
#[derive(Debug, Clone)]
pub struct SipSettings {
    /// Our addresses over datagrams, as others reach them.
    pub udp: PerFamily<Advertised>,
    /// Our addresses over streams, as others reach them.
    pub tcp: PerFamily<Advertised>,
    /// Our addresses over encrypted streams, as others reach them.
    pub tls: PerFamily<Advertised>,
    /// The sockets from which datagrams to trunks go.
    pub default_udp_flow: PerFamily<FlowId>,
    /// User-Agent and Server.
    pub user_agent: String,
    /// Digest realm of our challenges; stored hashes are made for it.
    pub realm: String,
    /// Most calls at a time; above it new ones get 503.
    pub dialogs_max: usize,
    /// Most INVITEs at a time that wait for our final response; above it new ones get 503.
    pub invites_max: usize,
    /// Most transactions at a time; above it new calls get 503 and other requests are answered without memory.
    pub transactions_max: usize,
    /// Retry-After of those 503, in seconds.
    pub retry_after_secs: u32,
    /// Longest that an incoming call may stay without our final response, in milliseconds.
    pub undecided_max_ms: u64,
    /// Longest that a new offer of the peer may stay unanswered, in milliseconds.
    pub reoffer_max_ms: u64,
    /// Session timers (RFC 4028).
    pub session_timer: SessionTimerLimits,
    /// T1, T2 and T4.
    pub times: Times,
    /// Floods and guessing.
    pub flood: FloodLimits,
    /// Addresses that are never banned, such as an office's or a monitor's; trunks' never are.
    pub never_banned: Vec<IpPrefix>,
    /// Registrations.
    pub registration: RegistrationLimits,
    /// Questions to trunks.
    pub pings: PingSettings,
    /// Subscriptions.
    pub subscriptions: SubscriptionLimits,
    /// Messages between telephones.
    pub messages: MessageLimits,
    /// How signed statements about callers are checked.
    pub identity: IdentityTimes,
    /// Makes addresses of single devices, the same over restarts; without it temporary ones end with the process.
    pub gruus: Option<Gruus>,
    /// Signs ours.
    pub signer: Option<Arc<dyn PassportSigner>>,
    /// Authorities that vouch for the other sides of trunks that name none.
    pub well_known: Anchors,
}

/// An address of ours in Via and Contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advertised {
    /// Host name or address, an IPv6 address in brackets.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl Default for SipSettings {
    fn default() -> Self {
        let local = PerFamily::One(Advertised { host: "127.0.0.1".into(), port: 5060 });
        Self {
            udp: local.clone(),
            tcp: local.clone(),
            tls: local,
            default_udp_flow: PerFamily::One(FlowId(1)),
            user_agent: "Centralita".into(),
            realm: "centralita".into(),
            dialogs_max: 10_000,
            invites_max: 2_000,
            transactions_max: 200_000,
            retry_after_secs: 10,
            undecided_max_ms: 30 * 60_000,
            reoffer_max_ms: 10_000,
            session_timer: SessionTimerLimits::default(),
            times: Times::default(),
            flood: FloodLimits::default(),
            never_banned: Vec::new(),
            registration: RegistrationLimits::default(),
            pings: PingSettings::default(),
            subscriptions: SubscriptionLimits::default(),
            messages: MessageLimits::default(),
            identity: IdentityTimes::default(),
            gruus: None,
            signer: None,
            well_known: Anchors::default(),
        }
    }
}

impl SipSettings {
    /// Whether this is our address over datagrams, or one of them.
    #[cfg(test)]
    pub fn is_at(&self, host: &str) -> bool {
        self.udp.iter().any(|ours| ours.host == host)
    }

    /// Our address as this peer reaches it: of its family, for its transport.
    pub fn advertised(&self, peer: Flow) -> &Advertised {
        let addresses = match peer.transport {
            Transport::Udp => &self.udp,
            Transport::Tcp | Transport::Ws | Transport::Wss => &self.tcp,
            Transport::Tls => &self.tls,
        };
        addresses.of(peer.remote.family())
    }

    /// The value of our Via in a request to this peer.
    pub fn via(&self, peer: Flow, branch: &str) -> String {
        let Advertised { host, port } = self.advertised(peer);
        let name = peer.transport.as_str();
        format!("SIP/2.0/{name} {host}:{port};branch={branch};rport")
    }

    /// The value of Supported: the option tags that we know.
    pub fn supported(&self) -> &'static str {
        if self.session_timer.is_on() { "100rel, timer, replaces" } else { "100rel, replaces" }
    }

    /// What every message that makes or refreshes a dialog says of us.
    pub fn introduce(&self, message: Composition, peer: Flow) -> Composition {
        self.introduce_as(message, peer, "")
    }

    /// The same with a feature tag in the Contact (RFC 3840 9), with its semicolon.
    pub fn introduce_as(&self, message: Composition, peer: Flow, feature: &str) -> Composition {
        let contact = format!("{}{feature}", self.contact(peer));
        message.line("Contact", contact).line("Allow", ALLOW_IN_CALL).line("Supported", self.supported())
    }

    /// A response with what all of ours carry.
    pub fn response(&self, to: &ReplyLines, status: u16, tag: &str) -> Composition {
        to.response(status, tag).line("Server", &self.user_agent)
    }

    /// A response that a call may grow from: 180, 183, 200.
    pub fn response_within(&self, to: &ReplyLines, status: u16, tag: &str, peer: Flow, feature: &str) -> Composition {
        self.introduce_as(self.response(to, status, tag), peer, feature)
    }

    /// Option tags among those that a request requires and we do not know (RFC 3261 8.2.2.3). What recording needs is known within
    /// recording sessions alone: we record for nobody else.
    pub fn unsupported(&self, request: &SipMessage, is_recording: bool) -> String {
        let known = || elements(self.supported()).chain(is_recording.then_some(RECORDING_TAG));
        let is_known = |tag: &&str| known().any(|known| known.eq_ignore_ascii_case(tag));
        let unknown: Vec<&str> = request.values(Name::Require).flat_map(elements).filter(|tag| !is_known(tag)).collect();
        unknown.join(", ")
    }

    /// The value of our Contact for this peer.
    pub fn contact(&self, peer: Flow) -> String {
        let Advertised { host, port } = self.advertised(peer);
        format!("<sip:centralita@{host}:{port}{}>", peer.transport.uri_parameter())
    }
}
