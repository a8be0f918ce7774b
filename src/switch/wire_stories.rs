//! Whole calls through the exchange: a scripted SIP peer speaks in bytes, scripted media workers answer, the floor decides. After
//! each story nothing may be left.

mod devices;
mod drift;
mod protection;
mod restarts;
mod session_ids;
mod sound;
mod transfers;

use std::{collections::BTreeMap, sync::Arc};

use md5::{Digest, Md5};

use super::{CommandRequest, Input, LiveUpdate, Output, Switch};
use crate::{
    domain::{
        agent::Presence,
        call::CallEventKind,
        centre::{CentreCommand, Drift, Fact, SILENT_PHONE_MS, WantedPresence},
        directory::{AgentProfile, Device, DigestHashes, DigestSecret, Directory, Number, NumberTarget, Phone, Queue, Trunk},
        event::{Actor, Event},
    },
    protocol::{
        media::{MediaNotice, MediaOrder, Source},
        sip::{DialogElement, DialogState, Flow, FlowId, SipMessage, SipOrder, SipSettings, Transport},
    },
    types::{AgentId, LegId, Now, PerFamily, Rng, SessionId, Timestamp},
};

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 101\r\n\
                   a=rtpmap:101 telephone-event/8000\r\n";
const REALM: &str = "centralita";
/// Where the phone is.
const PHONE: &str = "192.0.2.50:5060";

/// The exchange with everything around it played by hand.
struct Exchange {
    switch: Switch,
    now: Now,
    sent: Vec<String>,
    media: Vec<MediaOrder>,
    facts: Vec<Fact>,
    live: Vec<LiveUpdate>,
    drifts: Vec<Drift>,
    replies: u64,
    has_ports: bool,
    ports: u16,
    /// By which the other side speaks.
    transport: Transport,
    /// The stream by which the phone speaks; datagrams without one.
    phone_stream: Option<FlowId>,
    /// The streams that we tried to open: nobody takes any.
    tried: Vec<Flow>,
    /// Where we sent last.
    last_flow: Option<Flow>,
}

impl Exchange {
    fn new() -> Self {
        let mut this = Self {
            switch: Switch::new(SipSettings::default(), 1_000, Rng::seeded(3), [7; 32]),
            now: Now { wall: Timestamp::from_millis(1_766_000_000_000), ..Now::default() },
            sent: Vec::new(),
            media: Vec::new(),
            facts: Vec::new(),
            live: Vec::new(),
            drifts: Vec::new(),
            replies: 0,
            has_ports: true,
            ports: 20_000,
            transport: Transport::Udp,
            phone_stream: None,
            tried: Vec::new(),
            last_flow: None,
        };
        this.give(Input::Directory(Arc::new(directory())));
        this
    }

    fn give(&mut self, input: Input) {
        self.switch.handle(input, self.now);
        self.collect();
    }

    /// Takes what is wanted; ports open at once unless there are none.
    fn collect(&mut self) {
        while let Some(output) = self.switch.poll() {
            match output {
                Output::Transmit { flow, bytes } => {
                    self.sent.push(String::from_utf8_lossy(&bytes).into_owned());
                    self.last_flow = Some(flow);
                }
                Output::Media(order) => {
                    if let (MediaOrder::Open { leg, .. }, true) = (&order, self.has_ports) {
                        self.ports += 2;
                        let locals = PerFamily::One(([192, 0, 2, 1], self.ports).into());
                        let opened = MediaNotice::Opened { leg: *leg, locals, keys: super::stories::keys() };
                        self.switch.handle(Input::Media(opened), self.now);
                    }
                    self.media.push(order);
                }
                Output::Fact(fact) => self.facts.push(fact),
                Output::Live(update) => self.live.push(update),
                Output::Drift(drift) => self.drifts.push(drift),
                Output::Reply { result, .. } => {
                    assert_eq!(result, Ok(()));
                    self.replies += 1;
                }
                Output::LookUp { call, .. } => {
                    self.switch.handle(Input::CallerKnown { call, found: Default::default() }, self.now);
                }
                Output::VerifyIdentity { .. } => panic!("nobody signs here"),
                Output::Named { .. } => {}
                Output::Connect { flow, .. } if self.phone_stream.is_some() => {
                    self.tried.push(flow);
                    self.switch.handle(Input::FlowClosed(flow.id), self.now);
                }
                Output::Connect { .. } | Output::Close(_) => panic!("nobody speaks TCP here"),
                Output::Ban { .. } => panic!("nobody floods here"),
                Output::Fork(_) => panic!("nobody outside gets audio here"),
            }
        }
    }

