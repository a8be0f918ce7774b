//! Which calls' audio goes to outside systems, and when nothing of it does.

use std::sync::Arc;

use super::floor::*;
use crate::{
    domain::{
        call::{CallEventKind, PauseCause, TransferTarget},
        centre::{CallState, CentreCommand, CentreInput, ForkViewState, PhoneEffect, RecordingAsked, Refusal},
        directory::{Directory, ForkRule, ForkTarget, ForkToken, MediaFork, RecordingBegins, RecordingPolicy},
    },
    types::{CallId, ForkEnd, ForkFailure, ForkId, ForkStop, ForkWord, LegId},
};

const PAUSE: RecordingAsked = RecordingAsked::Pause { cause: PauseCause::Requested };
const LOST: ForkEnd = ForkEnd::Failed(ForkFailure::Lost);

fn rule(fork: &str, percent: i64) -> ForkRule {
    ForkRule { fork: id(fork), percent }
}

/// The sample directory with two outside systems, of which calls to us go to `words`.
fn sending() -> Directory {
    let mut directory = sample();
    for key in ["words", "moods"] {
        let target = ForkTarget::Websocket { url: format!("wss://{key}.example/live"), is_plain_allowed: false };
        let token = Some(ForkToken("s3cret".into()));
        directory.media_forks.insert(id(key), MediaFork { id: id(key), name: key.into(), target, is_active: true, token });
    }
    directory.centre.forks.inbound = vec![rule("words", 100)];
    directory
}

fn floor_of(directory: Directory) -> Floor {
    let mut floor = Floor::with(directory);
    for agent in ["ana", "bea"] {
        floor.sign_in(agent);
        floor.sleep(1_000);
    }
    floor
}

/// A caller in talk with ana, sent to `words`, which gets it.
fn in_talk() -> (Floor, LegId, CallId, ForkId) {
    let mut floor = floor_of(sending());
    let (leg, call) = floor.call("1001");
    floor.answer("ana");
    let (fork, session) = last_start(&floor);
    floor.input(CentreInput::ForkUp { fork, session });
    (floor, leg, call, fork)
}

fn last_start(floor: &Floor) -> (ForkId, u32) {
    let start = |effect: &PhoneEffect| match effect {
        PhoneEffect::StartFork { fork, facts, .. } => Some((*fork, facts.session)),
        _ => None,
    };
    floor.phone.iter().rev().find_map(start).expect("a copy began")
}

/// What was ordered of copies, in order.
fn orders(floor: &Floor) -> Vec<String> {
    let order = |effect: &PhoneEffect| match effect {
        PhoneEffect::StartFork { target, facts, is_paused, .. } => {
            let agent = facts.agent.as_ref().map_or("nobody".into(), ToString::to_string);
            Some(format!("{} {} {agent}{}", target.id, facts.session, if *is_paused { ", paused" } else { "" }))
        }
        PhoneEffect::PauseFork { is_paused, .. } => Some(if *is_paused { "pause" } else { "resume" }.into()),
        PhoneEffect::StopFork { why, .. } => Some(format!("stop: {}", why.word())),
        PhoneEffect::TellFork { word: ForkWord::Agent { agent: Some(agent), .. }, .. } => Some(format!("agent {agent}")),
        PhoneEffect::TellFork { word: ForkWord::Agent { agent: None, .. }, .. } => Some("nobody".into()),
        PhoneEffect::TellFork { word: ForkWord::Digit { digit }, .. } => Some(format!("digit {digit}")),
        _ => None,
    };
    floor.phone.iter().filter_map(order).collect()
}

fn ask(floor: &mut Floor, agent: &str, call: CallId, asked: RecordingAsked) -> Result<(), Refusal> {
    floor.ask_as(agent, CentreCommand::Recording { agent: Some(id(agent)), call, asked })
}

fn shown(floor: &Floor, call: CallId) -> Vec<ForkViewState> {
    floor.view(call).forks.iter().map(|fork| fork.state).collect()
}

fn transfer_to_sales(floor: &mut Floor) {
    let target = TransferTarget::Queue { queue: id("sales") };
    floor.ask("ana", |agent, call| CentreCommand::Transfer { agent, call, target }).unwrap();
}

