//! How a leg is protected is said of its call.

use super::*;
use crate::{
    domain::call::{CallEventKind, Party},
    types::{MediaProtection, SignallingTransport},
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
