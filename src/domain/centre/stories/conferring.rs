//! Conferences of more than three: parties join one after another, leave or are sent away, and go on without the agent.

use super::floor::*;
use crate::{
    domain::{
        agent::Presence,
        call::{CallEventKind, EndCause, PARTIES_MAX, Supervision, TransferTarget},
        centre::{CallState, CallerLine, CentreCommand, CentreInput, ConsultTarget, Heard, PhoneEffect, Refusal},
        directory::Phone,
    },
    types::{CallId, LegId},
};

/// Ana talks with a customer; bea is free, carl too, at his telephone.
fn talking() -> (Floor, LegId, CallId) {
    let mut floor = Floor::ready(&["ana", "bea", "carl"]);
    let (leg, call) = floor.call("1001");
    floor.answer("ana");
    floor.sleep(1_000);
    (floor, leg, call)
}

fn heard(legs: &[LegId]) -> Vec<Heard> {
    legs.iter().copied().map(Heard::Leg).collect()
}

fn ask(floor: &mut Floor, command: fn(crate::types::AgentId, CallId) -> CentreCommand) -> Result<(), Refusal> {
    floor.ask("ana", command)
}

fn join(floor: &mut Floor) {
    ask(floor, |agent, call| CentreCommand::ConsultJoin { agent, call }).unwrap();
}

fn begin(floor: &mut Floor, target: ConsultTarget) -> Result<(), Refusal> {
    floor.ask("ana", |agent, call| CentreCommand::Consult { agent, call, target })
}

/// Bea joins by her console, then carl by his telephone: his leg.
fn four(floor: &mut Floor) -> LegId {
    begin(floor, ConsultTarget::Agent { agent: id("bea") }).unwrap();
    floor.answer("bea");
    join(floor);
    begin(floor, ConsultTarget::Agent { agent: id("carl") }).unwrap();
    let carl = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg: carl });
    join(floor);
    carl
}

fn dial(number: &str) -> ConsultTarget {
    ConsultTarget::Number { number: number.into() }
}

/// A number outside joins: its leg.
fn outsider(floor: &mut Floor, number: &str) -> LegId {
    begin(floor, dial(number)).unwrap();
    let leg = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg });
    join(floor);
    leg
}

/// A floor that takes up the call, and these agents, of one that is no more.
fn restarted(floor: &Floor, call: CallId, agents: &[&str]) -> Floor {
    let kept = floor.centre.keep_call(call).unwrap();
    let kept = serde_json::from_str(&serde_json::to_string(&kept).unwrap()).unwrap();
    let agents = agents.iter().map(|agent| floor.centre.keep_agent(&id(agent)).unwrap()).collect();
    let mut anew = Floor::with(sample());
    anew.now = floor.now.plus_millis(2_000);
    anew.recover(vec![kept], agents);
    anew
}

fn drop_party(floor: &mut Floor, party: u8) -> Result<(), Refusal> {
    floor.ask("ana", |agent, call| CentreCommand::ConferenceDrop { agent, call, party })
}

