//! A call rings at several agents at once: the first to answer has it, and nobody pays for having been slower.

use super::floor::*;
use crate::{
    domain::{
        agent::Presence,
        call::{CallEventKind, MissCause},
        centre::{CallState, CentreCommand, CentreInput, PhoneEffect, Refusal, WantedPresence},
    },
    types::{AgentId, CallId},
};

/// Support rings at so many agents at once.
fn ringing_at(rings: i64, agents: &[&str]) -> Floor {
    let mut directory = sample();
    directory.queues.get_mut(&id("support")).unwrap().routing.rings = rings;
    let mut floor = Floor::with(directory);
    for agent in agents {
        floor.sign_in(agent);
        floor.sleep(1_000);
    }
    floor
}

fn missed(floor: &Floor) -> Vec<(String, MissCause)> {
    let missed = floor.call_events().filter_map(|kind| match kind {
        CallEventKind::OfferMissed { agent, cause } => Some((agent.to_string(), *cause)),
        _ => None,
    });
    missed.collect()
}

fn rings(floor: &Floor, agents: &[&str], call: CallId) {
    for agent in agents {
        assert_eq!(floor.presence(agent), Presence::Offered { call }, "{agent}");
    }
}

/// Two consoles, of which ana's tells of the offers that it shows.
fn one_tells() -> Floor {
    let mut floor = Floor::with(sample());
    floor.sign_in("ana");
    floor.ask_as("ana", CentreCommand::ShowsOffers { agent: id("ana") }).unwrap();
    floor.sleep(1_000);
    floor.sign_in("bea");
    floor
}

#[test]
fn a_console_that_does_not_show_an_offer_loses_it_after_two_seconds_and_is_out_until_it_is_heard_of() {
    let mut floor = one_tells();
    let (_, call) = floor.call("1001");
    assert_eq!(floor.presence("ana"), Presence::Offered { call });
    floor.sleep(1_999);
    assert_eq!(floor.presence("ana"), Presence::Offered { call });
    floor.sleep(1);
    assert_eq!((floor.presence("ana"), floor.presence("bea")), (paused("device"), Presence::Offered { call }));
    let missed = floor.call_events().any(|event| matches!(event, CallEventKind::OfferMissed { cause: MissCause::Device, .. }));
    assert!(missed, "not the agent's fault");
    floor.sleep(60_000);
    assert_eq!(floor.presence("ana"), paused("device"));
    floor.ask_as("ana", CentreCommand::OfferShown { agent: id("ana"), call }).unwrap();
    assert!(matches!(floor.presence("ana"), Presence::Offered { .. }), "the page is alive again, and the caller waits");
}

#[test]
fn a_console_that_shows_an_offer_rings_for_the_whole_time_as_does_one_that_tells_of_nothing() {
    let mut floor = one_tells();
    let (_, first) = floor.call("1001");
    floor.ask_as("ana", CentreCommand::OfferShown { agent: id("ana"), call: first }).unwrap();
    let (_, second) = floor.call("1001");
    floor.sleep(14_000);
    assert_eq!(floor.presence("ana"), Presence::Offered { call: first });
    assert_eq!(floor.presence("bea"), Presence::Offered { call: second });
    floor.answer("ana");
    floor.sleep(3_000);
    assert_eq!(floor.presence("ana"), Presence::Busy { call: first });
}

#[test]
fn an_agent_who_asks_for_calls_has_a_page_that_is_alive() {
    let mut floor = one_tells();
    floor.call("1001");
    floor.sleep(2_000);
    let ready = CentreCommand::SetPresence { agent: id("ana"), wanted: WantedPresence::Ready };
    assert_eq!(floor.ask_as("boss", ready), Err(Refusal::NoDevice), "nobody else knows");
    floor.set_presence("ana", WantedPresence::Ready).unwrap();
    assert_eq!(floor.presence("ana"), Presence::Ready);
}

#[test]
fn the_first_to_answer_has_the_call_and_the_others_are_ready_where_they_stood() {
    let mut floor = ringing_at(3, &["ana", "bea", "carl"]);
    let idle = |floor: &Floor, agent: &str| floor.centre.agents[&id::<AgentId>(agent)].idle_since();
    let before = [idle(&floor, "ana"), idle(&floor, "carl")];
    let (_, call) = floor.call("1001");
    rings(&floor, &["ana", "bea", "carl"], call);
    let view = floor.view(call);
    let beside: Vec<&str> = view.also_rings.iter().map(|one| one.agent.as_str()).collect();
    assert_eq!((view.agent.as_ref().map(|agent| agent.as_str()), beside), (Some("ana"), vec!["bea", "carl"]));
    let phone = floor.phone_leg();
    floor.sleep(3_000);
    floor.answer("bea");
    assert_eq!(floor.presence("bea"), Presence::Busy { call });
    assert_eq!([floor.presence("ana"), floor.presence("carl")], [Presence::Ready, Presence::Ready]);
    assert_eq!([idle(&floor, "ana"), idle(&floor, "carl")], before);
    assert_eq!(missed(&floor), ["ana", "carl"].map(|agent| (agent.to_owned(), MissCause::AnsweredElsewhere)));
    assert!(
        floor
            .phone
            .iter()
            .any(|effect| matches!(effect, PhoneEffect::Cancel { leg, is_answered_elsewhere: true } if *leg == phone))
    );
    assert_eq!(floor.view(call).also_rings, []);
    assert_eq!(
        floor.ask_as("ana", CentreCommand::Answer { agent: id("ana"), call }),
        Err(crate::domain::centre::Refusal::OfferGone)
    );
    assert_eq!(floor.notices, [], "nobody has missed anything");
}