    fn wait(&mut self, millis: u64) {
        let until = self.now.plus_millis(millis);
        while let Some(at) = self.switch.next_wakeup().filter(|at| *at <= until.mono) {
            self.now = self.now.plus_millis(at.millis_since(self.now.mono));
            self.switch.timeout(self.now);
            self.collect();
        }
        self.now = until;
    }

    fn hear(&mut self, from: &str, text: &str) {
        let remote = from.parse().unwrap();
        let flow = match self.phone_stream.filter(|_| from == PHONE) {
            Some(id) => Flow { transport: Transport::Tls, id, remote },
            None => Flow { transport: self.transport, id: FlowId(1), remote },
        };
        let message = Box::new(SipMessage::parse(text.as_bytes()).unwrap());
        self.give(Input::Sip { flow, message });
    }

    fn command(&mut self, user: &str, command: CentreCommand) {
        let actor = Actor::User { user: user.parse().unwrap() };
        self.give(Input::Command(CommandRequest { request: 1, actor, command }));
    }

    /// What was sent since the last look, by first lines.
    fn sent(&mut self) -> Vec<String> {
        let first = |text: &String| text.lines().next().unwrap_or_default().to_owned();
        self.sent.drain(..).map(|text| first(&text)).collect()
    }

    /// The last message sent whose first line begins so.
    fn last(&self, start: &str) -> String {
        let found = self.sent.iter().rev().find(|text| text.starts_with(start));
        found.unwrap_or_else(|| panic!("no {start:?} in {:?}", self.sent)).clone()
    }

    fn kinds(&self) -> Vec<&'static str> {
        self.facts
            .iter()
            .map(|fact| match &fact.event {
                Event::Call(event) => event.kind(),
                Event::Agent(event) => event.kind(),
                other => other.kind(),
            })
            .filter(|kind| kind.starts_with("call."))
            .collect()
    }

    fn leg(&self) -> LegId {
        let opened = self.media.iter().rev().find_map(|order| match order {
            MediaOrder::Open { leg, .. } => Some(*leg),
            _ => None,
        });
        opened.expect("a leg was opened")
    }

    /// A caller says something about its call number `n`.
    fn caller(&mut self, n: u32, method: &str, cseq: u32, to_tag: &str, body: &str) {
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        // CANCEL and a non-2xx ACK repeat the INVITE's branch (RFC 3261 9.1); a new request has its own.
        let branch = if method == "CANCEL" { "INVITE1".into() } else { format!("{method}{cseq}") };
        let text = format!(
            "{method} sip:{called}@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK{branch}-{n}\r\n\
             From: <sip:+34911000001@127.0.0.1>;tag=caller{n}\r\nTo: <sip:{called}@192.0.2.1>{to_tag}\r\nCall-ID: call{n}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:load@127.0.0.1:5070>\r\nMax-Forwards: 70\r\n{kind}\
             Content-Length: {length}\r\n\r\n{body}",
            called = if n >= 100 { "1001" } else { "1009" },
            length = body.len(),
        );
        self.hear("127.0.0.1:5070", &text);
    }

    /// A caller's INVITE up to our 200 and its ACK; what belongs behind To afterwards.
    fn answered(&mut self, n: u32) -> String {
        self.caller(n, "INVITE", 1, "", SDP);
        let tag = to_tag(&self.last("SIP/2.0 200"));
        self.caller(n, "ACK", 1, &tag, "");
        tag
    }

    /// A page of an agent's is loaded, whose audio comes up.
    fn load_page(&mut self, agent: &str, seed: u64) -> LegId {
        let id: AgentId = agent.parse().unwrap();
        let session = SessionId::mint(self.now.wall, &mut Rng::seeded(seed));
        self.give(Input::ConsoleSession { agent: id.clone(), session, is_up: true });
        self.command(agent, CentreCommand::MediaOffer { agent: id, session, offer: "v=0".into() });
        let leg = self.media.iter().rev().find_map(|order| match order {
            MediaOrder::OpenBrowser { leg, .. } => Some(*leg),
            _ => None,
        });
        let leg = leg.expect("a console's leg");
        self.give(Input::Media(MediaNotice::BrowserAnswered { leg, answer: "v=0".into() }));
        self.give(Input::Media(MediaNotice::Up { leg }));
        leg
    }

    fn is_clean(&mut self) {
        // The transactions' last timers (64·T1).
        self.wait(40_000);
        assert_eq!(self.drifts, [], "nothing has drifted");
        let stats = self.switch.stats();
        assert_eq!((stats.legs, stats.sip.dialogs, stats.sip.transactions), (0, 0, 0), "{stats:?}");
        let opened = self.media.iter().filter(|order| matches!(order, MediaOrder::Open { .. })).count();
        let closed = self.media.iter().filter(|order| matches!(order, MediaOrder::Close { .. })).count();
        assert_eq!(opened, closed, "every port is freed");
        assert!(self.switch.snapshot().calls.is_empty());
        assert_eq!(self.switch.next_wakeup().filter(|at| at.millis_since(self.now.mono) < 60_000), None);
    }
}

