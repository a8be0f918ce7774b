//! Two endpoints, a wire between them, and one hand of the clock.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use rsip::prelude::*;

use crate::{
    protocol::sip::{
        Advertised, CallerAccess, CertificateAccess, DialogId, Flow, FlowId, Frame, Framer, Ha1, Hop, PeerName, PhoneAccess,
        SipAccess, SipEndpoint, SipMessage, SipNotice, SipOrder, SipOutput, SipSettings, SipTarget, StirAccess, Target,
        Transport, TrunkAccess,
    },
    protocol::stir::SignedPassport,
    types::{CertificateProblem, IpPrefix, Mono, Now, PeerReason, PerFamily, Rng},
};

/// Our side.
pub const US: usize = 0;
/// The other side.
pub const THEM: usize = 1;

pub struct World {
    pub now: Now,
    pub rng: Rng,
    pub sides: [Side; 2],
    /// By which the two reach each other.
    pub transport: Transport,
    /// Datagrams lost, in percent.
    pub loss: u64,
    /// What went to addresses where nobody lives.
    pub stray: Vec<(SocketAddr, String)>,
    /// Streams that were opened: where, and whom the certificate had to name.
    pub connects: Vec<(SocketAddr, Option<Arc<str>>)>,
    /// Streams that the edge was told to close.
    pub closed: Vec<FlowId>,
    /// Whom the edge was told to ban.
    pub bans: Vec<IpAddr>,
    /// Everything sent, with the sender.
    pub log: Vec<(usize, String)>,
    /// Why calls ended, as each side heard it.
    pub reasons: Vec<(usize, PeerReason)>,
    /// Statements about callers whose signatures nobody has checked yet.
    pub to_verify: Vec<(usize, DialogId, Arc<SignedPassport>)>,
    in_flight: BTreeMap<(Mono, u64), Packet>,
    /// Both ends of each stream.
    streams: BTreeMap<(usize, FlowId), (usize, FlowId)>,
    /// Streams that nobody takes.
    unopened: Vec<(usize, FlowId)>,
    sent: u64,
}

pub struct Side {
    pub endpoint: SipEndpoint,
    pub address: SocketAddr,
    pub notices: Vec<SipNotice>,
    /// How many of them a player has dealt with.
    pub seen: usize,
    framers: BTreeMap<FlowId, Framer>,
}

struct Packet {
    to: usize,
    flow: Flow,
    bytes: Arc<[u8]>,
}

pub fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address in a test")
}

pub fn udp(text: &str) -> Flow {
    Flow { transport: Transport::Udp, id: FlowId(1), remote: address(text) }
}

impl World {
    pub fn new(seed: u64) -> Self {
        Self::with(seed, Transport::Udp, |_| {})
    }

    /// Each side is the other's trunk `peer`; phones 101 and 102 live here, with the password `secret`.
    pub fn with(seed: u64, transport: Transport, change: impl Fn(&mut SipSettings)) -> Self {
        let addresses = ["10.0.0.1:5060", "10.0.0.2:5060"];
        let sides = [0, 1].map(|at| {
            let own = address(addresses[at]);
            let mut settings = SipSettings { realm: "centre".into(), ..SipSettings::default() };
            let ours = PerFamily::One(Advertised { host: own.ip().to_string(), port: 5060 });
            (settings.udp, settings.tcp) = (ours.clone(), ours);
            change(&mut settings);
            let mut endpoint = SipEndpoint::new(settings, [at as u8 + 1; 32]);
            endpoint.set_access(Arc::new(access(address(addresses[1 - at]), transport)));
            Side { endpoint, address: own, notices: Vec::new(), seen: 0, framers: BTreeMap::new() }
        });
        Self {
            now: Now::default().plus_millis(1_000_000),
            rng: Rng::seeded(seed),
            sides,
            transport,
            loss: 0,
            stray: Vec::new(),
            connects: Vec::new(),
            closed: Vec::new(),
            bans: Vec::new(),
            log: Vec::new(),
            reasons: Vec::new(),
            to_verify: Vec::new(),
            in_flight: BTreeMap::new(),
            streams: BTreeMap::new(),
            unopened: Vec::new(),
            sent: 0,
        }
    }

    pub fn order(&mut self, side: usize, order: SipOrder) {
        self.sides[side].endpoint.order(order, self.now, &mut self.rng);
        self.collect();
    }

    /// A datagram from an address where nobody lives.
    pub fn inject(&mut self, side: usize, from: &str, text: &str) {
        let message = SipMessage::parse(text.replace('\n', "\r\n").as_bytes()).expect("a readable message in a test");
        self.sides[side].endpoint.receive(udp(from), message, self.now, &mut self.rng);
        self.collect();
    }

