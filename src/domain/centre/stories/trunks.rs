//! Which trunk carries a call out.

use super::floor::*;
use crate::domain::{
    centre::{CentreCommand, CentreInput, PhoneEffect},
    directory::{Directory, Trunk},
    trunk::{TrunkFault, TrunkHealth},
};

/// The sample with a second trunk, tried behind the first.
fn two_trunks() -> Directory {
    let mut directory = sample();
    let second = Trunk { peer: Some("192.0.2.2:5060".into()), ..Trunk::new(id("second"), "Second") };
    directory.trunks.insert(second.id.clone(), second);
    directory
}

fn floor_of(directory: Directory) -> Floor {
    let mut floor = Floor::ready(&["ana", "bea"]);
    floor.set_directory(Directory { version: 2, ..directory });
    floor
}

fn dial(floor: &mut Floor, agent: &str, number: &str) {
    let command = CentreCommand::Dial { agent: id(agent), number: number.into(), customer: None };
    floor.ask_as(agent, command).expect("dialled");
}

/// The trunks of the calls out so far.
fn trunks(floor: &Floor) -> Vec<String> {
    let called = floor.phone.iter().filter_map(|effect| match effect {
        PhoneEffect::CallOut { trunk, .. } => Some(trunk.to_string()),
        _ => None,
    });
    called.collect()
}

#[test]
fn a_trunk_that_is_down_is_not_dialled_while_another_is_up() {
    let mut floor = floor_of(two_trunks());
    let down = TrunkHealth::Down { fault: TrunkFault::NoAnswer };
    floor.input(CentreInput::TrunkHealth { trunk: id("carrier"), health: down });
    assert!(floor.events.iter().any(|fact| fact.event.kind() == "trunk.went_down"));
    dial(&mut floor, "ana", "+34911222333");
    floor.input(CentreInput::TrunkHealth { trunk: id("second"), health: down });
    dial(&mut floor, "bea", "+34911222334");
    assert_eq!(trunks(&floor), ["second", "carrier"], "with none up the first is better than none");
}
