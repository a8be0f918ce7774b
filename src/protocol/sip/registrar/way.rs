//! Which way requests take to a phone: through the proxies that its REGISTER came by (Path, RFC 3327), and over one of the flows that
//! it keeps open (outbound, RFC 5626): by line ends over streams, by STUN over datagrams, or by a proxy that knows it.

use serde::{Deserialize, Serialize};

use super::{Contact, Registrar};
use crate::{
    protocol::sip::{
        address::{NameAddr, elements},
        header::Name,
        message::SipMessage,
        notice::{Flow, Transport},
    },
    types::Mono,
};

/// Phones keep their streams alive at least this often (RFC 5626 4.4).
const FLOW_TIMER_SECS: u32 = 120;
/// The same over datagrams, whose translations are forgotten after half a minute (RFC 5626 4.4.2).
const DATAGRAM_FLOW_TIMER_SECS: u32 = 30;
/// Most proxies between a phone and us.
const PATH_MAX: usize = 8;

/// The way to a contact.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Way {
    /// Values of Path, the proxy next to us first.
    path: Vec<String>,
    /// Whether the phone keeps this flow and perhaps others to the same device.
    is_outbound: bool,
}

impl Way {
    /// The way that this REGISTER came; `None` if the phone wants flows that the proxy next to it does not keep (RFC 5626 6).
    pub(super) fn of(request: &SipMessage) -> Option<Self> {
        let path: Vec<String> = request.values(Name::Path).flat_map(elements).take(PATH_MAX).map(str::to_owned).collect();
        let has_flows = request.values(Name::Contact).flat_map(elements).filter_map(NameAddr::parse).any(|contact| {
            contact.param("reg-id").is_some_and(|id| id.parse::<u32>().is_ok_and(|id| id > 0))
                && contact.param("+sip.instance").is_some()
        });
        let wants_outbound = has_flows && request.lists(Name::Supported, "outbound");
        // The proxy next to the phone wrote the last value.
        let first_hop_keeps =
            path.last().and_then(|value| NameAddr::parse(value)).is_some_and(|hop| hop.uri.param("ob").is_some());
        let is_by_proxy = request.values(Name::Via).flat_map(elements).nth(1).is_some();
        if wants_outbound && is_by_proxy && !first_hop_keeps {
            return None;
        }
        Some(Self { path, is_outbound: wants_outbound })
    }

    /// Whether the phone keeps the flow open over which it registered with us.
    pub(super) fn is_kept(&self) -> bool {
        self.is_outbound && !self.is_by_proxy()
    }

    /// Whether there are proxies on it.
    pub(super) fn is_by_proxy(&self) -> bool {
        !self.path.is_empty()
    }

    /// Where requests go from us: over datagrams to the port that the first proxy names, else back where the REGISTER came from. A
    /// phone can write a Path too, so it names no other host than the one that it came from.
    pub(super) fn flow(&self, source: Flow) -> Flow {
        let first = self.path.first().and_then(|value| NameAddr::parse(value));
        match first.and_then(|hop| hop.uri.address()) {
            Some(remote)
                if source.transport == Transport::Udp && remote.ip().to_canonical() == source.remote.ip().to_canonical() =>
            {
                Flow { remote, ..source }
            }
            _ => source,
        }
    }

    /// What our 200 says of it: the path to whoever asked to be told (RFC 3327 5.3), and that flows are kept (RFC 5626 6).
    pub(super) fn lines(&self, request: &SipMessage, transport: Transport) -> String {
        let mut lines = String::from("Supported: path, outbound, gruu\r\n");
        if self.is_by_proxy() && request.lists(Name::Supported, "path") {
            lines.push_str(&format!("Path: {}\r\n", self.path.join(", ")));
        }
        if self.is_outbound {
            let secs = if transport.is_stream() || self.is_by_proxy() { FLOW_TIMER_SECS } else { DATAGRAM_FLOW_TIMER_SECS };
            lines.push_str(&format!("Require: outbound\r\nFlow-Timer: {secs}\r\n"));
        }
        lines
    }
}

impl Contact {
    /// Whole Route lines of a request to it.
    pub fn routes(&self) -> String {
        self.way.path.iter().map(|hop| format!("Route: {hop}\r\n")).collect()
    }

    /// Whether nobody stands between it and us.
    pub fn is_direct(&self) -> bool {
        !self.way.is_by_proxy()
    }

    /// The device, if it may have other flows.
    fn device(&self) -> Option<&str> {
        self.identity.rsplit_once(' ').map(|(instance, _)| instance).filter(|_| self.way.is_outbound)
    }
}

impl Registrar {
    /// The contacts that a call to an account rings: of a device with several flows the one that was confirmed last (RFC 5626 6).
    pub fn places(&self, account: &str, now: Mono) -> Vec<&Contact> {
        let mut places: Vec<&Contact> = Vec::new();
        let contacts: Vec<&Contact> = self.contacts(account, now).collect();
        for contact in contacts.into_iter().rev() {
            let is_known = contact.device().is_some_and(|device| places.iter().any(|place| place.device() == Some(device)));
            if !is_known {
                places.push(contact);
            }
        }
        places.reverse();
        places
    }

