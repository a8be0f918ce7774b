//! Which calls are recorded, and when nothing of them is kept.

use std::sync::Arc;

use super::floor::*;
use crate::{
    domain::{
        call::{CallEventKind, PartEnd, PauseCause, RecordingCause, RecordingFailure, ResumeCause, TransferTarget},
        centre::{CallState, CentreCommand, CentreInput, ConsultTarget, PhoneEffect, RecordingAsked, RecordingView, Refusal},
        directory::{Directory, RecordingBegins, RecordingPolicy},
    },
    types::{CallId, LegId, RecordingId},
};

const PAUSE: RecordingAsked = RecordingAsked::Pause { cause: PauseCause::Requested };
const RESUME: RecordingAsked = RecordingAsked::Resume { cause: None };
/// By the rules.
const ON: RecordingView = RecordingView::On { may_stop: false };

/// The sample directory under this rule for calls to us.
fn under(policy: RecordingPolicy) -> Directory {
    let mut directory = sample();
    directory.centre.recording.inbound = policy;
    directory
}

fn floor_under(policy: RecordingPolicy) -> Floor {
    let mut floor = Floor::with(under(policy));
    for agent in ["ana", "bea"] {
        floor.sign_in(agent);
        floor.sleep(1_000);
    }
    floor
}

/// A caller in talk with ana.
fn in_talk(policy: RecordingPolicy) -> (Floor, LegId, CallId) {
    let mut floor = floor_under(policy);
    let (leg, call) = floor.call("1001");
    floor.answer("ana");
    (floor, leg, call)
}

/// What the media plane was told of recordings, in order.
fn orders(floor: &Floor) -> Vec<String> {
    let order = |effect: &PhoneEffect| match effect {
        PhoneEffect::Record { part, is_paused, .. } => Some(format!("part {part}{}", if *is_paused { ", paused" } else { "" })),
        PhoneEffect::PauseRecording { is_paused: true, .. } => Some("pause".into()),
        PhoneEffect::PauseRecording { is_paused: false, .. } => Some("resume".into()),
        PhoneEffect::StopRecording { .. } => Some("stop".into()),
        _ => None,
    };
    floor.phone.iter().filter_map(order).collect()
}

fn recorded(floor: &Floor) -> Option<(LegId, RecordingId, u32)> {
    floor.phone.iter().rev().find_map(|effect| match effect {
        PhoneEffect::Record { leg, recording, part, .. } => Some((*leg, *recording, *part)),
        _ => None,
    })
}

/// Why recordings went on, in order.
fn resumed(floor: &Floor) -> Vec<ResumeCause> {
    let cause = |kind: &CallEventKind| match kind {
        CallEventKind::RecordingResumed { cause, .. } => Some(*cause),
        _ => None,
    };
    floor.call_events().filter_map(cause).collect()
}

fn ask(floor: &mut Floor, agent: &str, call: CallId, asked: RecordingAsked) -> Result<(), Refusal> {
    floor.ask_as(agent, CentreCommand::Recording { agent: Some(id(agent)), call, asked })
}

#[test]
fn a_call_is_recorded_from_when_customer_and_agent_hear_each_other() {
    let mut floor = floor_under(RecordingPolicy::Always);
    let (leg, call) = floor.call("1001");
    assert_eq!(orders(&floor), Vec::<String>::new(), "not while it rings");
    floor.answer("ana");
    let (recorded_leg, recording, part) = recorded(&floor).unwrap();
    assert_eq!((recorded_leg, part), (leg, 1), "the customer's leg");
    assert_eq!(floor.view(call).recording, ON);
    let began = |kind: &CallEventKind| matches!(kind, CallEventKind::RecordingStarted { cause: RecordingCause::Policy, .. });
    assert_eq!(floor.call_events().filter(|kind| began(kind)).count(), 1);
    floor.hang_up(leg);
    floor.ask("ana", |agent, call| CentreCommand::WrapUpDone { agent, call }).unwrap();
    let end = PartEnd::Complete { length_ms: 1_000, octets: 9_000, missing_ms: 0 };
    floor.input(CentreInput::RecordingEnded { recording, part: 1, end });
    assert_eq!(floor.story().last(), Some(&"recording_stopped"), "also when the call is gone");
    floor.input(CentreInput::RecordingEnded { recording, part: 1, end });
    assert_eq!(floor.story().iter().filter(|kind| **kind == "recording_stopped").count(), 1, "once");
}

