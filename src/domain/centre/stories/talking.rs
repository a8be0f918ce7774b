//! Hold, transfer, lost audio and reloads.

use super::floor::*;
use crate::domain::{
    agent::Presence,
    call::{CallEventKind, EndCause, Party, TransferTarget},
    centre::{AudioState, CallState, CentreCommand, CentreInput, Heard, PhoneEffect, Refusal, WantedPresence},
    event::Actor,
};
use crate::types::{AudioQuality, CallId, LegId, SessionId};

fn talking(agents: &[&str]) -> (Floor, LegId, CallId) {
    let mut floor = Floor::ready(agents);
    let (leg, call) = floor.call("1001");
    floor.answer(agents[0]);
    (floor, leg, call)
}

fn music() -> Vec<Heard> {
    vec![Heard::Music("music/on-hold".into())]
}

fn to_agent(agent: &str) -> TransferTarget {
    TransferTarget::Agent { agent: id(agent) }
}

#[test]
fn a_held_customer_hears_music_and_the_time_counts_as_hold() {
    let (mut floor, leg, call) = talking(&["ana"]);
    let desk = floor.console_leg("ana");
    floor.sleep(10_000);
    floor.ask("ana", |agent, call| CentreCommand::Hold { agent, call }).unwrap();
    assert_eq!((&floor.hears[&leg], &floor.hears[&desk]), (&music(), &vec![]));
    assert_eq!(floor.ask("ana", |agent, call| CentreCommand::Hold { agent, call }), Err(Refusal::WrongCallState));
    floor.sleep(5_000);
    floor.ask("ana", |agent, call| CentreCommand::Resume { agent, call }).unwrap();
    assert_eq!(floor.hears[&leg], [Heard::Leg(desk)]);
    floor.sleep(10_000);
    floor.hang_up(leg);
    let summary = &floor.summaries[&call];
    assert_eq!((summary.talk_ms, summary.hold_ms), (20_000, 5_000));
}

#[test]
fn a_muted_agent_is_unmuted_before_the_next_call() {
    let (mut floor, leg, call) = talking(&["ana"]);
    let desk = floor.console_leg("ana");
    floor.ask("ana", |agent, _| CentreCommand::Mute { agent, is_muted: true }).unwrap();
    assert!(floor.view(call).is_muted);
    floor.hang_up(leg);
    assert!(floor.phone.contains(&PhoneEffect::Mute { leg: desk, is_muted: false }));
}

#[test]
fn keys_go_to_the_customer_and_only_keys() {
    let (mut floor, leg, _) = talking(&["ana"]);
    floor.ask("ana", |agent, call| CentreCommand::SendDigits { agent, call, digits: "12#".into() }).unwrap();
    assert_eq!(floor.phone.last(), Some(&PhoneEffect::SendDigits { leg, digits: "12#".into() }));
    let letters = floor.ask("ana", |agent, call| CentreCommand::SendDigits { agent, call, digits: "1a".into() });
    assert_eq!(letters, Err(Refusal::WrongCallState));
}

#[test]
fn a_transferred_call_rings_at_the_colleague_while_the_first_agent_wraps_up() {
    let (mut floor, leg, call) = talking(&["ana", "bea"]);
    floor.sleep(10_000);
    floor.ask("ana", |agent, call| CentreCommand::Transfer { agent, call, target: to_agent("bea") }).unwrap();
    assert!(matches!(floor.presence("ana"), Presence::WrappingUp { .. }));
    assert_eq!((floor.presence("bea"), &floor.hears[&leg]), (Presence::Offered { call }, &music()));
    floor.sleep(4_000);
    floor.answer("bea");
    assert_eq!(floor.view(call).transferred_from, Some(id("ana")));
    floor.ask("ana", |agent, call| CentreCommand::Dispose { agent, call, disposition: id("billing") }).unwrap();
    floor.sleep(40_000);
    assert_eq!(floor.presence("ana"), Presence::Ready);
    floor.hang_up(leg);
    floor.sleep(40_000);
    assert_eq!(floor.view(call).state, CallState::Over { cause: EndCause::Hangup });
    let summary = &floor.summaries[&call];
    assert_eq!((summary.wait_ms, summary.talk_ms, summary.agent.as_ref().unwrap().as_str()), (4_000, 50_000, "bea"));
    assert_eq!(
        floor.story(),
        ["arrived", "queued", "offered", "connected", "transferred", "offered", "connected", "disposed", "ended"]
    );
}

#[test]
fn a_colleague_who_does_not_answer_sends_the_call_back_and_then_to_the_head_of_the_queue() {
    let (mut floor, _, call) = talking(&["ana", "bea"]);
    let (_, other) = floor.call("1001");
    floor.ask("bea", |agent, call| CentreCommand::Decline { agent, call }).unwrap();
    floor.set_presence("bea", WantedPresence::Ready).unwrap();
    floor.ask("ana", |agent, call| CentreCommand::Transfer { agent, call, target: to_agent("bea") }).unwrap();
    floor.sleep(20_000);
    assert_eq!(floor.presence("bea"), paused("missed"));
    assert_eq!(floor.presence("ana"), Presence::Offered { call }, "back at ana, whose wrap-up of it is over");
    floor.sleep(20_000);
    assert_eq!(floor.presence("ana"), paused("missed"));
    assert_eq!(floor.view(call).state, CallState::Waiting { position: 1 });
    assert_eq!(floor.view(other).state, CallState::Waiting { position: 2 });
}