fn to_tag(response: &str) -> String {
    let to = response.lines().find(|line| line.starts_with("To:")).unwrap();
    to[to.find(";tag=").unwrap()..].trim_end().to_owned()
}

fn header<'a>(text: &'a str, name: &str) -> &'a str {
    let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name} in {text}"));
    line[name.len()..].trim()
}

fn directory() -> Directory {
    let secret = |user: &str| {
        let ha1 = hex(&format!("{user}:{REALM}:secret"));
        Some(DigestSecret { ours: DigestHashes { realm: REALM.into(), sha256: ha1.clone(), md5: ha1 }, theirs: None })
    };
    let number = |number: &str, target| Number {
        number: number.into(),
        name: number.into(),
        target,
        is_on_web_phone: true,
        answering: Default::default(),
    };
    let queue = Queue {
        ring_secs: 20,
        waiting_max: 10,
        ticket_type: "incident".into(),
        ..Queue::new("support".parse().unwrap(), "Support")
    };
    let agent = AgentProfile {
        id: "agent1".parse().unwrap(),
        name: "Ana".into(),
        skills: BTreeMap::new(),
        device: Device::Sip,
        phone: Some("101".into()),
        is_active: true,
        work_items_max: None,
    };
    let trunk =
        Trunk { sources: vec!["127.0.0.0/8".into()], calls_max: 1_000, ..Trunk::new("carrier".parse().unwrap(), "Carrier") };
    let phone = Phone {
        account: "101".into(),
        name: "Desk".into(),
        secret: secret("101"),
        is_active: true,
        media_encryption: Default::default(),
    };
    let mut directory = Directory { version: 1, ..Directory::default() };
    let echo = number("1009", NumberTarget::Echo);
    let support = number("1001", NumberTarget::Queue { queue: queue.id.clone() });
    directory.numbers = [echo, support].into_iter().map(|number| (number.number.as_str().into(), number)).collect();
    directory.queues = BTreeMap::from([(queue.id.clone(), queue)]);
    directory.agents = BTreeMap::from([(agent.id.clone(), agent)]);
    directory.trunks = BTreeMap::from([(trunk.id.clone(), trunk)]);
    directory.phones = BTreeMap::from([("101".into(), phone)]);
    directory
}

fn hex(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|octet| format!("{octet:02x}")).collect()
}

#[test]
fn number_1009_echoes_from_invite_to_bye() {
    let mut exchange = Exchange::new();
    exchange.caller(1, "INVITE", 1, "", SDP);
    let ok = exchange.last("SIP/2.0 200");
    assert!(ok.contains("m=audio 20002 RTP/AVP 0 101") && ok.contains("c=IN IP4 192.0.2.1"), "{ok}");
    let tag = to_tag(&ok);
    exchange.caller(1, "ACK", 1, &tag, "");
    let leg = exchange.leg();
    assert!(exchange.media.contains(&MediaOrder::Hear { leg, sources: vec![Source::Echo] }), "{:?}", exchange.media);
    exchange.wait(5_000);
    exchange.caller(1, "BYE", 2, &tag, "");
    let sent = exchange.sent();
    assert_eq!((sent.first().unwrap().as_str(), sent.last().unwrap().as_str()), ("SIP/2.0 100 Trying", "SIP/2.0 200 OK"));
    assert_eq!((exchange.kinds().first(), exchange.kinds().last()), (Some(&"call.arrived"), Some(&"call.ended")));
    exchange.is_clean();
}