#[test]
fn by_the_rules_of_the_centre_it_may_begin_with_the_answer() {
    let mut directory = under(RecordingPolicy::Always);
    directory.centre.recording.begins = RecordingBegins::Answered;
    let mut floor = Floor::with(directory);
    floor.sign_in("ana");
    let (leg, _) = floor.call("1001");
    assert_eq!(recorded(&floor).map(|(leg, _, part)| (leg, part)), Some((leg, 1)), "while the caller waits");
    floor.answer("ana");
    assert_eq!(orders(&floor), ["part 1"], "and goes on");
}

#[test]
fn a_recording_goes_on_through_hold_and_transfer_as_one() {
    let (mut floor, _, call) = in_talk(RecordingPolicy::Always);
    floor.ask("ana", |agent, call| CentreCommand::Hold { agent, call }).unwrap();
    floor.ask("ana", |agent, call| CentreCommand::Resume { agent, call }).unwrap();
    let target = TransferTarget::Queue { queue: id("sales") };
    floor.ask("ana", |agent, call| CentreCommand::Transfer { agent, call, target }).unwrap();
    floor.answer("bea");
    assert_eq!(orders(&floor), ["part 1"]);
    assert_eq!(floor.view(call).recording, ON);
}

#[test]
fn a_queue_has_rules_of_its_own_and_never_stops_what_runs() {
    let mut directory = under(RecordingPolicy::Always);
    directory.queues.get_mut(&id("sales")).unwrap().recording = Some(RecordingPolicy::Never);
    let mut floor = Floor::with(directory);
    floor.sign_in("ana");
    floor.sign_in("bea");
    let (_, call) = floor.call("1001");
    floor.sleep(100);
    let agent = if floor.agent("ana").call.is_some() { "ana" } else { "bea" };
    floor.answer(agent);
    let target = TransferTarget::Queue { queue: id("sales") };
    floor.ask(agent, |agent, call| CentreCommand::Transfer { agent, call, target }).unwrap();
    assert_eq!(orders(&floor), ["part 1", "stop"]);
    assert_eq!(floor.view(call).recording, RecordingView::Off { may_begin: false });
    assert_eq!(ask(&mut floor, agent, call, RecordingAsked::Begin), Err(Refusal::NotYourCall));
}

#[test]
fn behind_a_queue_where_the_rules_say_never_a_recording_goes_on_as_its_next_part() {
    let mut directory = under(RecordingPolicy::Always);
    directory.queues.get_mut(&id("sales")).unwrap().recording = Some(RecordingPolicy::Never);
    let mut floor = Floor::with(directory);
    floor.sign_in("ana");
    floor.sleep(1_000);
    let (leg, call) = floor.call("1001");
    floor.answer("ana");
    let (_, recording, _) = recorded(&floor).unwrap();
    let queue = floor.view(call).queue.clone().unwrap();
    floor.sign_in("bea");
    let transfer = |floor: &mut Floor, agent, queue| {
        let target = TransferTarget::Queue { queue };
        floor.ask(agent, |agent, call| CentreCommand::Transfer { agent, call, target }).unwrap();
    };
    transfer(&mut floor, "ana", id("sales"));
    floor.answer("bea");
    assert_eq!(orders(&floor), ["part 1", "stop"], "nothing of the conversation there");
    floor.ask("ana", |agent, call| CentreCommand::WrapUpDone { agent, call }).unwrap();
    transfer(&mut floor, "bea", queue);
    floor.answer("ana");
    assert_eq!(orders(&floor), ["part 1", "stop", "part 2"]);
    assert_eq!(recorded(&floor), Some((leg, recording, 2)));
}

