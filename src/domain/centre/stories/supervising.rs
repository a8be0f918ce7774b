//! Supervisors who listen, whisper, barge in and take over.

use super::floor::*;
use crate::{
    domain::{
        agent::Presence,
        call::{CallEventKind, Supervision, TransferTarget},
        centre::{CallState, CentreCommand, ConsultTarget, Heard, PhoneEffect, Refusal, SupervisorView},
    },
    types::{CallId, LegId},
};

/// Ana talks with a customer, Bea is ready, and the supervisor has a console.
struct Supervised {
    floor: Floor,
    customer: LegId,
    ana: LegId,
    boss: LegId,
    call: CallId,
}

impl Supervised {
    fn begin() -> Self {
        let mut floor = Floor::ready(&["ana", "bea"]);
        let mut directory = sample();
        directory.agents.insert(id("boss"), agent("boss", &[]));
        floor.set_directory(directory);
        let (customer, call) = floor.call("1001");
        floor.answer("ana");
        let (_, boss) = floor.open_console("boss");
        let ana = floor.console_leg("ana");
        Self { floor, customer, ana, boss, call }
    }

    fn supervise(&mut self, mode: Supervision) {
        self.floor.ask_as("boss", supervise(mode, self.call)).unwrap();
    }

    fn take_over(&mut self) -> Result<(), Refusal> {
        self.floor.ask_as("boss", CentreCommand::TakeOver { supervisor: id("boss"), call: self.call })
    }

    fn hears(&self, leg: LegId, voices: &[LegId]) {
        let heard: Vec<Heard> = voices.iter().copied().map(Heard::Leg).collect();
        assert_eq!(self.floor.hears[&leg], heard);
    }
}

fn music() -> Vec<Heard> {
    vec![Heard::Music("music/on-hold".into())]
}

#[test]
fn a_supervisor_hears_both_through_hold_and_transfer_until_the_call_ends() {
    let Supervised { mut floor, customer: leg, ana, boss: ears, call } = Supervised::begin();
    floor.ask_as("boss", supervise(Supervision::Listen, call)).unwrap();
    let bea = floor.console_leg("bea");
    assert_eq!(floor.hears[&ears], [Heard::Leg(leg), Heard::Leg(ana)]);
    assert_eq!(floor.view(call).supervisors, [SupervisorView { agent: id("boss"), mode: Supervision::Listen }]);
    floor.ask("ana", |agent, call| CentreCommand::Hold { agent, call }).unwrap();
    assert_eq!(floor.hears[&ears], [Heard::Leg(leg), Heard::Leg(ana)]);
    floor
        .ask("ana", |agent, call| CentreCommand::Transfer { agent, call, target: TransferTarget::Agent { agent: id("bea") } })
        .unwrap();
    assert_eq!(floor.hears[&ears], [Heard::Leg(leg)]);
    floor.answer("bea");
    assert_eq!(floor.hears[&ears], [Heard::Leg(leg), Heard::Leg(bea)]);
    floor.hang_up(leg);
    assert_eq!(floor.hears[&ears], []);
    assert_eq!(floor.story()[floor.story().len() - 2..], ["listen_ended", "ended"]);
    assert_eq!(floor.ask_as("boss", supervise(Supervision::Listen, call)), Err(Refusal::CallOver));
}

#[test]
fn the_agent_alone_hears_who_whispers_and_all_hear_who_barges_in() {
    let mut story = Supervised::begin();
    let (customer, ana, boss) = (story.customer, story.ana, story.boss);
    story.supervise(Supervision::Whisper);
    story.hears(customer, &[ana]);
    story.hears(ana, &[customer, boss]);
    story.hears(boss, &[customer, ana]);
    story.supervise(Supervision::Barge);
    story.hears(customer, &[ana, boss]);
    story.hears(ana, &[customer, boss]);
    story.hears(boss, &[customer, ana]);
    let shown = [SupervisorView { agent: id("boss"), mode: Supervision::Barge }];
    assert_eq!(story.floor.view(story.call).supervisors, shown);
    story.supervise(Supervision::Listen);
    story.hears(customer, &[ana]);
    story.hears(ana, &[customer]);
    let told = story.floor.story();
    let changes = ["listen_started", "supervision_changed", "supervision_changed", "supervision_changed"];
    assert_eq!(told[told.len() - 4..], changes);
    story.supervise(Supervision::Listen);
    assert_eq!(story.floor.story(), told, "nothing changed");
}

#[test]
fn while_audio_has_little_room_nobody_begins_to_listen_and_who_listens_goes_on() {
    let mut story = Supervised::begin();
    let (customer, ana, boss, call) = (story.customer, story.ana, story.boss, story.call);
    story.floor.centre.spare_audio(true);
    assert_eq!(story.floor.ask_as("boss", supervise(Supervision::Listen, call)), Err(Refusal::NoRoomToListen));
    assert!(story.floor.view(call).supervisors.is_empty());
    story.floor.centre.spare_audio(false);
    story.supervise(Supervision::Barge);
    story.floor.centre.spare_audio(true);
    story.hears(customer, &[ana, boss]);
    story.supervise(Supervision::Listen);
    story.hears(boss, &[customer, ana]);
}