    /// The other flows to the device of a contact, the one that was confirmed last at the end.
    pub fn spares(&self, account: &str, of: &Contact, now: Mono) -> Vec<Contact> {
        let Some(device) = of.device() else { return Vec::new() };
        let is_spare = |contact: &&Contact| {
            let is_same_kind = contact.flow.transport.is_web() == of.flow.transport.is_web();
            contact.device() == Some(device) && contact.flow != of.flow && is_same_kind
        };
        self.contacts(account, now).filter(is_spare).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{
        super::{Registered, RegistrationLimits},
        *,
    };
    use crate::protocol::sip::notice::FlowId;

    const NOW: Mono = Mono::from_millis(1_000);

    fn source(transport: Transport, id: u64) -> Flow {
        Flow { transport, id: FlowId(id), remote: "192.0.2.5:40000".parse().unwrap() }
    }

    fn register(registrar: &mut Registrar, reg_id: u32, source: Flow, more: &str) -> Registered {
        let text = format!(
            "REGISTER sip:centre SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.5:40000;branch=z9hG4bK1\r\n{more}\
             From: <sip:101@centre>;tag=a\r\nTo: <sip:101@centre>\r\nCall-ID: r{reg_id}-{}\r\nCSeq: 1 REGISTER\r\n\
             Contact: <sip:101@192.0.2.7:5060>;+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\";reg-id={reg_id}\r\n\
             Content-Length: 0\r\n\r\n",
            source.id.0
        );
        let request = SipMessage::parse(text.as_bytes()).expect("a readable message");
        registrar.register(
            &Arc::from("101"),
            &request,
            source,
            &RegistrationLimits::default(),
            &crate::protocol::sip::Gruus::new([0; 32]),
            NOW,
        )
    }

    fn lines(registered: Registered) -> String {
        match registered {
            Registered::Done { lines, .. } => lines,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_phone_with_two_flows_rings_once_and_by_the_other_when_one_is_gone() {
        let mut registrar = Registrar::default();
        for id in [1, 3] {
            let said = lines(register(&mut registrar, id, source(Transport::Tcp, id.into()), "Supported: outbound\r\n"));
            assert!(said.contains("Require: outbound\r\nFlow-Timer: 120\r\n"), "{said}");
        }
        assert_eq!(registrar.count(), 2, "both flows are kept");
        let flows =
            |registrar: &Registrar| registrar.places("101", NOW).iter().map(|place| place.flow.id.0).collect::<Vec<_>>();
        assert_eq!(flows(&registrar), [3]);
        assert!(registrar.flow_closed(FlowId(3)).is_empty(), "still reachable");
        assert_eq!(flows(&registrar), [1]);
        // A new flow under an old number takes the old one's place.
        register(&mut registrar, 1, source(Transport::Tcp, 5), "Supported: outbound\r\n");
        assert_eq!((registrar.count(), flows(&registrar)), (1, vec![5]));
    }

    #[test]
    fn flows_are_promised_over_datagrams_for_a_shorter_time_and_not_to_whoever_does_not_ask() {
        let mut registrar = Registrar::default();
        let said = lines(register(&mut registrar, 1, source(Transport::Udp, 1), "Supported: outbound\r\n"));
        assert!(said.contains("Require: outbound\r\nFlow-Timer: 30\r\n"), "{said}");
        let place = registrar.places("101", NOW)[0];
        assert_eq!(place.flow, source(Transport::Udp, 1), "5.3: by the flow, whatever its Contact says");
        assert_eq!(registrar.to_keep_alive(NOW).count(), 0, "the phone does that");
        for transport in [Transport::Udp, Transport::Tcp] {
            let said = lines(register(&mut Registrar::default(), 1, source(transport, 1), ""));
            assert!(!said.contains("Require:") && !said.contains("Flow-Timer"), "{said}");
        }
    }

    #[test]
    fn a_proxy_that_keeps_no_flows_is_refused_for_a_phone_that_wants_them() {
        let by_proxy = "Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK0\r\nSupported: path, outbound\r\n";
        let register =
            |path: &str| register(&mut Registrar::default(), 1, source(Transport::Udp, 1), &format!("{by_proxy}{path}"));
        assert_eq!(register(""), Registered::NoOutbound);
        assert_eq!(register("Path: <sip:edge.example;lr>\r\n"), Registered::NoOutbound);
        let said = lines(register("Path: <sip:core.example;lr>, <sip:edge.example;lr;ob>\r\n"));
        assert!(said.contains("Path: <sip:core.example;lr>, <sip:edge.example;lr;ob>\r\nRequire: outbound\r\n"), "{said}");
    }
}