    /// Lets so much time pass, event by event.
    pub fn run(&mut self, millis: u64) {
        let end = self.now.mono + millis;
        self.collect();
        loop {
            let wire = self.in_flight.first_key_value().map(|((at, _), _)| *at);
            let timers = self.sides.iter().filter_map(|side| side.endpoint.next_wakeup()).min();
            let Some(at) = wire.into_iter().chain(timers).min().filter(|at| *at <= end) else { break };
            self.now = self.now.plus_millis(at.millis_since(self.now.mono));
            while self.in_flight.first_key_value().is_some_and(|((at, _), _)| *at <= self.now.mono) {
                if let Some((_, packet)) = self.in_flight.pop_first() {
                    self.deliver(packet);
                }
            }
            for side in &mut self.sides {
                side.endpoint.timeout(self.now, &mut self.rng);
            }
            self.collect();
        }
        self.now = self.now.plus_millis(end.millis_since(self.now.mono));
    }

    fn deliver(&mut self, packet: Packet) {
        let side = &mut self.sides[packet.to];
        if packet.flow.transport == Transport::Udp {
            if let Ok(message) = SipMessage::parse(&packet.bytes) {
                side.endpoint.receive(packet.flow, message, self.now, &mut self.rng);
            }
        } else {
            let framer = side.framers.entry(packet.flow.id).or_default();
            framer.push(&packet.bytes);
            while let Ok(Some(Frame::Message(message))) = framer.next_frame() {
                side.endpoint.receive(packet.flow, message, self.now, &mut self.rng);
            }
        }
        self.collect();
    }

    /// Streams to where nobody lives cannot be opened.
    pub fn fail_connects(&mut self) {
        for (side, flow) in std::mem::take(&mut self.unopened) {
            self.sides[side].endpoint.flow_closed(flow, self.now, &mut self.rng);
        }
        self.collect();
    }

    /// The same, because of a certificate.
    pub fn refuse_connects(&mut self, problem: CertificateProblem) {
        for (side, flow) in &self.unopened {
            self.sides[*side].endpoint.certificate_shown(*flow, Err(problem), self.now);
        }
        self.fail_connects();
    }

    /// Cuts every stream; what was on its way is lost.
    pub fn cut_streams(&mut self) {
        self.in_flight.retain(|_, packet| packet.flow.transport == Transport::Udp);
        for (side, flow) in std::mem::take(&mut self.streams).into_keys() {
            self.sides[side].endpoint.flow_closed(flow, self.now, &mut self.rng);
        }
        self.collect();
    }

    pub fn collect(&mut self) {
        for from in [US, THEM] {
            while let Some(output) = self.sides[from].endpoint.poll() {
                match output {
                    SipOutput::Named { .. } => {}
                    SipOutput::Notice(SipNotice::ReasonGiven { reason, .. }) => self.reasons.push((from, reason)),
                    SipOutput::Notice(notice) => self.sides[from].notices.push(notice),
                    SipOutput::Connect { flow, name, .. } => {
                        self.connects.push((flow.remote, name));
                        assert_eq!(flow.id.0 % 2, 0, "our streams are even");
                        if flow.remote != self.sides[1 - from].address {
                            self.unopened.push((from, flow.id));
                            continue;
                        }
                        let far = FlowId(flow.id.0 * 100 + 1);
                        self.streams.insert((from, flow.id), (1 - from, far));
                        self.streams.insert((1 - from, far), (from, flow.id));
                    }
                    SipOutput::Close(flow) => self.closed.push(flow),
                    SipOutput::Transmit { flow, bytes } => self.transmit(from, flow, bytes),
                    SipOutput::Ban { source, .. } => self.bans.push(source),
                    SipOutput::VerifyIdentity { dialog, passport } => self.to_verify.push((from, dialog, passport)),
                }
            }
        }
    }

    fn transmit(&mut self, from: usize, flow: Flow, bytes: Arc<[u8]>) {
        let text = String::from_utf8(bytes.to_vec()).expect("we write UTF-8");
        read_by_a_stranger(&text);
        self.log.push((from, text.clone()));
        let Some(to) = self.sides.iter().position(|side| side.address == flow.remote).filter(|to| *to != from) else {
            if !flow.is_reliable() {
                self.stray.push((flow.remote, text));
                return;
            }
            return self.put(from, flow, bytes, 0);
        };
        if flow.is_reliable() {
            return self.put(from, flow, bytes, 0);
        }
        if self.rng.below(100) < self.loss {
            return;
        }
        let arrived = Flow { remote: self.sides[from].address, ..udp("10.0.0.1:5060") };
        // Now and then a datagram comes twice, and some overtake others.
        let copies = if self.loss > 0 && self.rng.below(20) == 0 { 2 } else { 1 };
        for _ in 0..copies {
            let delay = 10 + if self.loss > 0 { self.rng.below(60) } else { 0 };
            self.sent += 1;
            self.in_flight.insert((self.now.mono + delay, self.sent), Packet { to, flow: arrived, bytes: bytes.clone() });
        }
    }