#[test]
fn a_call_is_sent_from_when_customer_and_agent_hear_each_other_until_its_end() {
    let mut floor = floor_of(sending());
    let (leg, call) = floor.call("1001");
    assert_eq!(orders(&floor), Vec::<String>::new(), "not while it rings");
    floor.answer("ana");
    assert_eq!(orders(&floor), ["words 1 ana"]);
    assert!(
        matches!(floor.phone.iter().rev().find_map(|effect| match effect {
        PhoneEffect::StartFork { leg, facts, .. } => Some((*leg, facts.call)),
        _ => None,
    }), Some(sent) if sent == (leg, call)),
        "the customer's leg"
    );
    assert_eq!(shown(&floor, call), [ForkViewState::Opening]);
    let (fork, session) = last_start(&floor);
    floor.input(CentreInput::ForkUp { fork, session });
    assert_eq!(shown(&floor, call), [ForkViewState::On]);
    floor.hang_up(leg);
    assert_eq!(orders(&floor), ["words 1 ana", "stop: call_ended"]);
    let forks: Vec<_> = floor.story().into_iter().filter(|kind| kind.starts_with("fork")).collect();
    assert_eq!(forks, ["fork_began"], "the end of the call says it");
    floor.input(CentreInput::ForkEnded { fork, session, end: LOST });
    floor.sleep(60_000);
    assert_eq!(orders(&floor).len(), 2, "what ends after the end is of no interest");
}

#[test]
fn it_may_begin_with_the_answer_and_the_other_side_learns_who_talks() {
    let mut directory = sending();
    directory.centre.forks.begins = RecordingBegins::Answered;
    let mut floor = floor_of(directory);
    floor.call("1001");
    assert_eq!(orders(&floor), ["words 1 nobody"]);
    floor.answer("ana");
    transfer_to_sales(&mut floor);
    floor.answer("bea");
    let told = orders(&floor);
    assert_eq!((told[1].as_str(), told.last().map(String::as_str)), ("agent ana", Some("agent bea")), "{told:?}");
    assert!(!told.iter().any(|order| order.starts_with("stop")), "one copy through the transfer");
}

#[test]
fn a_queue_has_rules_of_its_own() {
    let mut directory = sending();
    directory.queues.get_mut(&id("support")).unwrap().forks = Some(vec![rule("moods", 100), rule("words", 100)]);
    directory.queues.get_mut(&id("sales")).unwrap().forks = Some(vec![]);
    let mut floor = floor_of(directory.clone());
    floor.call("1001");
    floor.answer("ana");
    assert_eq!(orders(&floor), ["moods 1 ana", "words 1 ana"], "a call may go to several");
    transfer_to_sales(&mut floor);
    floor.answer("bea");
    assert_eq!(orders(&floor)[2..], ["stop: rules", "stop: rules"], "and none of sales");
    directory.queues.get_mut(&id("sales")).unwrap().forks = None;
    directory.version += 1;
    floor.set_directory(directory.clone());
    assert_eq!(orders(&floor)[4..], ["words 2 bea"], "new rules hold at once");
    directory.media_forks.get_mut(&id("words")).unwrap().is_active = false;
    directory.version += 1;
    floor.set_directory(directory);
    assert_eq!(orders(&floor)[5..], ["stop: rules"]);
}

#[test]
fn a_percentage_is_drawn_once_for_a_call() {
    let mut directory = sending();
    directory.centre.forks.inbound = vec![rule("words", 30)];
    let mut floor = floor_of(directory);
    let mut count = 0;
    for _ in 0..200 {
        let (leg, call) = floor.call("1001");
        let agent = if floor.agent("ana").call == Some(call) { "ana" } else { "bea" };
        floor.answer(agent);
        let is_sent = !shown(&floor, call).is_empty();
        count += usize::from(is_sent);
        floor.ask(agent, |agent, call| CentreCommand::Hold { agent, call }).unwrap();
        assert_eq!(!shown(&floor, call).is_empty(), is_sent);
        floor.hang_up(leg);
        floor.ask(agent, |agent, call| CentreCommand::WrapUpDone { agent, call }).unwrap();
    }
    assert!((40..=80).contains(&count), "{count} of 200");
}

