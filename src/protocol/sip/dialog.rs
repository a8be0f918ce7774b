//! A dialog (RFC 3261 12): what both sides must remember so that the next request finds the other. Holds no call state; small
//! and plain enough to be stored and taken up by another node.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{
    address::{NameAddr, Scheme, Uri, host_ip},
    compose::Composition,
    header::{Method, Name},
    message::SipMessage,
    notice::{Flow, FlowId, Transport},
    transaction::Outline,
};
use crate::types::{SessionIdentifier, SessionUuid};

/// Requests of ours after which a dialog is written down again, so that a storing is not needed for each.
const CSEQ_STEP: u32 = 16;
/// What an earlier process may have counted on by since.
pub const CSEQ_SKIPPED: u32 = CSEQ_STEP * 2;

/// A peer-to-peer relation between two user agents.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Dialog {
    /// Call-ID.
    pub call_id: Arc<str>,
    /// Their tag; empty for an old user agent that sets none (RFC 2543).
    pub remote_tag: String,
    /// What we write into From: our address with our tag.
    local: String,
    /// What we write into To: their address with their tag.
    remote: String,
    /// Their Contact: where requests go.
    remote_target: Uri,
    /// The registered contact of the device, where they named its GRUU: what the Request-URI says then (RFC 5627 6.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bound: Option<Uri>,
    /// Route values in order.
    routes: Vec<String>,
    /// Number of our last request.
    local_cseq: u32,
    /// Number of their last request.
    remote_cseq: Option<u32>,
    /// Where they were last heard.
    flow: Flow,
    is_behind_nat: bool,
    /// What names the session; nothing outside calls.
    #[serde(default)]
    session: SessionIdentifier,
}

/// Where the first route or the target points: a Request-URI, whole Route lines, and where to send.
#[derive(Debug, PartialEq, Eq)]
struct Path {
    request_uri: String,
    routes: String,
    flow: Flow,
}

impl Dialog {
    /// As the one who is called (12.1.1). `None` if the INVITE has no Contact that we can call.
    pub fn as_callee(invite: &SipMessage, local_tag: &str, flow: Flow) -> Option<Self> {
        let to = invite.first(Name::To)?;
        Some(Self {
            call_id: invite.call_id().clone(),
            remote_tag: invite.from().tag().unwrap_or("").to_owned(),
            local: format!("{to};tag={local_tag}"),
            remote: invite.first(Name::From)?.to_owned(),
            remote_target: contact_of(invite).or_else(|| target_of_rfc_2543(invite))?,
            bound: None,
            routes: routes_of(invite)?,
            local_cseq: 0,
            remote_cseq: Some(invite.cseq()),
            flow,
            is_behind_nat: is_behind_nat(invite, flow),
            session: SessionIdentifier { remote: session_of(invite), ..SessionIdentifier::default() },
        })
    }

    /// As the one who calls (12.1.2), by a response that makes a dialog.
    pub fn as_caller(response: &SipMessage, invite: &Outline, flow: Flow, target: &Uri) -> Option<Self> {
        let mut routes = routes_of(response).unwrap_or_default();
        routes.reverse();
        Some(Self {
            call_id: response.call_id().clone(),
            remote_tag: response.to().tag().unwrap_or("").to_owned(),
            local: invite.from.clone(),
            remote: response.first(Name::To)?.to_owned(),
            // A 2xx without Contact breaks the rules; what we called will do.
            remote_target: contact_of(response).unwrap_or_else(|| target.clone()),
            bound: None,
            routes,
            local_cseq: invite.cseq,
            remote_cseq: None,
            flow,
            is_behind_nat: contact_of(response)
                .and_then(|uri| uri.address())
                .is_some_and(|at| is_hidden(at.ip(), flow.remote.ip())),
            session: SessionIdentifier { remote: session_of(response), ..invite.session },
        })
    }

    /// Whether a request or response belongs to it, as far as Call-ID and their tag tell.
    pub fn is_of(&self, message: &SipMessage) -> bool {
        let theirs = if message.status().is_some() { message.to() } else { message.from() };
        *message.call_id() == self.call_id && theirs.tag().unwrap_or("") == self.remote_tag
    }

    /// Whether somebody else means it by this Call-ID and their tag (RFC 3891 3).
    pub fn is_named(&self, call_id: &str, remote_tag: &str) -> bool {
        *self.call_id == *call_id && self.remote_tag == remote_tag
    }