#[test]
fn a_caller_who_cancels_before_the_answer_hears_487_and_leaves_nothing() {
    let mut exchange = Exchange::new();
    exchange.has_ports = false;
    exchange.caller(2, "INVITE", 1, "", SDP);
    exchange.caller(2, "CANCEL", 1, "", "");
    assert_eq!(exchange.sent(), ["SIP/2.0 100 Trying", "SIP/2.0 200 OK", "SIP/2.0 487 Request Terminated"]);
    exchange.is_clean();
}

#[test]
fn without_a_free_port_the_caller_hears_503_and_may_try_again() {
    let mut exchange = Exchange::new();
    exchange.has_ports = false;
    exchange.caller(3, "INVITE", 1, "", SDP);
    let leg = exchange.leg();
    exchange.give(Input::Media(MediaNotice::OpenFailed { leg, reason: "no port is free".into() }));
    assert!(exchange.last("SIP/2.0 503").contains("Retry-After: "));
    exchange.is_clean();
}

#[test]
fn media_workers_that_say_nothing_cost_the_call_two_seconds_and_nothing_more() {
    let mut exchange = Exchange::new();
    exchange.has_ports = false;
    exchange.caller(4, "INVITE", 1, "", SDP);
    exchange.wait(2_000);
    exchange.last("SIP/2.0 503");
    exchange.is_clean();
}

#[test]
fn a_caller_who_holds_is_answered_recvonly_and_hears_again_when_back() {
    let mut exchange = Exchange::new();
    let tag = exchange.answered(5);
    let (leg, sdp) = (exchange.leg(), format!("{SDP}a=sendonly\r\n"));
    exchange.caller(5, "INVITE", 3, &tag, &sdp);
    assert!(exchange.last("SIP/2.0 200").contains("a=recvonly"));
    exchange.caller(5, "ACK", 3, &tag, "");
    let is_receiving = |exchange: &Exchange| {
        exchange.media.iter().rev().find_map(|order| match order {
            MediaOrder::SetRemote { leg: of, remote, .. } if *of == leg => Some(remote.is_receiving),
            _ => None,
        })
    };
    assert_eq!(is_receiving(&exchange), Some(false));
    exchange.wait(500);
    exchange.caller(5, "INVITE", 4, &tag, SDP);
    assert!(exchange.last("SIP/2.0 200").contains("a=sendrecv"));
    exchange.caller(5, "ACK", 4, &tag, "");
    assert_eq!(is_receiving(&exchange), Some(true));
    exchange.caller(5, "BYE", 5, &tag, "");
    exchange.is_clean();
}

#[test]
fn an_unknown_number_is_404_and_a_codec_that_nobody_has_488() {
    let mut exchange = Exchange::new();
    exchange.caller(6, "INVITE", 1, "", &SDP.replace("RTP/AVP 0 101", "RTP/AVP 18"));
    exchange.last("SIP/2.0 488");
    let mut empty = directory();
    empty.version = 2;
    empty.numbers.clear();
    exchange.give(Input::Directory(Arc::new(empty)));
    exchange.caller(7, "INVITE", 1, "", SDP);
    exchange.last("SIP/2.0 404");
    exchange.is_clean();
}