#[test]
fn what_is_passed_on_outside_is_recorded_no_longer() {
    for begins in [RecordingBegins::Answered, RecordingBegins::Connected] {
        let mut directory = under(RecordingPolicy::Always);
        directory.centre.recording.begins = begins;
        let mut floor = Floor::with(directory);
        floor.sign_in("ana");
        let (_, call) = floor.call("1001");
        floor.answer("ana");
        let target = ConsultTarget::Number { number: "+34911222333".into() };
        floor.ask("ana", |agent, call| CentreCommand::Consult { agent, call, target }).unwrap();
        let there = floor.phone_leg();
        floor.input(CentreInput::LegAnswered { leg: there });
        assert_eq!(orders(&floor), ["part 1"], "while the agent is in it");
        floor.ask("ana", |agent, call| CentreCommand::ConsultComplete { agent, call }).unwrap();
        floor.sleep(60_000);
        assert_eq!(orders(&floor), ["part 1", "stop"], "{begins:?}");
        assert_eq!(floor.view(call).recording, RecordingView::Off { may_begin: false });
    }
}

#[test]
fn a_percentage_is_drawn_once_for_a_call() {
    let mut floor = floor_under(RecordingPolicy::Percent { percent: 30 });
    let mut count = 0;
    for _ in 0..200 {
        let (leg, call) = floor.call("1001");
        let agent = if floor.agent("ana").call == Some(call) { "ana" } else { "bea" };
        floor.answer(agent);
        floor.ask(agent, |agent, call| CentreCommand::Hold { agent, call }).unwrap();
        let is_recorded = floor.view(call).recording == ON;
        count += usize::from(is_recorded);
        floor.ask(agent, |agent, call| CentreCommand::Resume { agent, call }).unwrap();
        assert_eq!(floor.view(call).recording == ON, is_recorded);
        floor.hang_up(leg);
        floor.ask(agent, |agent, call| CentreCommand::WrapUpDone { agent, call }).unwrap();
    }
    assert!((40..=80).contains(&count), "{count} of 200");
}

#[test]
fn on_demand_the_own_agent_begins_and_nobody_where_the_rules_say_never() {
    let (mut floor, _, call) = in_talk(RecordingPolicy::OnDemand);
    assert_eq!(floor.view(call).recording, RecordingView::Off { may_begin: true });
    assert_eq!(ask(&mut floor, "ana", call, PAUSE), Err(Refusal::NotRecorded));
    assert_eq!(ask(&mut floor, "bea", call, RecordingAsked::Begin), Err(Refusal::NotYourCall));
    assert_eq!(ask(&mut floor, "ana", call, RecordingAsked::Begin), Ok(()));
    assert_eq!(ask(&mut floor, "ana", call, RecordingAsked::Begin), Ok(()), "asked twice, begun once");
    assert_eq!(orders(&floor), ["part 1"]);
    let (mut floor, _, call) = in_talk(RecordingPolicy::Never);
    assert_eq!(ask(&mut floor, "ana", call, RecordingAsked::Begin), Err(Refusal::RecordingNotAllowed));
    assert_eq!(orders(&floor), Vec::<String>::new());
}

#[test]
fn a_supervisor_reaches_every_call() {
    let (mut floor, _, call) = in_talk(RecordingPolicy::OnDemand);
    floor.ask_as("sue", CentreCommand::Recording { agent: None, call, asked: RecordingAsked::Begin }).unwrap();
    floor.ask_as("sue", CentreCommand::Recording { agent: None, call, asked: PAUSE }).unwrap();
    assert_eq!(orders(&floor), ["part 1", "pause"]);
}

#[test]
fn a_pause_outlasts_a_transfer_and_ends_by_itself() {
    let (mut floor, _, call) = in_talk(RecordingPolicy::Always);
    ask(&mut floor, "ana", call, PAUSE).unwrap();
    let is_asked =
        matches!(&floor.view(call).recording, RecordingView::Paused { causes, .. } if *causes == [PauseCause::Requested]);
    assert!(is_asked);
    floor.sleep(10_000);
    let target = TransferTarget::Queue { queue: id("sales") };
    floor.ask("ana", |agent, call| CentreCommand::Transfer { agent, call, target }).unwrap();
    floor.answer("bea");
    assert_eq!(orders(&floor), ["part 1", "pause"]);
    floor.sleep(289_999);
    assert_eq!(orders(&floor), ["part 1", "pause"], "five minutes are not over");
    assert_eq!(floor.notices.iter().filter(|(_, key)| *key == "recording_resumed").count(), 0);
    floor.sleep(1);
    assert_eq!(orders(&floor), ["part 1", "pause"], "what was said in them may still be on its way");
    assert!(floor.notices.contains(&("bea".into(), "recording_resumed")), "who talks is told");
    floor.sleep(1_000);
    assert_eq!(orders(&floor), ["part 1", "pause", "resume"]);
    let cause = floor.call_events().find_map(|kind| match kind {
        CallEventKind::RecordingResumed { cause, .. } => Some(*cause),
        _ => None,
    });
    assert_eq!(cause, Some(ResumeCause::Deadline));
    ask(&mut floor, "bea", call, PAUSE).unwrap();
    ask(&mut floor, "bea", call, RESUME).unwrap();
    floor.sleep(1_000);
    assert_eq!(orders(&floor).len(), 5);
    assert_eq!(floor.notices.iter().filter(|(_, key)| *key == "recording_resumed").count(), 1, "who resumes knows");
}