    /// Takes note of a request of theirs: false if it is older than one that came before (12.2.2).
    pub fn is_in_order(&mut self, request: &SipMessage) -> bool {
        if self.remote_cseq.is_some_and(|last| request.cseq() <= last) {
            return false;
        }
        self.remote_cseq = Some(request.cseq());
        self.hear_session(request);
        true
    }

    /// A target refresh: re-INVITE, UPDATE, or a 2xx to ours.
    pub fn refresh(&mut self, message: &SipMessage) {
        if let Some(target) = contact_of(message) {
            (self.remote_target, self.bound) = (target, None);
        }
        self.hear_session(message);
    }

    /// What names the session.
    pub fn session(&self) -> SessionIdentifier {
        self.session
    }

    /// Another is at our end from here on (RFC 7989 7).
    pub fn say_session(&mut self, local: SessionUuid) {
        self.session.local = local.or(self.session.local);
    }

    /// Another may be at theirs.
    fn hear_session(&mut self, message: &SipMessage) {
        self.session.remote = session_of(message).or(self.session.remote);
    }

    /// What they named as their address.
    pub fn remote_target(&self) -> &Uri {
        &self.remote_target
    }

    /// The device whose GRUU they named is registered like this now.
    pub fn bind(&mut self, contact: Uri, flow: Flow) {
        (self.bound, self.flow) = (Some(contact), flow);
    }

    /// They were heard here now: a phone that changed its connection keeps its call.
    pub fn heard_at(&mut self, flow: Flow) {
        self.flow = flow;
    }

    /// As an earlier process wrote it down. Its streams are gone, so that the next request opens one; and requests that it sent
    /// after it had written have numbers above the one that we know (12.2.1.1: ours must only grow).
    pub fn taken_up(mut self) -> Self {
        if self.flow.is_reliable() {
            self.flow.id = FlowId::NONE;
        }
        self.local_cseq = self.local_cseq.saturating_add(CSEQ_SKIPPED);
        self
    }

    /// Whether the number of our requests has grown so far that the dialog should be written down again.
    pub fn is_cseq_due(&self) -> bool {
        self.local_cseq.is_multiple_of(CSEQ_STEP)
    }

    /// Where to open a new stream when the old one has closed; `None` when they are known by name only.
    pub fn reconnect_address(&self) -> Option<SocketAddr> {
        let first = self.routes.first().and_then(|route| NameAddr::parse(route)).map(|route| route.uri);
        let hop = first.as_ref().unwrap_or(&self.remote_target);
        let port = hop.port().unwrap_or(self.flow.transport.default_port());
        host_ip(hop.host()).map(|ip| SocketAddr::new(ip, port))
    }

    /// Where they were last heard.
    pub fn flow(&self) -> Flow {
        self.flow
    }

    /// The transport on which the next request goes.
    pub fn transport(&self) -> Transport {
        self.flow.transport
    }

    /// Where the next request goes.
    pub fn next_flow(&self) -> Flow {
        let first = self.routes.first().and_then(|route| NameAddr::parse(route)).map(|route| route.uri);
        self.flow_towards(first.as_ref().unwrap_or(self.target()))
    }

    /// It goes on where its early form was: both sides' numbers count on.
    pub fn continue_after(&mut self, early: &Self) {
        self.local_cseq = self.local_cseq.max(early.local_cseq);
        self.remote_cseq = self.remote_cseq.max(early.remote_cseq);
    }

    /// Leaves out numbers that requests of the dialog's early form may have used.
    pub fn skip_cseq(&mut self, count: u32) {
        self.local_cseq += count;
    }

    /// Whether they are only reached at the outside of an address translator.
    pub fn is_behind_nat(&self) -> bool {
        self.is_behind_nat
    }

    /// The number for the next request of ours.
    pub fn next_cseq(&mut self) -> u32 {
        self.local_cseq += 1;
        self.local_cseq
    }

    /// A request within the dialog, without Contact and body, and where it goes (12.2.1.1). `via` is our Via's value.
    pub fn request(&self, method: &Method, cseq: u32, via: &str) -> (Composition, Flow) {
        let path = self.path();
        let message = Composition::request(method.as_str(), &path.request_uri)
            .line("Via", via)
            .lines(&path.routes)
            .line("From", &self.local)
            .line("To", &self.remote)
            .line("Call-ID", &self.call_id)
            .line("CSeq", format_args!("{cseq} {method}"))
            .line("Max-Forwards", 70)
            .session(self.session);
        (message, path.flow)
    }

