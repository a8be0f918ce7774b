//! How a leg is protected is said of its call.

use super::*;
use crate::{
    domain::{
        call::{CallEventKind, Party, TransferTarget},
        directory::WrapUp,
    },
    types::{CallId, MediaProtection, SignallingTransport},
};

const KEY: &str = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR\r\n";

/// A caller over this transport with this offer, up to the ACK: the exchange and what belongs behind To.
fn call(transport: Transport, offer: &str) -> (Exchange, String) {
    let mut exchange = Exchange::new();
    exchange.transport = transport;
    exchange.caller(1, "INVITE", 1, "", offer);
    let tag = to_tag(&exchange.last("SIP/2.0 200"));
    exchange.caller(1, "ACK", 1, &tag, "");
    (exchange, tag)
}

fn said(exchange: &Exchange) -> Vec<(Party, MediaProtection, Option<SignallingTransport>)> {
    let of = |fact: &Fact| match &fact.event {
        Event::Call(event) => match event.kind {
            CallEventKind::LegAgreed { party, media, signalling } => Some((party, media, signalling)),
            _ => None,
        },
        _ => None,
    };
    exchange.facts.iter().filter_map(of).collect()
}

#[test]
fn a_protected_leg_is_said_of_its_call_once_and_one_in_the_clear_is_not() {
    let keyed = format!("{SDP}{KEY}");
    let tls = Some(SignallingTransport::Tls);
    for (transport, offer, expected) in [
        (Transport::Udp, SDP, None),
        (Transport::Tcp, SDP, None),
        (Transport::Tls, SDP, Some((Party::Customer, MediaProtection::Plain, tls))),
        (Transport::Tls, &*keyed, Some((Party::Customer, MediaProtection::Sdes, tls))),
    ] {
        let (mut exchange, tag) = call(transport, offer);
        // The same again, as to refresh a session.
        exchange.caller(1, "INVITE", 2, &tag, offer);
        exchange.caller(1, "ACK", 2, &tag, "");
        assert_eq!(said(&exchange), Vec::from_iter(expected), "{transport:?}");
    }
}

#[test]
fn a_leg_that_is_encrypted_no_more_is_said_to_be_so() {
    let (mut exchange, tag) = call(Transport::Tls, &format!("{SDP}{KEY}"));
    exchange.caller(1, "INVITE", 2, &tag, SDP);
    exchange.caller(1, "ACK", 2, &tag, "");
    let media: Vec<_> = said(&exchange).into_iter().map(|(_, media, _)| media).collect();
    assert_eq!(media, [MediaProtection::Sdes, MediaProtection::Plain]);
}

#[test]
fn an_agents_telephone_that_takes_our_keys_is_said_to_be_encrypted() {
    let mut exchange = Exchange::new();
    exchange.transport = Transport::Tls;
    register(&mut exchange);
    let agent: AgentId = "agent1".parse().unwrap();
    let session = SessionId::mint(exchange.now.wall, &mut Rng::seeded(1));
    exchange.give(Input::ConsoleSession { agent: agent.clone(), session, is_up: true });
    exchange.command("agent1", CentreCommand::SetPresence { agent, wanted: WantedPresence::Ready });
    exchange.answered(100);
    exchange.wait(500);
    let invite = exchange.last("INVITE ");
    let key = invite.lines().find(|line| line.starts_with("a=crypto:")).expect("keys are offered over TLS").to_owned();
    let by_agent = |exchange: &Exchange| said(exchange).into_iter().filter(|(party, ..)| *party == Party::Agent).count();
    assert_eq!(by_agent(&exchange), 0, "nothing is agreed while it rings");
    phone_says(&mut exchange, &invite, "200 OK", &format!("{SDP}{key}\r\n"));
    let tls = Some(SignallingTransport::Tls);
    assert_eq!(said(&exchange).last(), Some(&(Party::Agent, MediaProtection::Sdes, tls)));
    assert_eq!(by_agent(&exchange), 1);
}

/// Ana has a browser, Berta phone 101.
fn a_browser_and_a_phone() -> Directory {
    let mut directory = directory();
    let ana = directory.agents.values().next().unwrap().clone();
    let berta = AgentProfile { id: "agent2".parse().unwrap(), name: "Berta".into(), ..ana.clone() };
    let ana = AgentProfile { device: Device::Browser, phone: None, ..ana };
    directory.agents = [ana, berta].into_iter().map(|agent| (agent.id.clone(), agent)).collect();
    directory.queues.values_mut().for_each(|queue| queue.wrap_up = WrapUp::Timed { secs: 60 });
    directory.version = 2;
    directory
}

/// Ana talks with caller 100 by her browser: what belongs behind To, and the call.
fn ana_talks(exchange: &mut Exchange) -> (String, CallId) {
    let agent: AgentId = "agent1".parse().unwrap();
    exchange.give(Input::Directory(Arc::new(a_browser_and_a_phone())));
    exchange.load_page("agent1", 1);
    exchange.command("agent1", CentreCommand::SetPresence { agent: agent.clone(), wanted: WantedPresence::Ready });
    let tag = exchange.answered(100);
    assert!(said(exchange).is_empty(), "nothing is said of who is only rung");
    let call = exchange.switch.snapshot().calls[0].id;
    exchange.command("agent1", CentreCommand::Answer { agent, call });
    assert_eq!(said(exchange), [(Party::Agent, MediaProtection::Dtls, None)]);
    (tag, call)
}

#[test]
fn a_telephone_in_the_clear_that_follows_an_encrypted_browser_is_said_to_be_so() {
    let mut exchange = Exchange::new();
    let (_, call) = ana_talks(&mut exchange);
    register(&mut exchange);
    let (agent, berta): (AgentId, AgentId) = ("agent1".parse().unwrap(), "agent2".parse().unwrap());
    let session = SessionId::mint(exchange.now.wall, &mut Rng::seeded(2));
    exchange.give(Input::ConsoleSession { agent: berta.clone(), session, is_up: true });
    exchange.command("agent2", CentreCommand::SetPresence { agent: berta.clone(), wanted: WantedPresence::Ready });
    let target = TransferTarget::Agent { agent: berta };
    exchange.command("agent1", CentreCommand::Transfer { agent, call, target });
    exchange.wait(500);
    let invite = exchange.last("INVITE ");
    assert_eq!(said(&exchange).len(), 1, "nothing is agreed while it rings");
    phone_says(&mut exchange, &invite, "200 OK", SDP);
    let udp = Some(SignallingTransport::Udp);
    assert_eq!(said(&exchange)[1..], [(Party::Agent, MediaProtection::Plain, udp)]);
}

#[test]
fn a_page_that_is_loaded_anew_says_nothing_again_and_nothing_of_a_call_that_is_over() {
    let mut exchange = Exchange::new();
    let (tag, _) = ana_talks(&mut exchange);
    exchange.load_page("agent1", 2);
    assert_eq!(said(&exchange).len(), 1, "it is as it was");
    exchange.caller(100, "BYE", 2, &tag, "");
    let mut agents = exchange.switch.snapshot().agents.into_iter();
    assert!(agents.any(|agent| matches!(agent.presence, Presence::WrappingUp { .. })));
    exchange.load_page("agent1", 3);
    assert_eq!(said(&exchange).len(), 1);
}