    fn put(&mut self, from: usize, flow: Flow, bytes: Arc<[u8]>, delay: u64) {
        let Some((to, id)) = self.streams.get(&(from, flow.id)).copied() else { return };
        let remote = SocketAddr::new(self.sides[from].address.ip(), 40_000);
        self.sent += 1;
        let arrived = Flow { transport: flow.transport, id, remote };
        self.in_flight.insert((self.now.mono + (10 + delay), self.sent), Packet { to, flow: arrived, bytes });
    }

    pub fn take(&mut self, side: usize) -> Vec<SipNotice> {
        std::mem::take(&mut self.sides[side].notices)
    }

    /// How many messages of a side begin like this, repetitions included.
    pub fn count(&self, side: usize, start: &str) -> usize {
        self.log.iter().filter(|(from, line)| *from == side && line.starts_with(start)).count()
    }

    /// The last message of a side that begins like this.
    pub fn last(&self, side: usize, start: &str) -> Option<String> {
        self.log.iter().rev().find(|(from, text)| *from == side && text.starts_with(start)).map(|(_, text)| text.clone())
    }

    /// Nothing may stay behind: no call, no transaction, no timer.
    pub fn assert_empty(&mut self) {
        self.run(200_000);
        for side in &self.sides {
            let stats = side.endpoint.stats();
            assert_eq!((stats.dialogs, stats.transactions), (0, 0), "left behind: {stats:?}");
            assert!(side.endpoint.is_idle(), "maps or timers left behind");
        }
    }
}

/// Everything that we send is read by a parser that is not ours.
fn read_by_a_stranger(text: &str) {
    if text.trim().is_empty() {
        return;
    }
    let named = without_colons(text);
    let message = rsip::SipMessage::try_from(named.as_bytes()).unwrap_or_else(|fault| panic!("{fault}: {text}"));
    for found in [
        message.via_header().and_then(|via| via.typed().map(|_| ())),
        message.from_header().and_then(|from| from.typed().map(|_| ())),
        message.to_header().and_then(|to| to.typed().map(|_| ())),
        // The stranger knows registered methods only.
        message.cseq_header().and_then(|cseq| if text.contains("DANCE") { Ok(()) } else { cseq.typed().map(|_| ()) }),
        message.call_id_header().map(|_| ()),
    ] {
        found.unwrap_or_else(|fault| panic!("{fault}: {text}"));
    }
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    assert!(text.contains(&format!("Content-Length: {}\r\n", body.len())), "{text}");
}

/// The stranger takes the colons of an IPv6 address, and of a device's name, for a port: it reads other words in their place.
fn without_colons(text: &str) -> String {
    let mut named = String::new();
    let mut rest = text;
    while let Some((before, (_, after))) = rest.split_once('[').and_then(|(before, at)| Some((before, at.split_once(']')?))) {
        named.extend([before, "v6.example"]);
        rest = after;
    }
    named.push_str(rest);
    named.replace("received=2001:", "received=v6.example;x=").replace(";gr=urn:uuid:", ";gr=")
}

pub fn access(peer: SocketAddr, transport: Transport) -> SipAccess {
    let phone = |account: &str| {
        let secret = Some(Ha1::new(account, "centre", "secret"));
        (Arc::from(account), PhoneAccess { account: account.into(), secret })
    };
    SipAccess {
        trunks: vec![TrunkAccess {
            id: "peer".parse().expect("a key"),
            prefixes: vec![IpPrefix::host(peer.ip())],
            username: Some("line".into()),
            secret: Some(Ha1::new("line", "centre", "carrier")),
            their_secret: None,
            peer: PeerName::parse(&peer.to_string(), Some(transport)),
            targets: vec![target(Hop { transport, address: peer, name: None, terms: None })],
            is_pinged: false,
            registers: None,
            domain: None,
            contact_user: None,
            headers: Vec::new(),
            stir: StirAccess::default(),
            caller: CallerAccess::default(),
            certificate: CertificateAccess::default(),
        }],
        phones: [phone("101"), phone("102")].into(),
        places: ["*701".into()].into(),
        country_code: "34".into(),
    }
}

/// An answer to this request as its other side would give it, with further lines.
pub fn answer_to(request: &str, status: &str, more: &str) -> String {
    let mirrored = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
    let head = request.lines().take_while(|line| !line.is_empty());
    let mirrored = head.filter(|line| mirrored.iter().any(|name| line.starts_with(name)));
    let mirrored: String = mirrored.map(|line| format!("{line}\n")).collect();
    format!("SIP/2.0 {status}\n{mirrored}{more}Content-Length: 0\n\n")
}

/// A trunk's only server.
pub fn target(hop: Hop) -> Target {
    Target { priority: 0, weight: 0, hops: vec![hop] }
}

pub fn to_trunk(number: &str) -> SipTarget {
    SipTarget::Trunk { trunk: "peer".parse().expect("a key"), number: number.into(), has_alternative: false }
}