    /// The Request-URI of requests within the dialog, for digest.
    pub fn request_uri(&self) -> String {
        self.path().request_uri
    }

    /// What a CANCEL or ACK of a request in this dialog repeats.
    pub fn outline(&self, cseq: u32, via: &str) -> Outline {
        let path = self.path();
        Outline {
            uri: path.request_uri,
            via: via.to_owned(),
            routes: path.routes,
            from: self.local.clone(),
            to: self.remote.clone(),
            call_id: self.call_id.clone(),
            cseq,
            session: self.session,
        }
    }

    fn path(&self) -> Path {
        let first = self.routes.first().and_then(|route| NameAddr::parse(route)).map(|route| route.uri);
        let target = self.target();
        let mut routes = String::new();
        let mut add = |value: &str| routes.extend(["Route: ", value, "\r\n"]);
        let request_uri = match &first {
            // A strict router wants itself in the Request-URI and the target at the end (12.2.1.1).
            Some(strict) if strict.param("lr").is_none() => {
                self.routes.iter().skip(1).for_each(|route| add(route));
                add(&format!("<{}>", target.as_str()));
                strict.as_str().to_owned()
            }
            _ => {
                self.routes.iter().for_each(|route| add(route));
                target.as_str().to_owned()
            }
        };
        let flow = self.flow_towards(first.as_ref().unwrap_or(target));
        Path { request_uri, routes, flow }
    }

    fn target(&self) -> &Uri {
        self.bound.as_ref().unwrap_or(&self.remote_target)
    }

    /// Streams and phones behind address translation are answered where they were heard; others where their address says.
    fn flow_towards(&self, hop: &Uri) -> Flow {
        let direct: Option<SocketAddr> = hop.address();
        match direct {
            Some(_) if self.bound.is_some() => self.flow,
            Some(remote) if self.flow.transport == Transport::Udp && !self.is_behind_nat => Flow { remote, ..self.flow },
            _ => self.flow,
        }
    }
}

/// Where a caller by RFC 2543, which knew neither tags nor a Contact that must be, is reached (there 6.13): the address in From.
fn target_of_rfc_2543(invite: &SipMessage) -> Option<Uri> {
    let is_old = invite.first(Name::Contact).is_none() && invite.from().tag().is_none();
    is_old.then(|| invite.from().uri.clone()).filter(is_reachable)
}

/// What they call the session; nil where they say nothing.
fn session_of(message: &SipMessage) -> SessionUuid {
    message.first(Name::SessionId).and_then(SessionIdentifier::read_theirs).unwrap_or_default()
}

fn contact_of(message: &SipMessage) -> Option<Uri> {
    message.addresses(Name::Contact).next().map(|contact| contact.uri).filter(is_reachable)
}

/// The route set; `None` if one of its elements leads nowhere.
fn routes_of(message: &SipMessage) -> Option<Vec<String>> {
    let elements = message.values(Name::RecordRoute).flat_map(super::address::elements);
    elements
        .map(|route| NameAddr::parse(route).filter(|address| is_reachable(&address.uri)).map(|_| route.to_owned()))
        .collect()
}

/// Whether a request can be sent there: whatever a peer names becomes the Request-URI or a Route of ours.
fn is_reachable(uri: &Uri) -> bool {
    matches!(uri.scheme(), Scheme::Sip | Scheme::Sips) && !uri.host().is_empty()
}

/// Whether an address that they name is a private one while we reached them at a public one.
fn is_hidden(named: IpAddr, reached: IpAddr) -> bool {
    let is_private = |ip: IpAddr| match ip.to_canonical() {
        // 100.64.0.0/10 is the carriers' own private range (RFC 6598).
        IpAddr::V4(ip) => ip.is_private() || ip.is_link_local() || ip.is_loopback() || (u32::from(ip) >> 22) == 0x191,
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_loopback(),
    };
    is_private(named) && !is_private(reached)
}

fn is_behind_nat(request: &SipMessage, flow: Flow) -> bool {
    host_ip(&request.via().host).is_none_or(|ip| ip != flow.remote.ip().to_canonical())
}