#[test]
fn nothing_said_in_a_pause_is_kept_that_comes_within_a_second_after_it() {
    let (mut floor, _, call) = in_talk(RecordingPolicy::Always);
    ask(&mut floor, "ana", call, PAUSE).unwrap();
    floor.sleep(5_000);
    ask(&mut floor, "ana", call, RESUME).unwrap();
    assert_eq!(resumed(&floor), [ResumeCause::Requested], "its doer stands with it");
    let RecordingView::Paused { causes, until } = floor.view(call).recording.clone() else { panic!("it goes on at once") };
    assert_eq!((causes, until.millis_since(floor.now.wall)), (vec![], 1_000));
    floor.sleep(999);
    assert_eq!(orders(&floor), ["part 1", "pause"]);
    assert_eq!(ask(&mut floor, "ana", call, RESUME), Ok(()), "asked twice, once resumed");
    floor.sleep(1);
    assert_eq!((orders(&floor).len(), &floor.view(call).recording), (3, &ON));
    ask(&mut floor, "ana", call, PAUSE).unwrap();
    ask(&mut floor, "ana", call, RESUME).unwrap();
    floor.sleep(500);
    ask(&mut floor, "ana", call, PAUSE).unwrap();
    floor.sleep(10_000);
    assert_eq!(
        orders(&floor).last().map(String::as_str),
        Some("pause"),
        "a new pause begins in the last moment of the old one"
    );
    assert_eq!(resumed(&floor).len(), 2);
}

#[test]
fn a_recording_goes_on_when_the_last_of_several_causes_is_gone() {
    let (mut floor, _, call) = in_talk(RecordingPolicy::Always);
    let field = |floor: &mut Floor, is_left| {
        let cause = PauseCause::FormField;
        let asked = if is_left { RecordingAsked::Resume { cause: Some(cause) } } else { RecordingAsked::Pause { cause } };
        ask(floor, "ana", call, asked)
    };
    ask(&mut floor, "ana", call, PAUSE).unwrap();
    floor.sleep(100_000);
    field(&mut floor, false).unwrap();
    let RecordingView::Paused { causes, until } = floor.view(call).recording.clone() else { panic!("paused") };
    assert_eq!((causes, until.millis_since(floor.now.wall)), (vec![PauseCause::Requested, PauseCause::FormField], 300_000));
    field(&mut floor, true).unwrap();
    floor.sleep(2_000);
    assert_eq!(orders(&floor), ["part 1", "pause"], "the agent's own pause holds");
    assert_eq!(field(&mut floor, true), Err(Refusal::WrongCallState), "that cause is gone already");
    field(&mut floor, false).unwrap();
    floor.sleep(198_000);
    assert_eq!(orders(&floor), ["part 1", "pause"], "one deadline has passed, the other has not");
    assert_eq!(floor.notices.iter().filter(|(_, key)| *key == "recording_resumed").count(), 0, "nothing goes on");
    field(&mut floor, true).unwrap();
    floor.sleep(1_000);
    assert_eq!(orders(&floor), ["part 1", "pause", "resume"]);
    assert_eq!(resumed(&floor), [ResumeCause::FormField]);
}