#[test]
fn parties_join_one_after_another_and_the_others_talk_while_the_next_is_asked() {
    let (mut floor, leg, call) = talking();
    let (ana, bea) = (floor.console_leg("ana"), floor.console_leg("bea"));
    begin(&mut floor, ConsultTarget::Agent { agent: id("bea") }).unwrap();
    floor.answer("bea");
    join(&mut floor);
    begin(&mut floor, ConsultTarget::Agent { agent: id("carl") }).unwrap();
    let carl = floor.phone_leg();
    assert_eq!((&floor.hears[&leg], &floor.hears[&bea]), (&heard(&[bea]), &heard(&[leg])), "they talk without her");
    floor.input(CentreInput::LegAnswered { leg: carl });
    assert_eq!((&floor.hears[&ana], &floor.hears[&carl]), (&heard(&[carl]), &heard(&[ana])), "nobody else hears the question");
    join(&mut floor);
    assert_eq!(floor.hears[&leg], heard(&[ana, bea, carl]));
    assert_eq!(floor.hears[&ana], heard(&[leg, bea, carl]));
    assert_eq!(floor.hears[&bea], heard(&[leg, ana, carl]));
    assert_eq!(floor.hears[&carl], heard(&[leg, ana, bea]));
    let parties: Vec<_> = floor.view(call).conference.iter().map(|one| (one.party, one.agent.clone())).collect();
    assert_eq!(parties, [(1, Some(id("bea"))), (2, Some(id("carl")))]);
    let joined: Vec<_> = floor.call_events().filter(|kind| matches!(kind, CallEventKind::Conferenced { .. })).collect();
    let carl_joined = CallEventKind::Conferenced { agent: id("ana"), to: Some(TransferTarget::Agent { agent: id("carl") }) };
    assert_eq!((joined.len(), joined[1]), (2, &carl_joined));
    // A telephone that holds the conference does not play music into it.
    floor.input(CentreInput::LegHeld { leg: carl, is_held: true });
    assert_eq!((&floor.hears[&leg], &floor.hears[&bea]), (&heard(&[ana, bea]), &heard(&[leg, ana])));
    floor.input(CentreInput::LegHeld { leg: carl, is_held: false });
    // Nothing of it has a deadline; the customer's end is everybody's.
    floor.sleep(3_600_000);
    floor.hang_up(leg);
    assert!(floor.phone.contains(&PhoneEffect::HangUp { leg: carl }));
    assert_eq!((floor.presence("bea"), floor.presence("carl")), (Presence::Ready, Presence::Ready));
    assert!(matches!(floor.presence("ana"), Presence::WrappingUp { .. }));
}

#[test]
fn one_party_is_sent_away_or_hangs_up_and_the_others_stay() {
    let (mut floor, leg, call) = talking();
    let carl = four(&mut floor);
    let (ana, bea) = (floor.console_leg("ana"), floor.console_leg("bea"));
    assert_eq!(drop_party(&mut floor, 7), Err(Refusal::NoSuchParty));
    assert_eq!(
        floor.ask("bea", |agent, call| CentreCommand::ConferenceDrop { agent, call, party: 2 }),
        Err(Refusal::NotYourCall)
    );
    drop_party(&mut floor, 1).unwrap();
    assert_eq!((floor.presence("bea"), &floor.hears[&bea]), (Presence::Ready, &vec![]));
    assert_eq!(floor.hears[&leg], heard(&[ana, carl]));
    // Her number is free for the next.
    let outside = outsider(&mut floor, "+34911222333");
    assert_eq!(floor.view(call).conference.iter().map(|one| one.party).collect::<Vec<_>>(), [2, 1]);
    floor.hang_up(carl);
    assert_eq!((floor.presence("carl"), &floor.hears[&leg]), (Presence::Ready, &heard(&[ana, outside])));
    assert_eq!(floor.notices.last().map(|(who, key)| (who.as_str(), *key)), Some(("ana", "party_left")));
    let left: Vec<_> = floor.call_events().filter(|kind| matches!(kind, CallEventKind::PartyLeft { .. })).collect();
    let party_left = |agent| CallEventKind::PartyLeft { to: TransferTarget::Agent { agent: id(agent) } };
    assert_eq!(left, [&party_left("bea"), &party_left("carl")], "each end is told");
    assert!(!floor.story().contains(&"consult_ended"), "nobody went back to the customer");
    floor.hang_up(outside);
    assert_eq!((floor.view(call).state.clone(), &floor.hears[&leg]), (CallState::Talking, &heard(&[ana])));
    // Two again: what needs the customer alone works.
    ask(&mut floor, |agent, call| CentreCommand::Hold { agent, call }).unwrap();
}

