//! Session-ID (RFC 7989) from a carrier through us to an agent's telephone and back.

use super::*;

const CARRIERS: &str = "ab30317f1a784dc48ff824d0d3715d86";
const PHONES: &str = "47755a9de7794ba387653f2099600ef2";
const NIL: &str = "00000000000000000000000000000000";

fn with_session(text: &str, value: &str) -> String {
    text.replacen("CSeq:", &format!("Session-ID: {value}\r\nCSeq:"), 1)
}

impl Exchange {
    /// The caller's request with these words in Session-ID.
    fn caller_in_session(&mut self, method: &str, cseq: u32, to_tag: &str, value: &str, body: &str) {
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let text = format!(
            "{method} sip:1001@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK{method}{cseq}\r\n\
             From: <sip:+34911000001@127.0.0.1>;tag=caller\r\nTo: <sip:1001@192.0.2.1>{to_tag}\r\nCall-ID: named\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:load@127.0.0.1:5070>\r\nMax-Forwards: 70\r\n{kind}\
             Content-Length: {length}\r\n\r\n{body}",
            length = body.len(),
        );
        self.hear("127.0.0.1:5070", &with_session(&text, value));
    }
}

#[test]
fn each_end_learns_what_the_other_calls_the_session() {
    let mut exchange = Exchange::new();
    register(&mut exchange);
    let agent: AgentId = "agent1".parse().unwrap();
    let console = SessionId::mint(exchange.now.wall, &mut Rng::seeded(1));
    exchange.give(Input::ConsoleSession { agent: agent.clone(), session: console, is_up: true });
    exchange.command("agent1", CentreCommand::SetPresence { agent, wanted: WantedPresence::Ready });

    exchange.caller_in_session("INVITE", 1, "", &format!("{CARRIERS};remote={NIL}"), SDP);
    let answer = exchange.last("SIP/2.0 200");
    let ours = header(&answer, "Session-ID:").split(';').next().unwrap().to_owned();
    assert_eq!(header(&answer, "Session-ID:"), format!("{ours};remote={CARRIERS}"));
    assert!(ours != CARRIERS && ours != NIL);
    let tag = to_tag(&answer);
    exchange.caller_in_session("ACK", 1, &tag, &format!("{CARRIERS};remote={ours}"), "");
    exchange.wait(500);
    let invite = exchange.last("INVITE ");
    assert_eq!(
        header(&invite, "Session-ID:"),
        format!("{CARRIERS};remote={NIL}"),
        "the carrier's name goes on to the telephone"
    );

    let said = format!("SIP/2.0 200 OK\r\nSession-ID: {PHONES};remote={CARRIERS}");
    phone_says(&mut exchange, &invite, said.trim_start_matches("SIP/2.0 "), SDP);
    assert_eq!(header(&exchange.last("ACK "), "Session-ID:"), format!("{CARRIERS};remote={PHONES}"));
    exchange.caller_in_session("BYE", 2, &tag, &format!("{CARRIERS};remote={ours}"), "");
    assert_eq!(header(&exchange.last("SIP/2.0 200"), "Session-ID:"), format!("{PHONES};remote={CARRIERS}"));
    let bye = exchange.last("BYE ");
    assert_eq!(header(&bye, "Session-ID:"), format!("{CARRIERS};remote={PHONES}"));
    phone_says(&mut exchange, &bye, "200 OK", "");
    exchange.is_clean();
    let named = exchange.facts.iter().find_map(|fact| match &fact.event {
        Event::Call(event) => match &event.kind {
            CallEventKind::Arrived { session_id, .. } => session_id.clone(),
            _ => None,
        },
        _ => None,
    });
    assert_eq!(named, Some(format!("{ours};remote={CARRIERS}")));
}

#[test]
fn a_caller_without_a_name_gets_one_that_both_sides_see() {
    let mut exchange = Exchange::new();
    let tag = exchange.answered(1);
    let said = header(&exchange.last("SIP/2.0 200"), "Session-ID:").to_owned();
    assert!(said.ends_with(&format!(";remote={NIL}")) && !said.starts_with(NIL), "{said}");
    exchange.caller(1, "BYE", 2, &tag, "");
    assert_eq!(header(&exchange.last("SIP/2.0 200"), "Session-ID:"), said);
    exchange.is_clean();
}