#[test]
fn what_was_begun_on_demand_is_stopped_by_its_agent_or_a_supervisor_and_nothing_else_is() {
    let (mut floor, _, call) = in_talk(RecordingPolicy::OnDemand);
    assert_eq!(ask(&mut floor, "ana", call, RecordingAsked::Stop), Err(Refusal::NotRecorded));
    ask(&mut floor, "ana", call, RecordingAsked::Begin).unwrap();
    assert_eq!(floor.view(call).recording, RecordingView::On { may_stop: true });
    ask(&mut floor, "ana", call, RecordingAsked::Stop).unwrap();
    assert_eq!(
        (orders(&floor), floor.story().last()),
        (vec!["part 1".into(), "stop".into()], Some(&"recording_stopped_by_hand"))
    );
    floor.sleep(60_000);
    assert_eq!(floor.view(call).recording, RecordingView::Off { may_begin: true }, "it stays so");

    floor.ask_as("sue", CentreCommand::Recording { agent: None, call, asked: RecordingAsked::Begin }).unwrap();
    assert_eq!(floor.view(call).recording, ON);
    assert_eq!(ask(&mut floor, "ana", call, RecordingAsked::Stop), Err(Refusal::RecordingStays), "the supervisor's");
    floor.ask_as("sue", CentreCommand::Recording { agent: None, call, asked: RecordingAsked::Stop }).unwrap();
    assert_eq!(orders(&floor), ["part 1", "stop", "part 2", "stop"]);
    floor.ask_as("ana", CentreCommand::Recording { agent: None, call, asked: RecordingAsked::Begin }).unwrap();
    assert_eq!(floor.view(call).recording, RecordingView::On { may_stop: true }, "a supervisor's who has the call");

    let (mut floor, _, call) = in_talk(RecordingPolicy::Always);
    let stop = CentreCommand::Recording { agent: None, call, asked: RecordingAsked::Stop };
    assert_eq!(floor.ask_as("sue", stop), Err(Refusal::RecordingStays), "what the rules want");
    assert_eq!(orders(&floor), ["part 1"]);
}

/// A floor that records from the answer, and whose menu asks for a secret.
fn floor_with_a_secret() -> Floor {
    let mut directory = under(RecordingPolicy::Always);
    directory.centre.recording.begins = RecordingBegins::Answered;
    directory.centre.recording.pause_secs_max = 10;
    let mut floor = Floor::with(directory);
    let text = SAMPLE_FLOW.replacen("type = \"menu\"", "type = \"menu\"\nsecret = true", 1);
    floor.centre.set_scripts(Arc::new(sample_line_of(&text)));
    floor.sign_in("ana");
    floor
}

#[test]
fn while_a_caller_types_a_secret_nothing_is_kept() {
    let mut floor = floor_with_a_secret();
    let (leg, call) = floor.call("1000");
    assert_eq!(orders(&floor), ["part 1"], "the greeting is no secret");
    let play = floor.phone.iter().rev().find_map(|effect| match effect {
        PhoneEffect::Play { play, .. } => Some(*play),
        _ => None,
    });
    floor.input(CentreInput::PlayEnded { leg, play: play.unwrap(), was_stopped: false });
    assert_eq!(orders(&floor), ["part 1", "pause"], "before the first key");
    floor.input(CentreInput::Digit { leg, digit: '9' });
    floor.sleep(2_000);
    assert_eq!(orders(&floor), ["part 1", "pause"], "a wrong key is asked for again");
    assert_eq!(
        floor.ask_as("sue", CentreCommand::Recording { agent: None, call, asked: RESUME }),
        Err(Refusal::WrongCallState),
        "nobody ends the pause of a secret"
    );
    floor.input(CentreInput::Digit { leg, digit: '1' });
    assert_eq!(orders(&floor), ["part 1", "pause"], "nor the tone of the last one");
    floor.sleep(1_000);
    assert_eq!(orders(&floor), ["part 1", "pause", "resume"]);
}

#[test]
fn a_full_disk_ends_the_recording_and_not_the_call() {
    let (mut floor, _, call) = in_talk(RecordingPolicy::Always);
    let (_, recording, part) = recorded(&floor).unwrap();
    let end = PartEnd::Failed(RecordingFailure::DiskFull);
    floor.input(CentreInput::RecordingEnded { recording, part, end });
    assert_eq!(floor.view(call).recording, RecordingView::Failed);
    assert!(floor.view(call).agent.is_some() && floor.notices.contains(&("ana".into(), "recording_failed")));
    floor.sleep(60_000);
    assert_eq!(orders(&floor), ["part 1"], "not begun again by itself");
    ask(&mut floor, "ana", call, RecordingAsked::Begin).unwrap();
    assert_eq!(recorded(&floor).map(|(_, same, part)| (same, part)), Some((recording, 2)), "by hand, as the next part");
}

