//! Calls that outlast the process: the exchange is dropped, another begins with what was written down, and the far ends are asked for
//! new media.

use serde_json::Value;

use super::*;
use crate::{
    domain::{call::EndCause, centre::CallState},
    switch::{SnapshotChange, Survivors},
};

/// What is in the file, by key.
type Written = BTreeMap<String, (Kind, Value)>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Call,
    Agent,
    Phone,
    Subscription,
}

impl Exchange {
    /// Everything that has changed goes into the file, a little at a time.
    fn write_down(&mut self, written: &mut Written) {
        while self.switch.has_snapshot_changes() {
            for change in self.switch.snapshot_changes(2) {
                match change {
                    SnapshotChange::Call(call) => {
                        written.insert(call.id().to_string(), (Kind::Call, serde_json::to_value(&call).unwrap()));
                    }
                    SnapshotChange::Agent(agent) => {
                        written.insert(agent.id.to_string(), (Kind::Agent, serde_json::to_value(&agent).unwrap()));
                    }
                    SnapshotChange::CallGone(call) => drop(written.remove(&call.to_string())),
                    SnapshotChange::AgentGone(agent) => drop(written.remove(agent.as_str())),
                    SnapshotChange::Phone(phone) => {
                        written.insert(phone.account().to_string(), (Kind::Phone, serde_json::to_value(&phone).unwrap()));
                    }
                    SnapshotChange::PhoneGone(account) => drop(written.remove(&*account)),
                    SnapshotChange::Subscription(kept) => {
                        written.insert(kept.tag().to_string(), (Kind::Subscription, serde_json::to_value(&kept).unwrap()));
                    }
                    SnapshotChange::SubscriptionGone(tag) => drop(written.remove(&tag.to_string())),
                }
            }
        }
    }

    /// The process dies, and another one takes up what was written down; its directory is not there yet.
    fn die(&mut self, written: &Written) {
        let mut survivors = Survivors::default();
        for (kind, value) in written.values().cloned() {
            match kind {
                Kind::Call => survivors.calls.push(serde_json::from_value(value).expect("a call that can be read")),
                Kind::Agent => survivors.agents.push(serde_json::from_value(value).expect("an agent that can be read")),
                Kind::Phone => survivors.phones.push(serde_json::from_value(value).expect("a phone that can be read")),
                Kind::Subscription => survivors.subscriptions.push(serde_json::from_value(value).expect("a subscription")),
            }
        }
        self.now = self.now.plus_millis(1_500);
        self.switch = Switch::new(SipSettings::default(), 1_000, Rng::seeded(self.now.mono.as_millis()), [8; 32]);
        self.switch.take_up(survivors);
        (self.sent, self.media, self.facts, self.live) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    }

    fn restart(&mut self) {
        self.restart_with(directory());
    }

    fn restart_with(&mut self, directory: Directory) {
        let mut written = Written::new();
        self.write_down(&mut written);
        self.die(&written);
        self.give(Input::Directory(Arc::new(directory)));
        // Every leg's turn to be asked.
        self.wait(500);
    }

    /// The re-INVITE of a call that has not been answered yet.
    fn asked(&self, call_id: &str) -> String {
        let is_it = |text: &&String| text.starts_with("INVITE ") && header(text, "Call-ID:") == call_id;
        self.sent.iter().rev().find(is_it).unwrap_or_else(|| panic!("{call_id} is not asked: {:?}", self.sent)).clone()
    }

    /// The far end answers a request within its dialog.
    fn says(&mut self, from: &str, request: &str, status: &str, body: &str) {
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let text = format!(
            "SIP/2.0 {status}\r\nVia: {via}\r\nFrom: {of}\r\nTo: {to}\r\nCall-ID: {id}\r\nCSeq: {cseq}\r\n\
             Contact: <sip:there@{from}>\r\n{kind}Content-Length: {length}\r\n\r\n{body}",
            via = header(request, "Via:"),
            of = header(request, "From:"),
            to = header(request, "To:"),
            id = header(request, "Call-ID:"),
            cseq = header(request, "CSeq:"),
            length = body.len(),
        );
        self.hear(from, &text);
    }