#[test]
fn the_sixth_who_wants_to_hear_a_call_is_told_that_there_is_no_room_and_gets_it_when_one_stops() {
    let mut story = Supervised::begin();
    let mut directory = sample();
    let others = ["sup1", "sup2", "sup3", "sup4", "sup5"];
    for name in others.into_iter().chain(["boss"]) {
        directory.agents.insert(id(name), agent(name, &[]));
    }
    story.floor.set_directory(directory);
    for name in others {
        story.floor.open_console(name);
        let listen = CentreCommand::Supervise { supervisor: id(name), call: story.call, mode: Supervision::Listen };
        story.floor.ask_as(name, listen).unwrap();
    }
    let call = story.call;
    assert_eq!(story.floor.ask_as("boss", supervise(Supervision::Listen, call)), Err(Refusal::NoRoomToListen));
    story.floor.ask_as("sup3", CentreCommand::EndSupervision { supervisor: id("sup3") }).unwrap();
    story.supervise(Supervision::Listen);
}

#[test]
fn a_customer_on_hold_and_whom_the_agent_asks_do_not_hear_the_supervisor() {
    let mut story = Supervised::begin();
    let (customer, ana, boss) = (story.customer, story.ana, story.boss);
    story.supervise(Supervision::Barge);
    story.floor.ask("ana", |agent, call| CentreCommand::Hold { agent, call }).unwrap();
    assert_eq!(story.floor.hears[&customer], music());
    story.hears(ana, &[boss]);
    story.floor.ask("ana", |agent, call| CentreCommand::Resume { agent, call }).unwrap();
    let target = ConsultTarget::Agent { agent: id("bea") };
    story.floor.ask("ana", |agent, call| CentreCommand::Consult { agent, call, target }).unwrap();
    story.floor.answer("bea");
    let bea = story.floor.console_leg("bea");
    assert_eq!(story.floor.hears[&customer], music());
    story.hears(bea, &[ana]);
    story.hears(ana, &[bea, boss]);
    story.floor.ask("ana", |agent, call| CentreCommand::ConsultJoin { agent, call }).unwrap();
    story.hears(customer, &[ana, bea, boss]);
    story.hears(bea, &[customer, ana, boss]);
    story.hears(boss, &[customer, ana, bea]);
}

#[test]
fn two_supervisors_hear_one_another_when_they_speak() {
    let mut story = Supervised::begin();
    let (_, second) = story.floor.open_console("chief");
    story.supervise(Supervision::Listen);
    let mode = Supervision::Whisper;
    story.floor.ask_as("chief", CentreCommand::Supervise { supervisor: id("chief"), call: story.call, mode }).unwrap();
    story.hears(story.boss, &[story.customer, story.ana, second]);
    story.hears(second, &[story.customer, story.ana]);
}

#[test]
fn a_supervisor_takes_a_call_over_and_the_agent_wraps_up() {
    let mut story = Supervised::begin();
    let (customer, ana, boss, call) = (story.customer, story.ana, story.boss, story.call);
    assert_eq!(story.take_over(), Err(Refusal::WrongCallState), "only who hears it");
    story.supervise(Supervision::Whisper);
    story.floor.ask("ana", |agent, call| CentreCommand::Hold { agent, call }).unwrap();
    story.floor.phone.clear();
    story.take_over().unwrap();
    story.hears(customer, &[boss]);
    story.hears(boss, &[customer]);
    story.hears(ana, &[]);
    assert!(!story.floor.phone.iter().any(|effect| matches!(effect, PhoneEffect::HangUp { .. })), "no line ends");
    assert_eq!(story.floor.presence("boss"), Presence::Busy { call });
    assert!(matches!(story.floor.presence("ana"), Presence::WrappingUp { .. }));
    assert!(story.floor.notices.contains(&("ana".to_owned(), "call_taken_over")));
    let view = story.floor.view(call);
    assert_eq!((view.agent.clone(), view.transferred_from.clone()), (Some(id("boss")), Some(id("ana"))));
    assert_eq!((view.state.clone(), view.supervisors.len()), (CallState::Talking, 0));
    let taken = CallEventKind::TakenOver { from: id("ana"), supervisor: id("boss") };
    assert!(story.floor.call_events().any(|event| *event == taken));
    story.floor.hang_up(customer);
    assert!(!matches!(story.floor.presence("boss"), Presence::Busy { .. }));
    assert_eq!(story.take_over(), Err(Refusal::WrongCallState));
}

#[test]
fn a_call_about_which_somebody_is_asked_is_not_taken_over() {
    let mut story = Supervised::begin();
    story.supervise(Supervision::Listen);
    let target = ConsultTarget::Agent { agent: id("bea") };
    story.floor.ask("ana", |agent, call| CentreCommand::Consult { agent, call, target }).unwrap();
    assert_eq!(story.take_over(), Err(Refusal::WrongCallState));
    assert_eq!(story.floor.view(story.call).agent, Some(id("ana")));
}