#[test]
fn a_transfer_needs_a_colleague_who_is_ready_or_a_queue_that_exists() {
    let (mut floor, _, call) = talking(&["ana"]);
    let mut transfer = |target| floor.ask("ana", |agent, call| CentreCommand::Transfer { agent, call, target });
    assert_eq!(transfer(to_agent("bea")), Err(Refusal::AgentNotReady));
    assert_eq!(transfer(to_agent("nobody")), Err(Refusal::NoSuchAgent));
    assert_eq!(transfer(to_agent("ana")), Err(Refusal::WrongCallState));
    assert_eq!(transfer(TransferTarget::Queue { queue: id("nowhere") }), Err(Refusal::NoSuchQueue));
    assert_eq!(floor.view(call).state, CallState::Talking);
}

#[test]
fn a_call_sent_to_a_queue_waits_at_its_end_and_not_for_the_one_who_sent_it() {
    let mut directory = sample();
    for queue in directory.queues.values_mut() {
        queue.wrap_up = crate::domain::directory::WrapUp::None;
    }
    let mut floor = Floor::with(directory);
    floor.sign_in("bea");
    let (leg, call) = floor.call("1001");
    floor.answer("bea");
    let target = TransferTarget::Queue { queue: id("sales") };
    floor.ask("bea", |agent, call| CentreCommand::Transfer { agent, call, target }).unwrap();
    assert_eq!((floor.presence("bea"), floor.view(call).queue.clone()), (Presence::Ready, Some(id("sales"))));
    floor.sleep(20_000);
    assert_eq!(floor.presence("bea"), Presence::Offered { call }, "but better bea than nobody");
    floor.hang_up(leg);
    assert!(floor.call_events().any(|e| matches!(e, CallEventKind::Abandoned { waited_ms: 20_000, .. })));
}

#[test]
fn reloading_the_page_brings_the_audio_back_on_the_same_leg() {
    let (mut floor, leg, call) = talking(&["ana"]);
    let desk = floor.console_leg("ana");
    let session = SessionId::mint(floor.now.wall, &mut floor.rng);
    floor.input(CentreInput::ConsoleSession { agent: id("ana"), session, is_up: true });
    floor.ask_as("ana", CentreCommand::MediaOffer { agent: id("ana"), session, offer: "v=0".into() }).unwrap();
    assert!(matches!(floor.phone.iter().rev().find(|e| matches!(e, PhoneEffect::OpenConsole { .. })),
        Some(PhoneEffect::OpenConsole { leg, .. }) if *leg == desk));
    assert!(matches!(floor.view(call).state, CallState::Reconnecting { .. }));
    assert_eq!(floor.hears[&leg], music());
    floor.sleep(2_000);
    floor.input(CentreInput::LegAudio { leg: desk, is_up: true });
    assert_eq!((floor.view(call).state.clone(), &floor.hears[&leg]), (CallState::Talking, &vec![Heard::Leg(desk)]));
    assert_eq!(floor.story()[4..], ["media_lost", "media_back"]);
}

#[test]
fn an_ice_restart_of_the_same_page_does_not_interrupt_the_talk() {
    let mut floor = Floor::with(sample());
    let (session, _) = floor.open_console("ana");
    floor.set_presence("ana", WantedPresence::Ready).unwrap();
    let (_, call) = floor.call("1001");
    floor.answer("ana");
    floor.ask_as("ana", CentreCommand::MediaOffer { agent: id("ana"), session, offer: "v=0".into() }).unwrap();
    assert_eq!(floor.view(call).state, CallState::Talking);
}

#[test]
fn an_agent_who_stays_lost_loses_the_call_to_the_next_agent() {
    let (mut floor, leg, call) = talking(&["ana", "bea"]);
    let desk = floor.console_leg("ana");
    floor.set_presence("bea", WantedPresence::Paused { reason: "lunch".into() }).unwrap();
    let (_, behind) = floor.call("1001");
    floor.input(CentreInput::LegAudio { leg: desk, is_up: false });
    assert_eq!((floor.view(call).agent_audio, &floor.hears[&leg]), (AudioState::Lost, &music()));
    floor.sleep(30_000);
    assert_eq!(floor.presence("ana"), paused("device"));
    assert_eq!(floor.view(call).state, CallState::Waiting { position: 1 });
    assert_eq!(floor.view(behind).state, CallState::Waiting { position: 2 });
    floor.set_presence("bea", WantedPresence::Ready).unwrap();
    assert_eq!(floor.presence("bea"), Presence::Offered { call });
    floor.input(CentreInput::LegAudio { leg: desk, is_up: true });
    assert_eq!(floor.presence("ana"), Presence::Offered { call: behind }, "well again, and back by itself");
}