#[test]
fn a_party_who_is_asked_and_not_wanted_goes_alone() {
    let (mut floor, leg, call) = talking();
    let carl = four(&mut floor);
    let ana = floor.console_leg("ana");
    begin(&mut floor, dial("+34911222333")).unwrap();
    let asked = floor.phone_leg();
    floor.input(CentreInput::LegFailed { leg: asked, cause: EndCause::Busy });
    assert_eq!((floor.view(call).conference.len(), floor.hears[&leg].len()), (2, 3), "she is back with all of them");
    begin(&mut floor, dial("+34911222333")).unwrap();
    let asked = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg: asked });
    ask(&mut floor, |agent, call| CentreCommand::ConsultSwap { agent, call }).unwrap();
    assert_eq!((&floor.hears[&asked], floor.hears[&ana].len()), (&vec![Heard::Music("music/on-hold".into())], 3));
    drop_party(&mut floor, 3).unwrap();
    assert!(floor.phone.contains(&PhoneEffect::HangUp { leg: asked }));
    assert_eq!((floor.view(call).conference.len(), floor.open.contains(&carl)), (2, true));
}

#[test]
fn an_agent_is_back_in_the_conference_when_whoever_was_asked_has_gone() {
    let (mut floor, leg, call) = talking();
    outsider(&mut floor, "+34911222333");
    let ana = floor.console_leg("ana");
    let ask_bea = |floor: &mut Floor| {
        begin(floor, ConsultTarget::Agent { agent: id("bea") }).unwrap();
        floor.answer("bea");
        assert_eq!(ask(floor, |agent, call| CentreCommand::Resume { agent, call }), Err(Refusal::WrongCallState));
    };
    let is_back = |floor: &Floor| floor.view(call).state == CallState::Talking && floor.hears[&ana].len() == 2;
    ask_bea(&mut floor);
    floor.ask("bea", |agent, call| CentreCommand::HangUp { agent, call }).unwrap();
    assert!(is_back(&floor), "who was asked hung up");
    assert_eq!(floor.notices.last().map(|(who, key)| (who.as_str(), *key)), Some(("ana", "consult_over")));
    ask_bea(&mut floor);
    floor.sleep(16 * 60_000);
    assert!(is_back(&floor), "who was asked stayed too long");
    // Her audio is lost while she asks, and comes back when that is over.
    ask_bea(&mut floor);
    floor.input(CentreInput::LegAudio { leg: ana, is_up: false });
    floor.ask("bea", |agent, call| CentreCommand::HangUp { agent, call }).unwrap();
    floor.input(CentreInput::LegAudio { leg: ana, is_up: true });
    assert!(is_back(&floor) && floor.hears[&leg].len() == 2);
}

#[test]
fn a_restart_while_somebody_is_asked_brings_the_agent_back_to_the_conference() {
    let (mut floor, leg, call) = talking();
    let outside = outsider(&mut floor, "+34911222333");
    begin(&mut floor, ConsultTarget::Agent { agent: id("bea") }).unwrap();
    floor.answer("bea");
    let mut anew = restarted(&floor, call, &["ana", "bea"]);
    for leg in [leg, outside] {
        anew.input(CentreInput::LegReturned { leg });
    }
    let (_, ana) = anew.open_console("ana");
    assert_eq!((anew.view(call).state.clone(), &anew.hears[&ana]), (CallState::Talking, &heard(&[leg, outside])));
}

#[test]
fn a_telephone_that_held_the_conference_is_left_for_another() {
    let mut floor = Floor::ready(&["carl"]);
    let (leg, call) = floor.call("1001");
    let phone = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg: phone });
    floor.ask("carl", |agent, call| CentreCommand::Consult { agent, call, target: dial("+34911222333") }).unwrap();
    let outside = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg: outside });
    floor.ask("carl", |agent, call| CentreCommand::ConsultJoin { agent, call }).unwrap();
    floor.input(CentreInput::LegHeld { leg: phone, is_held: true });
    let other = LegId::mint(floor.now.wall, &mut floor.rng);
    let caller = CallerLine { phone: Some("103".into()), ..CallerLine::default() };
    floor.input(CentreInput::Replacing { leg: other, caller, replaced: phone });
    floor.input(CentreInput::LegAnswered { leg: other });
    assert_eq!((floor.view(call).state.clone(), &floor.hears[&other]), (CallState::Talking, &heard(&[leg, outside])));
}