#[test]
fn after_a_restart_a_recording_goes_on_as_its_next_part_and_stays_paused() {
    let (mut floor, leg, call) = in_talk(RecordingPolicy::Always);
    ask(&mut floor, "ana", call, PAUSE).unwrap();
    let (_, recording, _) = recorded(&floor).unwrap();
    let kept = serde_json::to_string(&floor.centre.keep_call(call).unwrap()).unwrap();
    let agent = floor.centre.keep_agent(&id("ana")).unwrap();
    let mut floor = Floor::with(under(RecordingPolicy::Always));
    floor.recover(vec![serde_json::from_str(&kept).unwrap()], vec![agent]);
    assert_eq!(orders(&floor), Vec::<String>::new(), "the telephone is not back");
    floor.input(CentreInput::LegReturned { leg });
    assert_eq!(orders(&floor), ["part 2, paused"]);
    assert_eq!(recorded(&floor), Some((leg, recording, 2)));
}

#[test]
fn after_a_restart_nothing_is_kept_of_a_secret_until_it_is_asked_for_again_and_told() {
    let mut floor = floor_with_a_secret();
    let (leg, call) = floor.call("1000");
    floor.input(CentreInput::Digit { leg, digit: '9' });
    assert_eq!(orders(&floor), ["part 1", "pause"]);
    let kept = serde_json::to_string(&floor.centre.keep_call(call).unwrap()).unwrap();
    let mut floor = floor_with_a_secret();
    floor.recover(vec![serde_json::from_str(&kept).unwrap()], Vec::new());
    // Longer than a pause may last.
    floor.sleep(20_000);
    floor.input(CentreInput::LegReturned { leg });
    assert_eq!(orders(&floor), ["part 2, paused"], "who was typing goes on, into the greeting");
    let again = serde_json::to_string(&floor.centre.keep_call(call).unwrap()).unwrap();
    floor.input(CentreInput::Digit { leg, digit: '9' });
    floor.sleep(2_000);
    assert_eq!(orders(&floor), ["part 2, paused"], "asked again");
    floor.input(CentreInput::Digit { leg, digit: '1' });
    floor.sleep(1_000);
    assert_eq!(orders(&floor), ["part 2, paused", "resume"]);

    let mut floor = floor_with_a_secret();
    floor.recover(vec![serde_json::from_str(&again).unwrap()], Vec::new());
    floor.sleep(20_000);
    floor.input(CentreInput::LegReturned { leg });
    floor.sleep(500);
    assert_eq!(orders(&floor), ["part 3, paused"], "also when the process died again in the greeting");
}

#[test]
fn after_a_restart_into_a_flow_that_is_over_at_once_a_secret_is_typed_to_its_end_unheard() {
    let mut floor = floor_with_a_secret();
    let (leg, call) = floor.call("1000");
    floor.input(CentreInput::Digit { leg, digit: '9' });
    let mut kept = serde_json::to_string(&floor.centre.keep_call(call).unwrap()).unwrap();
    for part in [2, 3] {
        let mut floor = floor_with_a_secret();
        let at_once = "flow = \"main-menu\"\nschema = 1\nlang = { default = \"es\", also = [\"en\"] }\nstart = \"support\"\n\
                       fallback = \"support\"\n[node.support]\ntype = \"queue\"\nqueue = \"support\"\n";
        floor.centre.set_scripts(Arc::new(sample_line_of(at_once)));
        floor.recover(vec![serde_json::from_str(&kept).unwrap()], Vec::new());
        floor.sleep(5_000);
        floor.input(CentreInput::LegReturned { leg });
        assert_ne!(floor.view(call).state, CallState::InIvr, "the line leads on at once by now");
        floor.sleep(10_000);
        kept = serde_json::to_string(&floor.centre.keep_call(call).unwrap()).unwrap();
        floor.sleep(5_999);
        assert_eq!(orders(&floor), [format!("part {part}, paused")], "the second time in the queue already");
        floor.sleep(1);
        assert_eq!(orders(&floor), [format!("part {part}, paused"), "resume".into()]);
    }
}