#[test]
fn an_agent_pauses_it_whether_or_not_the_call_is_recorded() {
    for policy in [RecordingPolicy::Never, RecordingPolicy::Always] {
        let mut directory = sending();
        directory.centre.recording.inbound = policy;
        let mut floor = floor_of(directory);
        let (_, call) = floor.call("1001");
        floor.answer("ana");
        let (fork, session) = last_start(&floor);
        floor.input(CentreInput::ForkUp { fork, session });
        assert_eq!(ask(&mut floor, "bea", call, PAUSE), Err(Refusal::NotYourCall));
        ask(&mut floor, "ana", call, PAUSE).unwrap();
        assert_eq!(orders(&floor), ["words 1 ana", "pause"], "{policy:?}");
        assert_eq!(shown(&floor, call), [ForkViewState::Paused]);
        ask(&mut floor, "ana", call, RecordingAsked::Resume { cause: None }).unwrap();
        assert_eq!(orders(&floor), ["words 1 ana", "pause"], "not the last word of the pause");
        floor.sleep(2_000);
        assert_eq!(orders(&floor), ["words 1 ana", "pause", "resume"]);
        ask(&mut floor, "ana", call, PAUSE).unwrap();
        floor.sleep(302_000);
        assert_eq!(orders(&floor)[3..], ["pause", "resume"], "a pause that nobody ends is over after its time");
        let events: Vec<_> = floor.story().into_iter().filter(|kind| kind.starts_with("fork")).collect();
        assert_eq!(events, ["fork_began", "fork_paused", "fork_resumed", "fork_paused", "fork_resumed"]);
    }
}

#[test]
fn each_cause_of_a_pause_ends_by_itself() {
    let (mut floor, _, call, _) = in_talk();
    let form = RecordingAsked::Pause { cause: PauseCause::FormField };
    ask(&mut floor, "ana", call, PAUSE).unwrap();
    ask(&mut floor, "ana", call, form).unwrap();
    let gone = |cause| RecordingAsked::Resume { cause: Some(cause) };
    ask(&mut floor, "ana", call, gone(PauseCause::Requested)).unwrap();
    floor.sleep(5_000);
    assert_eq!(orders(&floor), ["words 1 ana", "pause"], "the form holds it");
    assert_eq!(ask(&mut floor, "ana", call, gone(PauseCause::Requested)), Err(Refusal::WrongCallState));
    ask(&mut floor, "ana", call, gone(PauseCause::FormField)).unwrap();
    floor.sleep(2_000);
    assert_eq!(orders(&floor), ["words 1 ana", "pause", "resume"]);
}

/// A floor that sends from the answer, and whose menu asks for a secret.
fn floor_with_a_secret() -> Floor {
    let mut directory = sending();
    directory.centre.forks.begins = RecordingBegins::Answered;
    let mut floor = Floor::with(directory);
    let text = SAMPLE_FLOW.replacen("type = \"menu\"", "type = \"menu\"\nsecret = true", 1);
    floor.centre.set_scripts(Arc::new(sample_line_of(&text)));
    floor.sign_in("ana");
    floor
}

#[test]
fn no_key_of_a_secret_is_told_and_every_other_is() {
    let mut floor = floor_with_a_secret();
    let (leg, _) = floor.call("1000");
    assert_eq!(orders(&floor), ["words 1 nobody"], "the greeting is no secret");
    let play = floor.phone.iter().rev().find_map(|effect| match effect {
        PhoneEffect::Play { play, .. } => Some(*play),
        _ => None,
    });
    floor.input(CentreInput::PlayEnded { leg, play: play.unwrap(), was_stopped: false });
    assert_eq!(orders(&floor), ["words 1 nobody", "pause"], "before the first key");
    floor.input(CentreInput::Digit { leg, digit: '9' });
    floor.sleep(2_000);
    floor.input(CentreInput::Digit { leg, digit: '1' });
    let is_quiet = |floor: &Floor| !orders(floor).iter().any(|order| order.starts_with("digit") || order == "resume");
    assert!(is_quiet(&floor), "nor the last one: {:?}", orders(&floor));
    floor.sleep(999);
    floor.input(CentreInput::Digit { leg, digit: '5' });
    assert!(is_quiet(&floor), "nor in the moment after");
    floor.sleep(1);
    floor.input(CentreInput::Digit { leg, digit: '7' });
    assert!(orders(&floor).ends_with(&["resume".into(), "digit 7".into()]), "{:?}", orders(&floor));
}

#[test]
fn a_key_typed_before_a_secret_question_is_neither_its_answer_nor_told() {
    let mut floor = floor_with_a_secret();
    let (leg, call) = floor.call("1000");
    floor.input(CentreInput::Digit { leg, digit: '1' });
    assert_eq!(orders(&floor), ["words 1 nobody", "pause"]);
    assert_eq!(floor.view(call).state, CallState::InIvr, "it is asked all the same");
}

