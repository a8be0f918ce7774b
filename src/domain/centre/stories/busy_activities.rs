//! What the journal is told of what agents do while they are on calls.

use super::floor::*;
use crate::{
    domain::centre::{CentreCommand, CentreInput, ConsultTarget},
    types::{AgentId, BusyActivity, CallId, Timestamp},
};

/// Something that an agent asks for concerning the own call.
type Asked = fn(AgentId, CallId) -> CentreCommand;

/// What an agent does from when on, in seconds since then, without what is so already.
fn doing(floor: &Floor, agent: &str, begin: Timestamp) -> Vec<(i64, BusyActivity)> {
    let told = floor.events.iter().filter_map(|fact| {
        let on_call = fact.on_call.as_ref().filter(|on_call| on_call.agent.as_str() == agent)?;
        Some((fact.at.millis_since(begin) / 1_000, on_call.activity))
    });
    let mut doing: Vec<(i64, BusyActivity)> = told.collect();
    doing.dedup_by_key(|(_, activity)| *activity);
    doing
}

fn ask_bea(agent: AgentId, call: CallId) -> CentreCommand {
    CentreCommand::Consult { agent, call, target: ConsultTarget::Agent { agent: id("bea") } }
}

#[test]
fn a_hold_and_a_question_to_a_colleague_are_told_apart_and_the_colleague_talks() {
    let mut floor = Floor::ready(&["ana", "bea"]);
    let _ = floor.call("1001");
    floor.answer("ana");
    let begin = floor.now.wall;
    let steps: [(u64, Asked); 6] = [
        (10, |agent, call| CentreCommand::Hold { agent, call }),
        (30, |agent, call| CentreCommand::Resume { agent, call }),
        (5, ask_bea),
        (8, |agent, call| CentreCommand::ConsultSwap { agent, call }),
        (4, |agent, call| CentreCommand::ConsultSwap { agent, call }),
        (3, |agent, call| CentreCommand::ConsultCancel { agent, call }),
    ];
    for (index, (secs, make)) in steps.into_iter().enumerate() {
        floor.sleep(secs * 1_000);
        floor.ask("ana", make).unwrap();
        if index == 2 {
            floor.answer("bea");
        }
    }
    let expected = [
        (0, BusyActivity::Talk),
        (10, BusyActivity::Hold),
        (40, BusyActivity::Talk),
        (45, BusyActivity::Consult),
        (53, BusyActivity::Talk),
        (57, BusyActivity::Consult),
    ];
    let told = doing(&floor, "ana", begin);
    assert_eq!(told[..6], expected);
    assert_eq!(told.last(), Some(&(60, BusyActivity::Talk)), "the customer was not on hold before");
    assert_eq!(doing(&floor, "bea", begin), [(45, BusyActivity::Talk)]);
}

#[test]
fn dialling_lasts_until_somebody_answers() {
    let mut floor = Floor::ready(&["ana"]);
    let begin = floor.now.wall;
    let dial = CentreCommand::Dial { agent: id("ana"), number: "+34911222333".into(), customer: None, detect_answer: None };
    floor.ask_as("ana", dial).unwrap();
    let leg = floor.phone_leg();
    floor.sleep(3_000);
    floor.input(CentreInput::LegRinging { leg });
    floor.sleep(9_000);
    assert_eq!(doing(&floor, "ana", begin), [(0, BusyActivity::Dial)]);
    floor.input(CentreInput::LegAnswered { leg });
    assert_eq!(doing(&floor, "ana", begin), [(0, BusyActivity::Dial), (12, BusyActivity::Talk)]);
}

#[test]
fn while_the_agent_s_audio_is_lost_the_customer_is_on_hold() {
    let mut floor = Floor::ready(&["ana"]);
    let _ = floor.call("1001");
    floor.answer("ana");
    let begin = floor.now.wall;
    let desk = floor.console_leg("ana");
    floor.sleep(5_000);
    floor.input(CentreInput::LegAudio { leg: desk, is_up: false });
    floor.sleep(7_000);
    floor.input(CentreInput::LegAudio { leg: desk, is_up: true });
    let expected = [(0, BusyActivity::Talk), (5, BusyActivity::Hold), (12, BusyActivity::Talk)];
    assert_eq!(doing(&floor, "ana", begin), expected);
}