#[test]
fn a_customer_who_talks_with_the_conference_is_not_on_hold_while_the_agent_asks() {
    let (mut floor, leg, call) = talking();
    let outside = outsider(&mut floor, "+34911222333");
    begin(&mut floor, ConsultTarget::Agent { agent: id("bea") }).unwrap();
    floor.sleep(5_000);
    floor.answer("bea");
    floor.sleep(2_000);
    floor.hang_up(outside);
    floor.sleep(4_000);
    floor.hang_up(leg);
    let summary = &floor.summaries[&call];
    assert_eq!((summary.talk_ms, summary.hold_ms), (8_000, 4_000), "alone from when the last of it has left");
}

#[test]
fn when_the_agent_leaves_a_colleague_has_the_conference() {
    let (mut floor, leg, call) = talking();
    let outside = outsider(&mut floor, "+34911222333");
    let carl = four(&mut floor);
    let bea = floor.console_leg("bea");
    ask(&mut floor, |agent, call| CentreCommand::HangUp { agent, call }).unwrap();
    assert!(matches!(floor.presence("ana"), Presence::WrappingUp { .. }));
    assert_eq!((floor.view(call).agent.clone(), floor.view(call).state.clone()), (Some(id("bea")), CallState::Talking));
    assert_eq!(floor.hears[&leg], heard(&[bea, outside, carl]));
    assert_eq!(floor.hears[&carl], heard(&[leg, bea, outside]));
    // She sends away and leaves as the first agent did; the number alone stays with the customer.
    floor.ask("bea", |agent, call| CentreCommand::ConferenceDrop { agent, call, party: 3 }).unwrap();
    assert_eq!(floor.presence("carl"), Presence::Ready);
    floor.ask("bea", |agent, call| CentreCommand::ConsultComplete { agent, call }).unwrap();
    assert_eq!(floor.view(call).state, CallState::PassedOn);
    assert_eq!((&floor.hears[&leg], &floor.hears[&outside]), (&heard(&[outside]), &heard(&[leg])));
    floor.hang_up(outside);
    assert!(matches!(floor.view(call).state, CallState::Over { .. } | CallState::WrappingUp { .. }));
}

#[test]
fn numbers_go_on_without_any_agent_until_the_last_has_gone() {
    let (mut floor, leg, call) = talking();
    let first = outsider(&mut floor, "+34911222333");
    let second = outsider(&mut floor, "+34911222334");
    ask(&mut floor, |agent, call| CentreCommand::HangUp { agent, call }).unwrap();
    assert_eq!((floor.view(call).state.clone(), &floor.hears[&leg]), (CallState::PassedOn, &heard(&[first, second])));
    assert_eq!(floor.hears[&first], heard(&[leg, second]));
    floor.hang_up(first);
    assert_eq!((&floor.hears[&leg], &floor.hears[&second]), (&heard(&[second]), &heard(&[leg])));
    floor.hang_up(second);
    assert!(!floor.open.contains(&leg), "then it is over for the customer too");
}

#[test]
fn what_is_left_to_numbers_ends_by_itself_an_hour_after_the_agent_left() {
    let (mut floor, leg, call) = talking();
    let first = outsider(&mut floor, "+34911222333");
    let second = outsider(&mut floor, "+34911222334");
    ask(&mut floor, |agent, call| CentreCommand::HangUp { agent, call }).unwrap();
    floor.sleep(1_800_000);
    floor.hang_up(first);
    floor.sleep(1_799_000);
    assert_eq!(floor.view(call).state, CallState::PassedOn);
    floor.sleep(1_000);
    assert!(!floor.open.contains(&leg) && !floor.open.contains(&second), "the hour does not begin anew with the next number");
    // So does a call that was passed on while it rang there.
    let (mut floor, leg, call) = talking();
    begin(&mut floor, dial("+34911222333")).unwrap();
    ask(&mut floor, |agent, call| CentreCommand::ConsultComplete { agent, call }).unwrap();
    let outside = floor.phone_leg();
    floor.input(CentreInput::LegAnswered { leg: outside });
    floor.sleep(3_599_000);
    assert_eq!(floor.view(call).state, CallState::PassedOn);
    floor.sleep(1_000);
    assert!(!floor.open.contains(&leg));
}