#[test]
fn after_a_restart_nothing_of_a_secret_is_sent_until_it_is_asked_for_again_and_told() {
    let mut floor = floor_with_a_secret();
    let (leg, call) = floor.call("1000");
    floor.input(CentreInput::Digit { leg, digit: '9' });
    assert_eq!(orders(&floor), ["words 1 nobody", "pause"]);
    let kept = serde_json::to_string(&floor.centre.keep_call(call).unwrap()).unwrap();
    let mut floor = floor_with_a_secret();
    floor.recover(vec![serde_json::from_str(&kept).unwrap()], Vec::new());
    floor.sleep(5_000);
    floor.input(CentreInput::LegReturned { leg });
    floor.input(CentreInput::Digit { leg, digit: '9' });
    floor.sleep(2_000);
    assert_eq!(orders(&floor), ["words 2 nobody, paused"]);
    floor.input(CentreInput::Digit { leg, digit: '1' });
    floor.sleep(1_000);
    floor.input(CentreInput::Digit { leg, digit: '7' });
    assert_eq!(orders(&floor), ["words 2 nobody, paused", "nobody", "resume", "digit 7"], "in the queue");
}

#[test]
fn what_fails_is_tried_again_with_growing_waits_and_then_given_up() {
    let (mut floor, _, call, fork) = in_talk();
    let mut waits = Vec::new();
    for session in 1.. {
        floor.input(CentreInput::ForkEnded { fork, session, end: LOST });
        let mut waited = 0;
        while last_start(&floor) == (fork, session) && waited < 100_000 {
            floor.sleep(500);
            waited += 500;
        }
        if waited == 100_000 {
            break;
        }
        waits.push(waited);
    }
    assert_eq!(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000]);
    assert_eq!(shown(&floor, call), [ForkViewState::Failed]);
    assert!(floor.view(call).agent.is_some(), "the call goes on");
    let failures = floor.call_events().filter_map(|kind| match kind {
        CallEventKind::ForkFailed { retry_ms, cause: ForkFailure::Lost, .. } => Some(*retry_ms),
        _ => None,
    });
    assert_eq!(failures.last(), Some(None), "the last one says that it was");
    let count = orders(&floor).len();
    floor.ask("ana", |agent, call| CentreCommand::Hold { agent, call }).unwrap();
    floor.sleep(60_000);
    assert_eq!(orders(&floor).len(), count, "for good");
}

#[test]
fn after_a_minute_without_fault_the_tries_begin_anew() {
    let (mut floor, _, _, fork) = in_talk();
    for session in 1..20 {
        floor.sleep(60_000);
        floor.input(CentreInput::ForkEnded { fork, session, end: LOST });
        floor.sleep(1_000);
        assert_eq!(last_start(&floor), (fork, session + 1));
        floor.input(CentreInput::ForkEnded { fork, session, end: LOST });
        floor.input(CentreInput::ForkUp { fork, session: session + 1 });
    }
}

#[test]
fn a_side_that_wants_no_more_is_not_asked_again() {
    let (mut floor, _, call, fork) = in_talk();
    floor.input(CentreInput::ForkEnded { fork, session: 1, end: ForkEnd::Declined });
    floor.sleep(120_000);
    assert_eq!(orders(&floor)[1..], ["stop: rules"]);
    let ended = |kind: &CallEventKind| matches!(kind, CallEventKind::ForkEnded { cause: ForkStop::Declined, .. });
    assert!(floor.call_events().any(ended));
    assert!(floor.view(call).agent.is_some());
}

#[test]
fn after_a_restart_the_same_copy_is_sent_anew_and_stays_paused() {
    let (mut floor, leg, call, fork) = in_talk();
    ask(&mut floor, "ana", call, PAUSE).unwrap();
    let kept = serde_json::to_string(&floor.centre.keep_call(call).unwrap()).unwrap();
    assert!(!kept.contains("s3cret"), "no token is written down");
    let agent = floor.centre.keep_agent(&id("ana")).unwrap();
    let mut floor = Floor::with(sending());
    floor.recover(vec![serde_json::from_str(&kept).unwrap()], vec![agent]);
    assert_eq!(orders(&floor), Vec::<String>::new(), "the telephone is not back");
    floor.input(CentreInput::LegReturned { leg });
    assert_eq!(orders(&floor), ["words 2 ana, paused"]);
    assert_eq!(last_start(&floor), (fork, 2));
}

#[test]
fn a_token_is_in_no_line_of_a_log() {
    let (floor, ..) = in_talk();
    assert!(!format!("{:?}", floor.phone).contains("s3cret"));
}
