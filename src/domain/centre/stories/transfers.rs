//! Whatever becomes of a call, its customer hears music, words, or somebody.

use super::floor::*;
use crate::domain::{
    agent::Presence,
    call::TransferTarget,
    centre::{CallState, CentreCommand, CentreInput, ConsultTarget, Heard, PhoneEffect, Refusal},
};
use crate::types::{CallId, LegId};

/// A customer who talks with ana, while bea is free.
struct Story {
    floor: Floor,
    customer: LegId,
    call: CallId,
}

impl Story {
    fn new() -> Self {
        let mut floor = Floor::ready(&["ana", "bea"]);
        floor.centre.set_scripts(std::sync::Arc::new(sample_line()));
        let (customer, call) = floor.call("1001");
        floor.answer("ana");
        let story = Self { floor, customer, call };
        story.is_never_silent("in talk");
        story
    }

    fn is_never_silent(&self, when: &str) {
        let hears = self.floor.hears.get(&self.customer).is_some_and(|heard| !heard.is_empty());
        let last_words = self.floor.phone.iter().rev().find_map(|effect| match effect {
            PhoneEffect::Play { leg, .. } if *leg == self.customer => Some(true),
            PhoneEffect::StopPlay { leg } if *leg == self.customer => Some(false),
            _ => None,
        });
        assert!(hears || last_words == Some(true), "the customer hears nothing: {when}");
    }

    /// Ana does something.
    fn ana(&mut self, when: &str, make: impl FnOnce(crate::types::AgentId, CallId) -> CentreCommand) -> Result<(), Refusal> {
        let done = self.floor.ask("ana", make);
        self.is_never_silent(when);
        done
    }

    fn bea(&mut self, when: &str, make: impl FnOnce(crate::types::AgentId, CallId) -> CentreCommand) {
        self.floor.ask("bea", make).unwrap();
        self.is_never_silent(when);
    }

    /// Looks every second.
    fn sleep(&mut self, secs: u64, when: &str) {
        for _ in 0..secs {
            self.floor.sleep(1_000);
            self.is_never_silent(when);
        }
    }

    fn transfer(&mut self, target: TransferTarget) -> Result<(), Refusal> {
        self.ana("handed over", |agent, call| CentreCommand::Transfer { agent, call, target })
    }

    /// The leg of a number outside that is called.
    fn outside(&self) -> LegId {
        let leg = |effect: &PhoneEffect| match effect {
            PhoneEffect::CallOut { leg, .. } => Some(*leg),
            _ => None,
        };
        self.floor.phone.iter().rev().find_map(leg).unwrap()
    }

    fn out(&mut self) -> LegId {
        let number = "+34911222333".to_owned();
        self.ana("handed to a number", |agent, call| CentreCommand::TransferOut { agent, call, number }).unwrap();
        self.outside()
    }

    fn input(&mut self, when: &str, input: CentreInput) {
        self.floor.input(input);
        self.is_never_silent(when);
    }
}

#[test]
fn handed_to_a_colleague_who_does_not_answer_and_back_and_into_the_queue() {
    let mut story = Story::new();
    story.transfer(TransferTarget::Agent { agent: id("bea") }).unwrap();
    story.sleep(20, "it rings at bea");
    story.sleep(20, "it rings at ana again");
    assert_eq!(story.floor.view(story.call).state, CallState::Waiting { position: 1 });
    story.sleep(60, "in the queue");
}

#[test]
fn handed_to_a_queue_and_to_a_line() {
    let mut story = Story::new();
    story.transfer(TransferTarget::Queue { queue: id("sales") }).unwrap();
    story.sleep(10, "in the other queue");

    let mut story = Story::new();
    assert_eq!(story.transfer(TransferTarget::Line { line: id("nowhere") }), Err(Refusal::NoSuchLine));
    assert_eq!(story.floor.view(story.call).state, CallState::Talking);
    story.transfer(TransferTarget::Line { line: id("main-menu") }).unwrap();
    assert_eq!(story.floor.view(story.call).state, CallState::InIvr);
    assert!(matches!(story.floor.presence("ana"), Presence::WrappingUp { .. }));
}

#[test]
fn while_somebody_is_asked_and_however_that_ends() {
    for ends in ["completed", "cancelled", "joined", "declined"] {
        let mut story = Story::new();
        let target = ConsultTarget::Agent { agent: id("bea") };
        story.ana("asking", |agent, call| CentreCommand::Consult { agent, call, target }).unwrap();
        story.sleep(5, "it rings at bea");
        if ends == "declined" {
            story.bea(ends, |agent, call| CentreCommand::Decline { agent, call });
            assert_eq!(story.floor.view(story.call).state, CallState::Talking);
            continue;
        }
        story.bea("bea answers", |agent, call| CentreCommand::Answer { agent, call });
        story.sleep(5, "ana and bea talk");
        for when in ["back to the customer", "and to bea"] {
            story.ana(when, |agent, call| CentreCommand::ConsultSwap { agent, call }).unwrap();
        }
        let end = |agent, call| match ends {
            "completed" => CentreCommand::ConsultComplete { agent, call },
            "cancelled" => CentreCommand::ConsultCancel { agent, call },
            _ => CentreCommand::ConsultJoin { agent, call },
        };
        story.ana(ends, end).unwrap();
        story.sleep(5, ends);
    }
}

#[test]
fn handed_to_a_number_where_somebody_answers() {
    let mut story = Story::new();
    story.floor.sleep(10_000);
    let leg = story.out();
    story.input("it rings there", CentreInput::LegRinging { leg });
    story.sleep(5, "it rings there");
    assert!(matches!(story.floor.presence("ana"), Presence::Busy { .. }), "until somebody answers");
    story.input("they answer", CentreInput::LegAnswered { leg });
    assert_eq!(story.floor.hears[&story.customer], [Heard::Leg(leg)]);
    assert!(matches!(story.floor.presence("ana"), Presence::WrappingUp { .. }), "ana's talk ends here");
    assert!(story.floor.story().contains(&"transferred"));
}

#[test]
fn handed_to_a_number_where_nobody_answers_and_back() {
    let mut story = Story::new();
    let leg = story.out();
    story.input("it rings there", CentreInput::LegRinging { leg });
    story.sleep(5, "it rings there");
    story.input("they do not answer", CentreInput::LegFailed { leg, cause: crate::domain::call::EndCause::NoAnswer });
    assert_eq!(story.floor.view(story.call).state, CallState::Talking, "with ana again");
    assert!(story.floor.notices.contains(&("ana".into(), "consult_failed")));
}