#[test]
fn a_telephone_that_answers_first_silences_the_consoles() {
    let mut floor = ringing_at(2, &["ana", "carl"]);
    let (_, call) = floor.call("1001");
    let phone = floor.phone_leg();
    floor.input(CentreInput::LegRinging { leg: phone });
    floor.input(CentreInput::LegAnswered { leg: phone });
    assert_eq!(floor.presence("carl"), Presence::Busy { call });
    assert_eq!(floor.presence("ana"), Presence::Ready);
}

#[test]
fn where_one_declines_the_next_rings_and_only_who_declined_has_missed_it() {
    let mut floor = ringing_at(2, &["ana", "bea", "carl"]);
    let (_, call) = floor.call("1001");
    rings(&floor, &["ana", "bea"], call);
    assert_eq!(floor.presence("carl"), Presence::Ready);
    floor.ask("ana", |agent, call| CentreCommand::Decline { agent, call }).unwrap();
    assert_eq!(floor.presence("ana"), paused("missed"));
    rings(&floor, &["bea", "carl"], call);
    assert_eq!(missed(&floor), [("ana".to_owned(), MissCause::Declined)]);
    let attempts: Vec<i64> = floor
        .call_events()
        .filter_map(|kind| if let CallEventKind::Offered { attempt, .. } = kind { Some(*attempt) } else { None })
        .collect();
    assert_eq!(attempts, [1, 2, 3]);
}

#[test]
fn each_rings_for_its_own_time_and_the_caller_keeps_the_place() {
    let mut floor = ringing_at(2, &["ana"]);
    let (_, call) = floor.call("1001");
    floor.sleep(5_000);
    floor.sign_in("bea");
    rings(&floor, &["ana", "bea"], call);
    floor.sleep(10_000);
    assert_eq!(floor.presence("ana"), paused("missed"));
    rings(&floor, &["bea"], call);
    floor.sleep(5_000);
    assert_eq!(floor.presence("bea"), paused("missed"));
    assert_eq!(floor.view(call).state, CallState::Waiting { position: 1 });
    assert_eq!(floor.drifts, []);
}

#[test]
fn who_rings_nowhere_comes_before_a_second_telephone() {
    let mut floor = ringing_at(3, &[]);
    floor.sign_in("ana");
    floor.set_presence("ana", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    let (_, first) = floor.call("1001");
    let (_, second) = floor.call("1001");
    floor.set_presence("ana", WantedPresence::Ready).unwrap();
    floor.sign_in("bea");
    assert_eq!(floor.presence("ana"), Presence::Offered { call: first });
    assert_eq!(floor.presence("bea"), Presence::Offered { call: second });
    floor.sign_in("carl");
    assert_eq!(floor.presence("carl"), Presence::Offered { call: first }, "and then it is the first one's again");
}

#[test]
fn a_caller_who_hangs_up_silences_all_and_nobody_has_missed_it() {
    let mut floor = ringing_at(3, &["ana", "bea", "carl"]);
    let (leg, _) = floor.call("1001");
    floor.hang_up(leg);
    for agent in ["ana", "bea", "carl"] {
        assert_eq!(floor.presence(agent), Presence::Ready);
    }
    assert!(missed(&floor).iter().all(|(_, cause)| *cause == MissCause::CallerGone) && missed(&floor).len() == 3);
    assert!(floor.notices.is_empty());
}

#[test]
fn a_call_given_to_one_agent_rings_there_alone() {
    let mut floor = ringing_at(3, &["ana", "bea"]);
    for agent in ["ana", "bea"] {
        floor.set_presence(agent, WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    }
    let (_, call) = floor.call("1001");
    let give = CentreCommand::AssignWaiting { asker: id("ana"), call, agent: id("ana") };
    floor.ask_as("ana", give).unwrap();
    floor.set_presence("bea", WantedPresence::Ready).unwrap();
    assert_eq!(floor.presence("ana"), Presence::Offered { call });
    assert_eq!(floor.presence("bea"), Presence::Ready);
    floor.ask("ana", |agent, call| CentreCommand::Decline { agent, call }).unwrap();
    assert_eq!(floor.presence("bea"), Presence::Offered { call });
}

#[test]
fn a_queue_with_room_for_one_conversation_may_ring_at_several() {
    let mut directory = sample();
    let routing = &mut directory.queues.get_mut(&id("support")).unwrap().routing;
    (routing.rings, routing.talking_max) = (2, Some(1));
    let mut floor = Floor::with(directory);
    floor.sign_in("ana");
    floor.sign_in("bea");
    let (_, call) = floor.call("1001");
    rings(&floor, &["ana", "bea"], call);
}