#[test]
fn media_workers_are_told_once_that_the_centre_wants_no_level_control_and_once_that_it_does_again() {
    let mut exchange = Exchange::new();
    for (version, is_wanted) in [(2, false), (3, false), (4, true)] {
        let mut directory = directory();
        (directory.version, directory.centre.is_level_control_on) = (version, is_wanted);
        exchange.give(Input::Directory(Arc::new(directory)));
    }
    let told = exchange.media.iter().filter_map(|order| match order {
        MediaOrder::ControlLevels { is_wanted } => Some(*is_wanted),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_draining_exchange_refuses_new_calls_and_lets_the_running_one_end() {
    let mut exchange = Exchange::new();
    let tag = exchange.answered(8);
    exchange.give(Input::Drain);
    exchange.caller(9, "INVITE", 1, "", SDP);
    exchange.last("SIP/2.0 503");
    exchange.caller(8, "BYE", 2, &tag, "");
    exchange.is_clean();
}

#[test]
fn one_time_governs_how_long_a_silent_phone_is_kept() {
    let mut exchange = Exchange::new();
    exchange.answered(8);
    let leg = exchange.leg();
    exchange.give(Input::Media(MediaNotice::Lost { leg }));
    // It does not say within five seconds that it is there; then the time begins.
    exchange.wait(5_000);
    exchange.wait(SILENT_PHONE_MS - 1_000);
    assert!(!exchange.sent().iter().any(|line| line.starts_with("BYE ")));
    exchange.wait(1_000);
    assert!(exchange.sent().iter().any(|line| line.starts_with("BYE ")));
    assert_eq!(exchange.switch.stats().faults.timed_out, 0, "given up by the floor, not by the net below it");
    exchange.wait(40_000);
    exchange.is_clean();
}

#[test]
fn the_end_of_all_calls_says_bye_to_everyone() {
    let mut exchange = Exchange::new();
    for n in 10..20 {
        exchange.answered(n);
    }
    exchange.switch.end_all(exchange.now);
    exchange.collect();
    assert_eq!(exchange.sent().iter().filter(|line| line.starts_with("BYE ")).count(), 10);
    exchange.is_clean();
}

#[test]
fn two_hundred_calls_that_end_in_every_way_leave_nothing() {
    let mut exchange = Exchange::new();
    for n in 20..70 {
        let tag = exchange.answered(n);
        match n % 4 {
            0 => exchange.caller(n, "BYE", 2, &tag, ""),
            1 => {
                let leg = exchange.leg();
                exchange.give(Input::Media(MediaNotice::Lost { leg }));
                exchange.wait(SILENT_PHONE_MS + 6_000);
            }
            2 => exchange.caller(n, "BYE", 2, &tag, ""),
            // Nobody hangs up: the longest time that the floor allows, or the end of the node.
            _ => {
                exchange.switch.end_all(exchange.now);
                exchange.collect();
            }
        }
    }
    // Nobody answers our BYEs either.
    exchange.wait(40_000);
    exchange.is_clean();
}

/// A request of an account that proves itself; `ask` writes it with its number and further lines.
fn prove(exchange: &mut Exchange, account: &str, at: &str, method: &str, ask: impl Fn(u32, &str) -> String) {
    exchange.hear(at, &ask(1, ""));
    let challenge = exchange.last("SIP/2.0 401");
    let line = challenge.lines().find(|line| line.starts_with("WWW-Authenticate") && line.contains("MD5")).unwrap();
    let nonce = line.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let (a1, a2) = (hex(&format!("{account}:{REALM}:secret")), hex(&format!("{method}:sip:192.0.2.1")));
    let response = hex(&format!("{a1}:{nonce}:00000001:abc:auth:{a2}"));
    let proof = format!(
        "Authorization: Digest username=\"{account}\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"sip:192.0.2.1\", algorithm=MD5, \
         qop=auth, nc=00000001, cnonce=\"abc\", response=\"{response}\"\r\n"
    );
    exchange.hear(at, &ask(2, &proof));
}

/// Registers phone 101 from 192.0.2.50 by digest.
fn register(exchange: &mut Exchange) {
    let ask = |cseq: u32, proof: &str| {
        format!(
            "REGISTER sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKreg{cseq}\r\n\
             From: <sip:101@192.0.2.1>;tag=reg\r\nTo: <sip:101@192.0.2.1>\r\nCall-ID: reg\r\nCSeq: {cseq} REGISTER\r\n\
             Contact: <sip:101@192.0.2.50:5060>\r\nExpires: 3600\r\nMax-Forwards: 70\r\n{proof}Content-Length: 0\r\n\r\n"
        )
    };
    prove(exchange, "101", PHONE, "REGISTER", ask);
    exchange.last("SIP/2.0 200");
}

/// The phone answers an INVITE of ours.
fn phone_says(exchange: &mut Exchange, invite: &str, status: &str, body: &str) {
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    let text = format!(
        "SIP/2.0 {status}\r\nVia: {via}\r\nFrom: {from}\r\nTo: {to};tag=phone\r\nCall-ID: {id}\r\nCSeq: {cseq}\r\n\
         Contact: <sip:101@192.0.2.50:5060>\r\n{kind}Content-Length: {length}\r\n\r\n{body}",
        via = header(invite, "Via:"),
        from = header(invite, "From:"),
        to = header(invite, "To:"),
        id = header(invite, "Call-ID:"),
        cseq = header(invite, "CSeq:"),
        length = body.len(),
    );
    exchange.hear(PHONE, &text);
}

#[test]
fn an_account_that_changes_hands_shows_nothing_of_who_had_it() {
    let without = |account: Option<&str>| {
        let mut directory = directory();
        directory.agents.values_mut().for_each(|agent| {
            (agent.device, agent.phone) = (Device::Browser, account.map(Into::into));
        });
        Input::Directory(Arc::new(directory))
    };
    let mut none = directory();
    none.agents.clear();
    for change in [without(None), Input::Directory(Arc::new(none))] {
        let mut exchange = Exchange::new();
        let elements = vec![DialogElement { id: "c".into(), names: None, is_initiator: false, state: DialogState::Confirmed }];
        let order = SipOrder::Publish { account: "101".into(), elements };
        exchange.give(without(Some("101")));
        exchange.switch.sip.order(order, exchange.now, &mut Rng::seeded(1));
        assert!(exchange.switch.sip.is_published("101"));
        exchange.give(change);
        assert!(!exchange.switch.sip.is_published("101"));
    }
}

#[test]
fn a_caller_reaches_an_agent_on_a_registered_phone_and_both_hear_each_other() {
    let mut exchange = Exchange::new();
    let agent: AgentId = "agent1".parse().unwrap();
    register(&mut exchange);
    let session = SessionId::mint(exchange.now.wall, &mut Rng::seeded(1));
    exchange.give(Input::ConsoleSession { agent: agent.clone(), session, is_up: true });
    exchange.command("agent1", CentreCommand::SetPresence { agent: agent.clone(), wanted: WantedPresence::Ready });
    let tag = exchange.answered(100);
    let caller = exchange.media.iter().find_map(|order| match order {
        MediaOrder::Open { leg, .. } => Some(*leg),
        _ => None,
    });
    exchange.wait(500);
    let invite = exchange.last("INVITE ");
    assert!(invite.contains("sip:101@192.0.2.50") && invite.contains("m=audio "), "{invite}");
    let phone = exchange.leg();
    phone_says(&mut exchange, &invite, "180 Ringing", "");
    phone_says(&mut exchange, &invite, "200 OK", SDP);
    exchange.last("ACK ");
    for (leg, other) in [(caller.unwrap(), phone), (phone, caller.unwrap())] {
        let heard = exchange.media.iter().rev().find_map(|order| match order {
            MediaOrder::Hear { leg: of, sources } if *of == leg => Some(sources.clone()),
            _ => None,
        });
        assert_eq!(heard, Some(vec![Source::Leg(other)]));
    }
    assert!(exchange.facts.iter().any(|fact| {
        matches!(&fact.event, Event::Call(event) if matches!(&event.kind, CallEventKind::Connected { agent: with, .. } if *with == agent))
    }));
    exchange.caller(100, "BYE", 2, &tag, "");
    let bye = exchange.last("BYE ");
    phone_says(&mut exchange, &bye, "200 OK", "");
    exchange.is_clean();
    let last = exchange.live.iter().rev().find_map(|update| match update {
        LiveUpdate::Agent(view) => Some(view.presence.clone()),
        _ => None,
    });
    assert_eq!((last, exchange.replies), (Some(Presence::Ready), 1));
}

/// The agent on phone 101 talks with caller 100; the phone's INVITE from us.
fn agent_on_the_phone(exchange: &mut Exchange) -> (String, String) {
    let agent: AgentId = "agent1".parse().unwrap();
    register(exchange);
    let session = SessionId::mint(exchange.now.wall, &mut Rng::seeded(1));
    exchange.give(Input::ConsoleSession { agent: agent.clone(), session, is_up: true });
    exchange.command("agent1", CentreCommand::SetPresence { agent, wanted: WantedPresence::Ready });
    let tag = exchange.answered(100);
    exchange.wait(500);
    let invite = exchange.last("INVITE ");
    phone_says(exchange, &invite, "200 OK", SDP);
    exchange.last("ACK ");
    (tag, invite)
}