#[test]
fn an_agent_who_is_lost_leaves_the_conference_behind() {
    let (mut floor, leg, call) = talking();
    four(&mut floor);
    let ana = floor.console_leg("ana");
    floor.input(CentreInput::LegAudio { leg: ana, is_up: false });
    assert_eq!(floor.hears[&leg].len(), 2, "the customer is not put on music");
    floor.sleep(30_000);
    assert_eq!((floor.view(call).agent.clone(), floor.hears[&leg].len()), (Some(id("bea")), 2));
}

#[test]
fn a_colleague_without_audio_has_left_after_a_while_and_has_the_call_only_for_want_of_another() {
    let (mut floor, leg, call) = talking();
    let carl = four(&mut floor);
    let bea = floor.console_leg("bea");
    let audio = |floor: &mut Floor, leg, is_up| floor.input(CentreInput::LegAudio { leg, is_up });
    audio(&mut floor, bea, false);
    floor.sleep(29_000);
    audio(&mut floor, bea, true);
    floor.sleep(60_000);
    assert_eq!(floor.view(call).conference.len(), 2, "she was back in time");
    // Carl joined after her, but he is heard.
    audio(&mut floor, bea, false);
    floor.sleep(10_000);
    ask(&mut floor, |agent, call| CentreCommand::HangUp { agent, call }).unwrap();
    assert_eq!((floor.view(call).agent.clone(), floor.view(call).state.clone()), (Some(id("carl")), CallState::Talking));
    floor.sleep(20_000);
    assert_eq!((floor.view(call).conference.len(), &floor.hears[&leg]), (0, &heard(&[carl])));
    assert!(!matches!(floor.presence("bea"), Presence::Busy { .. }));
    assert_eq!(floor.notices.iter().filter(|(who, key)| who == "carl" && *key == "party_left").count(), 1);
}

#[test]
fn a_conference_whose_only_heir_is_not_heard_waits_for_the_heir() {
    let (mut floor, leg, call) = talking();
    let outside = outsider(&mut floor, "+34911222333");
    begin(&mut floor, ConsultTarget::Agent { agent: id("bea") }).unwrap();
    floor.answer("bea");
    let bea = floor.console_leg("bea");
    floor.input(CentreInput::LegAudio { leg: bea, is_up: false });
    join(&mut floor);
    ask(&mut floor, |agent, call| CentreCommand::HangUp { agent, call }).unwrap();
    assert_eq!(floor.view(call).agent, Some(id("bea")));
    assert!(matches!(floor.view(call).state, CallState::Reconnecting { .. }));
    assert_eq!(floor.hears[&leg], heard(&[outside]));
    floor.sleep(30_000);
    assert_eq!((floor.view(call).state.clone(), floor.open.contains(&leg)), (CallState::PassedOn, true), "the number goes on");
}

