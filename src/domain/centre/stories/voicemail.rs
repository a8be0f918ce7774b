//! Callers who leave a message because nobody can take their call.

use super::floor::*;
use crate::domain::{
    call::{CallEventKind, EndCause, Outcome},
    centre::{CallState, CentreInput, PhoneEffect},
    directory::{Directory, QueueExit, RecordingPolicy},
};
use crate::types::QueueId;

/// Nobody is signed in for support, whose conversations are never recorded.
fn asking_for_messages() -> Directory {
    let mut directory = sample();
    let support = directory.queues.get_mut(&id::<QueueId>("support")).unwrap();
    support.recording = Some(RecordingPolicy::Never);
    support.on_no_agents = QueueExit::Voicemail { prompt: "leave-message".into(), secs_max: 60 };
    directory
}

/// Greeting and tone come to their end.
fn hear_out(floor: &mut Floor) {
    let last = |effect: &PhoneEffect| match effect {
        PhoneEffect::Play { leg, play, .. } => Some((*leg, *play)),
        _ => None,
    };
    let (leg, play) = floor.phone.iter().rev().find_map(last).unwrap();
    floor.input(CentreInput::PlayEnded { leg, play, was_stopped: false });
}

fn is_recorded(floor: &Floor) -> bool {
    floor.phone.iter().any(|effect| matches!(effect, PhoneEffect::Record { .. }))
}

/// The lengths of messages that were left.
fn messages(floor: &Floor) -> Vec<i64> {
    let length = |event: &CallEventKind| match event {
        CallEventKind::VoicemailLeft { length_ms, .. } => Some(*length_ms),
        _ => None,
    };
    floor.call_events().filter_map(length).collect()
}

#[test]
fn a_message_is_what_is_said_between_the_tone_and_the_end_of_the_call() {
    let mut floor = Floor::with(asking_for_messages());
    let (leg, call) = floor.call("1001");
    assert_eq!(floor.played(), ["shared/es/leave-message+music/voicemail-tone"]);
    floor.sleep(5_000);
    assert!(!is_recorded(&floor), "not the greeting");
    hear_out(&mut floor);
    assert!(is_recorded(&floor), "whatever the rules say of conversations");
    floor.sleep(12_000);
    floor.hang_up(leg);
    assert_eq!(messages(&floor), [12_000]);
    assert_eq!(floor.story(), ["arrived", "queued", "flowed_out", "recording_started", "voicemail_left", "ended"]);
    assert_eq!(floor.summaries[&call].outcome, Outcome::FlowedOut, "not an abandon");
}

#[test]
fn the_hash_key_ends_a_message_and_no_other_key_does() {
    let mut floor = Floor::with(asking_for_messages());
    let (leg, call) = floor.call("1001");
    hear_out(&mut floor);
    floor.sleep(4_000);
    floor.input(CentreInput::Digit { leg, digit: '5' });
    assert!(messages(&floor).is_empty());
    floor.input(CentreInput::Digit { leg, digit: '#' });
    assert_eq!(
        (messages(&floor), floor.view(call).state.clone()),
        (vec![4_000], CallState::Over { cause: EndCause::Finished })
    );
    assert!(floor.phone.contains(&PhoneEffect::HangUp { leg }));
}

#[test]
fn a_message_ends_at_its_longest_time() {
    let mut floor = Floor::with(asking_for_messages());
    floor.call("1001");
    hear_out(&mut floor);
    floor.sleep(61_000);
    assert_eq!(messages(&floor), [60_000]);
}

#[test]
fn who_hangs_up_at_the_greeting_or_the_tone_has_left_no_message() {
    for listens_to_the_tone in [false, true] {
        let mut floor = Floor::with(asking_for_messages());
        let (leg, _) = floor.call("1001");
        if listens_to_the_tone {
            hear_out(&mut floor);
            floor.sleep(500);
        }
        floor.hang_up(leg);
        assert!(messages(&floor).is_empty());
        let not_left = floor.story().into_iter().filter(|kind| *kind == "voicemail_not_left").count();
        assert_eq!(not_left, 1, "so that the call is not lost");
    }
}