    /// The caller `n` agrees to new media.
    fn caller_agrees(&mut self, n: u32) {
        let invite = self.asked(&format!("call{n}"));
        self.says("127.0.0.1:5070", &invite, "200 OK", SDP);
    }

    fn hears(&self, leg: LegId) -> Option<Vec<Source>> {
        self.media.iter().rev().find_map(|order| match order {
            MediaOrder::Hear { leg: of, sources } if *of == leg => Some(sources.clone()),
            _ => None,
        })
    }

    fn states(&self) -> Vec<CallState> {
        self.switch.snapshot().calls.iter().map(|call| call.state.clone()).collect()
    }

    fn presence(&self) -> Presence {
        self.switch.snapshot().agents.first().expect("the agent").presence.clone()
    }

    fn ends(&self) -> Vec<EndCause> {
        let ends = self.facts.iter().filter_map(|fact| match &fact.event {
            Event::Call(event) => match event.kind {
                CallEventKind::Ended { cause, .. } => Some(cause),
                _ => None,
            },
            _ => None,
        });
        ends.collect()
    }

    /// An agent on phone 101 talks to caller `n`: the caller's To tag, both legs, and the phone's Call-ID.
    fn bridged(&mut self, n: u32) -> (String, LegId, LegId, String) {
        register(self);
        self.sign_in();
        let tag = self.answered(n);
        let caller = self.leg_before_last(0);
        self.wait(500);
        let invite = self.last("INVITE ");
        let phone = self.leg();
        phone_says(self, &invite, "180 Ringing", "");
        phone_says(self, &invite, "200 OK", SDP);
        assert_eq!(self.states(), [CallState::Talking]);
        (tag, caller, phone, header(&invite, "Call-ID:").to_owned())
    }

    fn sign_in(&mut self) {
        let agent: AgentId = "agent1".parse().unwrap();
        let session = SessionId::mint(self.now.wall, &mut Rng::seeded(1));
        self.give(Input::ConsoleSession { agent: agent.clone(), session, is_up: true });
        self.command("agent1", CentreCommand::SetPresence { agent, wanted: WantedPresence::Ready });
    }

    fn leg_before_last(&self, back: usize) -> LegId {
        let opened: Vec<LegId> = self
            .media
            .iter()
            .rev()
            .filter_map(|order| match order {
                MediaOrder::Open { leg, .. } => Some(*leg),
                _ => None,
            })
            .collect();
        opened[opened.len() - 1 - back]
    }
}

fn origin(sdp: &str) -> (u64, u64) {
    let line = header(sdp, "o=");
    let mut parts = line.split(' ').skip(1).map(|part| part.parse().unwrap());
    (parts.next().unwrap(), parts.next().unwrap())
}