#[test]
fn a_console_that_goes_away_in_mid_call_keeps_the_call_and_takes_the_agent_out_afterwards() {
    let mut floor = Floor::with(sample());
    let (session, desk) = floor.open_console("ana");
    floor.set_presence("ana", WantedPresence::Ready).unwrap();
    let (leg, call) = floor.call("1001");
    floor.answer("ana");
    floor.input(CentreInput::ConsoleSession { agent: id("ana"), session, is_up: false });
    assert_eq!(floor.view(call).state, CallState::Talking);
    floor.hang_up(leg);
    floor.sleep(30_000);
    assert_eq!(floor.presence("ana"), paused("device"));
    assert!(floor.phone.contains(&PhoneEffect::HangUp { leg: desk }));
    floor.sleep(600_000);
    assert_eq!(floor.presence("ana"), Presence::Offline, "who stays away is signed out");
}

#[test]
fn facts_name_who_made_them_happen() {
    let (mut floor, leg, _) = talking(&["ana"]);
    floor.ask("ana", |agent, call| CentreCommand::Hold { agent, call }).unwrap();
    floor.hang_up(leg);
    let by: Vec<&Actor> = floor.events.iter().filter(|f| f.event.kind().starts_with("call.")).map(|f| &f.actor).collect();
    let ana = Actor::User { user: id("ana") };
    assert_eq!(by, [&Actor::Customer, &Actor::System, &Actor::System, &ana, &ana, &Actor::Customer]);
    assert!(floor.call_events().any(|e| matches!(e, CallEventKind::Ended { by: Party::Customer, .. })));
}

#[test]
fn a_poor_line_shows_on_the_call_until_it_is_good_again_or_its_leg_has_another_call() {
    let (mut floor, leg, call) = talking(&["ana"]);
    let judged = |party, is_poor| CentreInput::AudioJudged { call, party, is_poor, quality: AudioQuality::default() };
    assert_eq!(floor.view(call).poor_audio, []);
    floor.input(judged(Party::Customer, true));
    floor.input(judged(Party::Agent, true));
    assert_eq!(floor.view(call).poor_audio, [Party::Customer, Party::Agent]);
    floor.input(judged(Party::Customer, false));
    assert_eq!(floor.view(call).poor_audio, [Party::Agent]);
    floor.input(CentreInput::AudioForgotten { call, party: Party::Agent });
    assert_eq!(floor.view(call).poor_audio, []);
    let told: Vec<_> = floor.story().into_iter().filter(|kind| kind.starts_with("audio_")).collect();
    assert_eq!(told, ["audio_poor", "audio_poor", "audio_clear"], "what is forgotten is no fact");
    floor.input(judged(Party::Customer, true));
    floor.hang_up(leg);
    assert_eq!(floor.view(call).poor_audio, [], "nobody hears it any more");
}

#[test]
fn what_was_told_of_an_agents_line_goes_with_the_agent() {
    let (mut floor, _, call) = talking(&["ana", "bea"]);
    for party in [Party::Customer, Party::Agent] {
        floor.input(CentreInput::AudioJudged { call, party, is_poor: true, quality: AudioQuality::default() });
    }
    floor.ask("ana", |agent, call| CentreCommand::Transfer { agent, call, target: to_agent("bea") }).unwrap();
    floor.answer("bea");
    assert_eq!(floor.view(call).poor_audio, [Party::Customer]);
}

#[test]
fn dead_air_begins_when_neither_speaks_and_ends_with_a_word_or_with_the_talk_of_the_two() {
    let (mut floor, _, call) = talking(&["ana"]);
    let speech = |party, silent_ms| CentreInput::SpeechChanged { call, party, silent_ms };
    floor.sleep(60_000);
    floor.input(speech(Party::Customer, Some(30_000)));
    assert_eq!(floor.view(call).dead_air_since, None, "who listens may be silent");
    floor.input(speech(Party::Agent, Some(30_000)));
    let since = floor.view(call).dead_air_since.expect("nobody speaks");
    assert_eq!(floor.now.wall.millis_since(since), 30_000);
    floor.sleep(5_000);
    floor.input(speech(Party::Customer, None));
    assert_eq!(floor.view(call).dead_air_since, None);
    let ended = CallEventKind::DeadAirEnded { lasted_ms: 35_000 };
    assert_eq!(floor.call_events().last(), Some(&ended));

    floor.input(speech(Party::Customer, Some(30_000)));
    assert!(floor.view(call).dead_air_since.is_some());
    floor.ask("ana", |agent, call| CentreCommand::Hold { agent, call }).unwrap();
    assert_eq!(floor.view(call).dead_air_since, None, "music is no dead air");
    assert_eq!(floor.story().last(), Some(&"dead_air_ended"), "and is none from the first moment");
    floor.ask("ana", |agent, call| CentreCommand::Resume { agent, call }).unwrap();
    assert_eq!(floor.view(call).dead_air_since, None, "the time runs anew");
    let told: Vec<_> = floor.story().into_iter().filter(|kind| kind.starts_with("dead_air_")).collect();
    assert_eq!(told, ["dead_air_began", "dead_air_ended", "dead_air_began", "dead_air_ended"]);
}