#[test]
fn there_is_room_for_eight_and_the_dialling_rules_count_each_number() {
    let mut directory = sample();
    directory.centre.dialling.calls_max = 3;
    for account in ["201", "202", "203", "204"] {
        let phone = Phone {
            account: account.into(),
            name: account.into(),
            secret: None,
            is_active: true,
            media_encryption: Default::default(),
        };
        directory.phones.insert(account.into(), phone);
    }
    let mut floor = Floor::with(directory);
    floor.sign_in("ana");
    let (_, call) = floor.call("1001");
    floor.answer("ana");
    for number in ["+34911222331", "+34911222332", "+34911222333"] {
        outsider(&mut floor, number);
    }
    assert_eq!(begin(&mut floor, dial("+34911222334")), Err(Refusal::TooManyOwnCalls));
    for account in ["201", "202", "203"] {
        outsider(&mut floor, account);
    }
    assert_eq!(floor.view(call).conference.len(), PARTIES_MAX);
    assert_eq!(begin(&mut floor, dial("204")), Err(Refusal::WrongCallState));
    // A conference is not put on hold, parked or transferred blindly.
    assert_eq!(ask(&mut floor, |agent, call| CentreCommand::Hold { agent, call }), Err(Refusal::WrongCallState));
    assert_eq!(ask(&mut floor, |agent, call| CentreCommand::Park { agent, call }), Err(Refusal::WrongCallState));
}

#[test]
fn a_restart_brings_the_conference_back() {
    let (mut floor, leg, call) = talking();
    let outside = outsider(&mut floor, "+34911222333");
    let carl = four(&mut floor);
    assert_eq!(floor.centre.keep_call(call).unwrap().telephones().collect::<Vec<_>>(), [leg, outside, carl]);
    let mut anew = restarted(&floor, call, &["ana", "bea", "carl"]);
    for agent in ["ana", "bea", "carl"] {
        assert_eq!(anew.presence(agent), Presence::Busy { call });
    }
    assert_eq!(anew.hears[&leg], heard(&[outside, carl]), "the others need not wait for the agents");
    for leg in [leg, outside, carl] {
        anew.input(CentreInput::LegReturned { leg });
    }
    let (_, ana) = anew.open_console("ana");
    let (_, bea) = anew.open_console("bea");
    assert_eq!(anew.view(call).state, CallState::Talking);
    assert_eq!(anew.hears[&leg], heard(&[ana, outside, bea, carl]));
    // A telephone that does not come back has left.
    anew.input(CentreInput::LegEnded { leg: outside, is_lost: true });
    assert_eq!(anew.hears[&leg], heard(&[ana, bea, carl]));
}

#[test]
fn whoever_of_a_conference_does_not_come_back_after_a_restart_has_left() {
    let (mut floor, leg, call) = talking();
    let carl = four(&mut floor);
    let mut anew = restarted(&floor, call, &["ana", "bea", "carl"]);
    for leg in [leg, carl] {
        anew.input(CentreInput::LegReturned { leg });
    }
    // Neither of those in browsers is seen again: bea does not inherit what ana cannot go on with.
    anew.sleep(61_000);
    assert_eq!((anew.view(call).agent.clone(), anew.view(call).state.clone()), (Some(id("carl")), CallState::Talking));
    assert_eq!((anew.view(call).conference.len(), &anew.hears[&leg]), (0, &heard(&[carl])));
}

#[test]
fn a_telephone_that_was_muted_in_a_conference_is_muted_after_a_restart() {
    let (mut floor, _, call) = talking();
    let carl = four(&mut floor);
    floor.ask_as("carl", CentreCommand::Mute { agent: id("carl"), is_muted: true }).unwrap();
    let mut anew = restarted(&floor, call, &["ana", "bea", "carl"]);
    assert!(anew.view(call).conference[1].is_muted, "it is shown as it is");
    anew.input(CentreInput::LegReturned { leg: carl });
    assert!(anew.phone.contains(&PhoneEffect::Mute { leg: carl, is_muted: true }));
}

#[test]
fn a_supervisor_hears_everybody() {
    let (mut floor, leg, call) = talking();
    let carl = four(&mut floor);
    let (_, ears) = floor.open_console("boss");
    floor.ask_as("boss", supervise(Supervision::Listen, call)).unwrap();
    let (ana, bea) = (floor.console_leg("ana"), floor.console_leg("bea"));
    assert_eq!(floor.hears[&ears], heard(&[leg, ana, bea, carl]));
}