fn cseq(request: &str) -> u32 {
    header(request, "CSeq:").split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn a_caller_is_asked_back_within_the_same_dialog_and_session_and_hears_again() {
    let mut exchange = Exchange::new();
    let tag = exchange.answered(1);
    let (leg, before) = (exchange.leg(), origin(&exchange.last("SIP/2.0 200")));
    exchange.restart();
    let invite = exchange.asked("call1");
    assert!(invite.starts_with("INVITE sip:load@127.0.0.1:5070 SIP/2.0"), "to the Contact: {invite}");
    assert!(header(&invite, "From:").ends_with(&tag), "with our tag {tag}: {invite}");
    assert!(header(&invite, "To:").ends_with(";tag=caller1"), "{invite}");
    assert_eq!(origin(&invite), (before.0, before.1 + 1), "the session goes on with its next version");
    assert_eq!(exchange.leg(), leg, "the leg keeps its name");
    exchange.caller_agrees(1);
    exchange.last("ACK ");
    assert!(exchange.media.iter().any(|order| matches!(order, MediaOrder::SetRemote { leg: of, .. } if *of == leg)));
    assert_eq!(exchange.hears(leg), Some(vec![Source::Echo]));
    assert_eq!(exchange.switch.stats().recovery.recovered, 1);
    exchange.wait(60_000);
    exchange.caller(1, "BYE", 2, &tag, "");
    assert_eq!(exchange.kinds(), ["call.recovered", "call.ended"], "one call, one end");
    exchange.is_clean();
}

#[test]
fn a_caller_who_hung_up_in_the_meantime_has_hung_up() {
    let mut exchange = Exchange::new();
    let tag = exchange.answered(1);
    let mut written = Written::new();
    exchange.write_down(&mut written);
    exchange.die(&written);
    // The sockets are open, the directory is not there yet.
    exchange.caller(1, "BYE", 2, &tag, "");
    exchange.last("SIP/2.0 200");
    exchange.give(Input::Directory(Arc::new(directory())));
    exchange.wait(500);
    assert_eq!((exchange.kinds(), exchange.ends()), (vec!["call.ended"], vec![EndCause::Hangup]));
    assert!(!exchange.sent.iter().any(|text| text.starts_with("INVITE ")));
    exchange.is_clean();
}

#[test]
fn a_caller_whose_side_has_forgotten_the_call_is_lost_and_owed_a_callback() {
    let mut exchange = Exchange::new();
    exchange.answered(100);
    exchange.restart();
    let invite = exchange.asked("call100");
    exchange.says("127.0.0.1:5070", &invite, "481 Call/Transaction Does Not Exist", "");
    let bye = exchange.last("BYE ");
    exchange.says("127.0.0.1:5070", &bye, "481 Call/Transaction Does Not Exist", "");
    let owed = exchange.facts.iter().find_map(|fact| match &fact.event {
        Event::Call(event) => match &event.kind {
            CallEventKind::NotRecovered { queue } => Some(queue.clone()),
            _ => None,
        },
        _ => None,
    });
    assert_eq!(owed, Some(Some("support".parse().unwrap())));
    assert_eq!(exchange.ends(), [EndCause::Lost]);
    let recovery = exchange.switch.stats().recovery;
    assert_eq!((recovery.recovered, recovery.not_recovered), (0, 1));
    exchange.is_clean();
}

#[test]
fn a_caller_who_does_not_answer_is_given_up() {
    let mut exchange = Exchange::new();
    exchange.answered(100);
    exchange.restart();
    exchange.asked("call100");
    exchange.wait(90_000);
    assert_eq!((exchange.ends(), exchange.switch.stats().recovery.not_recovered), (vec![EndCause::Lost], 1));
    exchange.is_clean();
}

#[test]
fn callers_in_line_keep_their_places_and_are_offered_when_they_are_back() {
    let mut exchange = Exchange::new();
    let tags: Vec<String> = (100..103)
        .map(|n| {
            exchange.wait(1_000);
            exchange.answered(n)
        })
        .collect();
    let calls: Vec<_> = exchange.switch.snapshot().calls.iter().map(|call| (call.id, call.queued_at)).collect();
    exchange.restart();
    let after = exchange.switch.snapshot();
    assert_eq!(after.calls.iter().map(|call| (call.id, call.queued_at)).collect::<Vec<_>>(), calls, "since the same time");
    let waiting = |position| CallState::Waiting { position };
    assert_eq!(exchange.states(), [waiting(1), waiting(2), waiting(3)]);
    // The first in line is slow to come back: the agent gets the second.
    exchange.caller_agrees(101);
    exchange.caller_agrees(102);
    register(&mut exchange);
    exchange.sign_in();
    exchange.wait(100);
    assert!(matches!(exchange.states()[..], [_, CallState::Offered { .. }, _]), "{:?}", exchange.states());
    exchange.caller_agrees(100);
    assert_eq!(exchange.switch.stats().recovery.recovered, 3);
    for (n, tag) in (100..103).zip(&tags) {
        exchange.caller(n, "BYE", 2, tag, "");
    }
    // The phone never said that it rang, so our INVITEs to it end by themselves.
    exchange.wait(80_000);
    assert_eq!(exchange.kinds().iter().filter(|kind| **kind == "call.abandoned").count(), 3);
    exchange.is_clean();
}

#[test]
fn a_caller_and_an_agent_hear_each_other_again_when_both_are_back() {
    let mut exchange = Exchange::new();
    let (tag, caller, phone, phone_call) = exchange.bridged(100);
    exchange.restart();
    assert!(matches!(exchange.states()[..], [CallState::Reconnecting { .. }]));
    exchange.caller_agrees(100);
    assert_eq!(exchange.hears(caller), Some(vec![Source::Music("music/on-hold".into())]), "until the other is there");
    let is_bridged = |exchange: &Exchange| exchange.media.contains(&MediaOrder::StopPlay { leg: caller });
    assert!(!is_bridged(&exchange));
    let invite = exchange.asked(&phone_call);
    exchange.says("192.0.2.50:5060", &invite, "200 OK", SDP);
    assert_eq!(exchange.states(), [CallState::Talking]);
    assert!(is_bridged(&exchange), "no words stand before the agent's any more");
    assert_eq!(
        (exchange.hears(caller), exchange.hears(phone)),
        (Some(vec![Source::Leg(phone)]), Some(vec![Source::Leg(caller)]))
    );
    assert!(matches!(exchange.presence(), Presence::Busy { .. }));
    exchange.caller(100, "BYE", 2, &tag, "");
    let bye = exchange.last("BYE ");
    assert!(cseq(&bye) > cseq(&invite));
    exchange.says("192.0.2.50:5060", &bye, "200 OK", "");
    assert_eq!(exchange.kinds(), ["call.media_lost", "call.recovered", "call.media_back", "call.ended"]);
    exchange.is_clean();
}

#[test]
fn an_agent_who_is_back_first_waits_for_the_caller() {
    let mut exchange = Exchange::new();
    let (tag, caller, phone, phone_call) = exchange.bridged(100);
    exchange.restart();
    let invite = exchange.asked(&phone_call);
    exchange.says("192.0.2.50:5060", &invite, "200 OK", SDP);
    assert!(matches!(exchange.states()[..], [CallState::Reconnecting { .. }]), "media workers know only one of the two legs");
    exchange.caller_agrees(100);
    assert_eq!(exchange.states(), [CallState::Talking]);
    let opened =
        |leg| exchange.media.iter().position(|order| matches!(order, MediaOrder::Open { leg: opened, .. } if *opened == leg));
    let joined = exchange.media.iter().position(
        |order| matches!(order, MediaOrder::Hear { leg, sources } if *leg == phone && *sources == [Source::Leg(caller)]),
    );
    assert!(joined > opened(caller) && joined > opened(phone));
    exchange.caller(100, "BYE", 2, &tag, "");
    let bye = exchange.last("BYE ");
    exchange.says("192.0.2.50:5060", &bye, "200 OK", "");
    exchange.is_clean();
}

#[test]
fn a_caller_whose_agent_does_not_come_back_waits_before_all_others() {
    let mut exchange = Exchange::new();
    let (tag, caller, _, phone_call) = exchange.bridged(100);
    let second = exchange.answered(101);
    exchange.restart();
    exchange.caller_agrees(100);
    exchange.caller_agrees(101);
    let invite = exchange.asked(&phone_call);
    exchange.says("192.0.2.50:5060", &invite, "481 Call/Transaction Does Not Exist", "");
    let bye = exchange.last("BYE ");
    exchange.says("192.0.2.50:5060", &bye, "481 Call/Transaction Does Not Exist", "");
    assert_eq!(exchange.states(), [CallState::Waiting { position: 1 }, CallState::Waiting { position: 2 }]);
    assert_eq!(exchange.hears(caller), Some(vec![Source::Music("music/on-hold".into())]));
    assert_eq!(exchange.presence(), Presence::Paused { reason: "device".into() });
    exchange.caller(100, "BYE", 2, &tag, "");
    exchange.caller(101, "BYE", 2, &second, "");
    exchange.wait(20_000);
    exchange.is_clean();
}

#[test]
fn an_agent_whose_caller_is_lost_is_hung_up_and_free_again() {
    let mut exchange = Exchange::new();
    let (_, _, _, phone_call) = exchange.bridged(100);
    exchange.restart();
    let invite = exchange.asked(&phone_call);
    exchange.says("192.0.2.50:5060", &invite, "200 OK", SDP);
    let invite = exchange.asked("call100");
    exchange.says("127.0.0.1:5070", &invite, "481 Call/Transaction Does Not Exist", "");
    let bye = exchange.last("BYE ");
    exchange.says("127.0.0.1:5070", &bye, "481 Call/Transaction Does Not Exist", "");
    let bye = exchange.last("BYE ");
    assert_eq!(header(&bye, "Call-ID:"), phone_call);
    exchange.says("192.0.2.50:5060", &bye, "200 OK", "");
    assert!(exchange.live.iter().any(|update| matches!(update, LiveUpdate::Notice { key: "call_cut_off", .. })));
    // Her phone is registered as it was.
    assert_eq!((exchange.ends(), exchange.presence()), (vec![EndCause::Lost], Presence::Ready));
    exchange.is_clean();
}

#[test]
fn an_agent_at_a_browser_comes_back_with_a_fresh_offer() {
    let browser = || {
        let mut directory = directory();
        for agent in directory.agents.values_mut() {
            agent.device = Device::Browser;
        }
        directory.version = 2;
        directory
    };
    let agent: AgentId = "agent1".parse().unwrap();
    let mut exchange = Exchange::new();
    exchange.give(Input::Directory(Arc::new(browser())));
    exchange.load_page("agent1", 1);
    exchange.command("agent1", CentreCommand::SetPresence { agent: agent.clone(), wanted: WantedPresence::Ready });
    let tag = exchange.answered(100);
    let (caller, call) = (exchange.leg(), exchange.switch.snapshot().calls[0].id);
    exchange.command("agent1", CentreCommand::Answer { agent: agent.clone(), call });
    assert_eq!(exchange.states(), [CallState::Talking]);
    exchange.restart_with(browser());
    exchange.caller_agrees(100);
    assert!(matches!(exchange.states()[..], [CallState::Reconnecting { .. }]));
    let console = exchange.load_page("agent1", 2);
    assert_eq!(exchange.states(), [CallState::Talking]);
    assert_eq!(
        (exchange.hears(caller), exchange.hears(console)),
        (Some(vec![Source::Leg(console)]), Some(vec![Source::Leg(caller)]))
    );
    exchange.caller(100, "BYE", 2, &tag, "");
    assert_eq!(exchange.presence(), Presence::Ready);
    assert_eq!(exchange.switch.stats().call_legs, 0);
}

#[test]
fn an_agent_whose_phone_says_nothing_loses_the_call_to_the_queue() {
    let mut exchange = Exchange::new();
    let (tag, caller, _, phone_call) = exchange.bridged(100);
    exchange.restart();
    exchange.caller_agrees(100);
    // The phone never says a word.
    exchange.asked(&phone_call);
    exchange.wait(100_000);
    assert_eq!(exchange.states(), [CallState::Waiting { position: 1 }]);
    assert_eq!(exchange.hears(caller), Some(vec![Source::Music("music/on-hold".into())]));
    exchange.caller(100, "BYE", 2, &tag, "");
    exchange.is_clean();
}

#[test]
fn a_phone_on_a_stream_is_asked_when_it_has_registered_again() {
    let mut exchange = Exchange::new();
    exchange.phone_stream = Some(FlowId(11));
    let (tag, caller, phone, phone_call) = exchange.bridged(100);
    exchange.restart();
    exchange.caller_agrees(100);
    exchange.wait(20_000);
    assert_eq!(exchange.tried.len(), 1, "nobody takes a stream there, and it is not tried again");
    assert!(matches!(exchange.states()[..], [CallState::Reconnecting { .. }]));
    exchange.sent.clear();
    exchange.phone_stream = Some(FlowId(13));
    register(&mut exchange);
    exchange.wait(0);
    let invite = exchange.asked(&phone_call);
    assert_eq!(exchange.last_flow.expect("a flow").id, FlowId(13), "by the stream that it has opened");
    exchange.says(PHONE, &invite, "200 OK", SDP);
    assert_eq!(exchange.states(), [CallState::Talking]);
    assert_eq!(exchange.hears(caller), Some(vec![Source::Leg(phone)]));
    exchange.caller(100, "BYE", 2, &tag, "");
    let bye = exchange.last("BYE ");
    exchange.says(PHONE, &bye, "200 OK", "");
    assert_eq!(exchange.tried.len(), 1);
    exchange.is_clean();
}

#[test]
fn what_is_said_of_a_protected_telephone_is_not_said_again_after_a_restart() {
    let mut exchange = Exchange::new();
    exchange.phone_stream = Some(FlowId(11));
    let (_, _, _, phone_call) = exchange.bridged(100);
    let said = |exchange: &Exchange| exchange.kinds().into_iter().filter(|kind| *kind == "call.leg_agreed").count();
    assert_eq!(said(&exchange), 1);
    exchange.restart();
    exchange.caller_agrees(100);
    exchange.wait(20_000);
    exchange.sent.clear();
    exchange.phone_stream = Some(FlowId(13));
    register(&mut exchange);
    exchange.wait(0);
    let invite = exchange.asked(&phone_call);
    exchange.says(PHONE, &invite, "200 OK", SDP);
    assert_eq!((exchange.states(), said(&exchange)), (vec![CallState::Talking], 0));
}

#[test]
fn a_phone_on_a_stream_that_is_there_before_its_turn_is_asked_at_once() {
    let mut exchange = Exchange::new();
    exchange.phone_stream = Some(FlowId(11));
    let (tag, caller, phone, phone_call) = exchange.bridged(100);
    let mut written = Written::new();
    exchange.write_down(&mut written);
    exchange.die(&written);
    exchange.phone_stream = Some(FlowId(13));
    exchange.give(Input::Directory(Arc::new(directory())));
    register(&mut exchange);
    exchange.wait(500);
    exchange.caller_agrees(100);
    let invite = exchange.asked(&phone_call);
    exchange.says(PHONE, &invite, "200 OK", SDP);
    assert_eq!((exchange.hears(caller), exchange.tried.len()), (Some(vec![Source::Leg(phone)]), 0));
    exchange.caller(100, "BYE", 2, &tag, "");
    let bye = exchange.last("BYE ");
    exchange.says(PHONE, &bye, "200 OK", "");
    exchange.is_clean();
}

#[test]
fn a_phone_on_a_stream_that_stays_away_loses_the_call_to_the_queue_and_rings_when_it_has_come_back() {
    let mut exchange = Exchange::new();
    exchange.phone_stream = Some(FlowId(11));
    let (tag, caller, _, phone_call) = exchange.bridged(100);
    exchange.restart();
    exchange.caller_agrees(100);
    exchange.wait(60_000);
    assert_eq!(exchange.states(), [CallState::Waiting { position: 1 }]);
    assert_eq!(exchange.hears(caller), Some(vec![Source::Music("music/on-hold".into())]));
    assert_eq!(exchange.presence(), Presence::Paused { reason: "device".into() });
    exchange.sent.clear();
    exchange.phone_stream = Some(FlowId(13));
    register(&mut exchange);
    exchange.wait(1_000);
    let agent: AgentId = "agent1".parse().unwrap();
    exchange.command("agent1", CentreCommand::SetPresence { agent, wanted: WantedPresence::Ready });
    exchange.wait(500);
    let invite = exchange.last("INVITE ");
    assert_ne!(header(&invite, "Call-ID:"), phone_call, "the old call is over there");
    phone_says(&mut exchange, &invite, "180 Ringing", "");
    phone_says(&mut exchange, &invite, "200 OK", SDP);
    assert_eq!(exchange.states(), [CallState::Talking]);
    exchange.caller(100, "BYE", 2, &tag, "");
    let bye = exchange.last("BYE ");
    exchange.says(PHONE, &bye, "200 OK", "");
    exchange.is_clean();
}

#[test]
fn a_process_that_dies_again_while_calls_come_back_loses_none() {
    let mut exchange = Exchange::new();
    let (tag, caller, phone, phone_call) = exchange.bridged(100);
    for _ in 0..3 {
        exchange.restart();
        exchange.asked("call100");
        exchange.asked(&phone_call);
    }
    exchange.caller_agrees(100);
    let invite = exchange.asked(&phone_call);
    exchange.says("192.0.2.50:5060", &invite, "200 OK", SDP);
    assert_eq!(exchange.hears(caller), Some(vec![Source::Leg(phone)]));
    exchange.caller(100, "BYE", 2, &tag, "");
    let bye = exchange.last("BYE ");
    exchange.says("192.0.2.50:5060", &bye, "200 OK", "");
    exchange.is_clean();
}

#[test]
fn a_call_that_outlasts_restart_after_restart_is_given_up_at_last() {
    let mut exchange = Exchange::new();
    exchange.answered(100);
    for _ in 0..9 {
        exchange.restart();
    }
    let bye = exchange.last("BYE ");
    exchange.says("127.0.0.1:5070", &bye, "200 OK", "");
    assert_eq!(exchange.ends(), [EndCause::Lost]);
    exchange.is_clean();
}

#[test]
fn glare_while_a_call_comes_back_is_settled_by_the_book() {
    let mut exchange = Exchange::new();
    let tag = exchange.answered(1);
    exchange.restart();
    let invite = exchange.asked("call1");
    exchange.caller(1, "INVITE", 2, &tag, SDP);
    exchange.last("SIP/2.0 491");
    exchange.says("127.0.0.1:5070", &invite, "491 Request Pending", "");
    exchange.wait(5_000);
    let again = exchange.asked("call1");
    assert!(cseq(&again) > cseq(&invite));
    exchange.caller_agrees(1);
    exchange.caller(1, "ACK", 2, &tag, "");
    assert_eq!(exchange.switch.stats().recovery.recovered, 1);
    exchange.caller(1, "BYE", 3, &tag, "");
    exchange.is_clean();
}

#[test]
fn what_is_over_is_taken_out_of_the_file_and_what_never_began_not_put_in() {
    let mut exchange = Exchange::new();
    let mut written = Written::new();
    let tag = exchange.answered(1);
    exchange.write_down(&mut written);
    assert_eq!(written.values().filter(|(kind, _)| *kind == Kind::Call).count(), 1);
    exchange.caller(1, "BYE", 2, &tag, "");
    exchange.caller(2, "INVITE", 1, "", SDP);
    exchange.write_down(&mut written);
    assert_eq!(written.values().filter(|(kind, _)| *kind == Kind::Call).count(), 0, "the second has no ACK yet");
}

#[test]
fn a_registered_phone_can_be_called_right_after_the_restart_until_it_would_have_to_register_again() {
    let mut exchange = Exchange::new();
    register(&mut exchange);
    exchange.restart();
    assert!(exchange.switch.sip.is_reachable("101"));
    // What it was told before still holds: it may unregister, and be taken for a known source.
    exchange.restart();
    assert!(exchange.switch.sip.is_reachable("101"), "restart after restart");
    exchange.wait(3_600_000);
    assert!(!exchange.switch.sip.is_reachable("101"));
    let mut written = Written::new();
    exchange.write_down(&mut written);
    assert!(written.is_empty(), "{written:?}");
}

#[test]
fn a_phone_that_was_taken_out_meanwhile_is_forgotten() {
    let mut exchange = Exchange::new();
    register(&mut exchange);
    let mut directory = directory();
    directory.phones.clear();
    let mut written = Written::new();
    exchange.write_down(&mut written);
    assert_eq!(written.len(), 1);
    exchange.die(&written);
    exchange.give(Input::Directory(Arc::new(directory)));
    assert!(!exchange.switch.sip.is_reachable("101"));
    exchange.write_down(&mut written);
    assert!(written.is_empty(), "{written:?}");
}

#[test]
fn a_phone_whose_password_has_changed_meanwhile_is_not_reachable_after_the_restart() {
    let mut exchange = Exchange::new();
    register(&mut exchange);
    let mut changed = directory();
    let ha1 = hex(&format!("101:{REALM}:another"));
    changed.phones.get_mut("101").expect("the phone").secret =
        Some(DigestSecret { ours: DigestHashes { realm: REALM.into(), sha256: ha1.clone(), md5: ha1 }, theirs: None });
    exchange.restart_with(changed);
    assert!(!exchange.switch.sip.is_reachable("101"));
}
