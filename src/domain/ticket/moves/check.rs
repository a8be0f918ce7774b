//! Whether states and moves of a workflow make sense together: every name leads somewhere, every state can be reached, and from each
//! the ticket can come to its end.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    FieldRule, MoveRule, Requirement, TypeRules, WorkflowFlaw,
    read::{Place, Reader, Shared},
};
use crate::{
    domain::ticket::{TicketState, TicketType},
    types::{FieldKey, StatusKey},
};

/// Tells what cannot work in states and moves that types share.
pub(super) fn workflow(
    reader: &mut Reader<'_>,
    key: &StatusKey,
    place: &Place,
    shared: &Shared,
    fields: &BTreeMap<FieldKey, FieldRule>,
) {
    let known: BTreeMap<&StatusKey, TicketState> =
        shared.states.iter().map(|(state, _)| (&state.key, state.category)).collect();
    let names: Vec<String> = known.keys().map(ToString::to_string).collect();
    let mut pairs = BTreeSet::new();
    for (rule, place) in &shared.moves {
        for end in [&rule.from, &rule.to].into_iter().filter(|end| !known.contains_key(end)) {
            reader.wrong(&place.0, WorkflowFlaw::UnknownState { key: end.to_string(), choices: names.clone() });
        }
        if known.get(&rule.from).is_some_and(|category| category.is_over()) {
            reader.wrong(&place.0, WorkflowFlaw::MoveFromOver { key: rule.from.to_string() });
        }
        if known.get(&rule.to) == Some(&TicketState::New) {
            reader.wrong(&place.0, WorkflowFlaw::MoveToNew { key: rule.to.to_string() });
        }
        if known.get(&rule.to) == Some(&TicketState::Merged) {
            reader.wrong(&place.0, WorkflowFlaw::MoveToMerged { key: rule.to.to_string() });
        }
        if !pairs.insert((&rule.from, &rule.to)) {
            reader.wrong(&place.0, WorkflowFlaw::MoveTwice { from: rule.from.to_string(), to: rule.to.to_string() });
        }
        for requirement in &rule.guards.requires {
            if let Requirement::Field(field) = requirement
                && !fields.contains_key(field)
            {
                reader.wrong(&place.0, WorkflowFlaw::UnknownGuardField { key: field.to_string() });
            }
        }
    }
    for (state, place) in &shared.states {
        if let Some(timer) = state.timer.as_ref() {
            if !known.contains_key(&timer.to) || timer.to == state.key {
                let (key, choices) = (timer.to.to_string(), names.clone());
                reader.wrong(&place.0, WorkflowFlaw::TimerToNowhere { key, choices });
            }
            if state.category.is_over() {
                reader.wrong(&place.0, WorkflowFlaw::OverEndsByItself { key: state.key.to_string() });
            }
        }
    }
    for category in [TicketState::New, TicketState::Open, TicketState::Solved, TicketState::Closed] {
        if !known.values().any(|one| *one == category) {
            let (key, category) = (key.to_string(), category.word().to_owned());
            reader.wrong(&place.0, WorkflowFlaw::CategoryMissing { key, category });
        }
    }
    ways(reader, shared, &known);
}

/// Every state can be reached from the first ones, and a closed one from every state.
fn ways(reader: &mut Reader<'_>, shared: &Shared, known: &BTreeMap<&StatusKey, TicketState>) {
    let edges: Vec<(&StatusKey, &StatusKey)> = shared
        .moves
        .iter()
        .map(|(rule, _)| (&rule.from, &rule.to))
        .chain(shared.states.iter().filter_map(|(state, _)| Some((&state.key, &state.timer.as_ref()?.to))))
        .collect();
    // New tickets begin as new or open.
    let mut entered = BTreeSet::new();
    let begins = |category: &TicketState| matches!(category, TicketState::New | TicketState::Open);
    let mut reached: BTreeSet<&StatusKey> = BTreeSet::new();
    for (state, _) in &shared.states {
        if begins(&state.category) && entered.insert(state.category) {
            reached.insert(&state.key);
        }
    }
    spread(&mut reached, edges.iter().copied());
    let mut ending: BTreeSet<&StatusKey> =
        known.iter().filter(|(_, category)| **category == TicketState::Closed).map(|(key, _)| *key).collect();
    spread(&mut ending, edges.iter().map(|(from, to)| (*to, *from)));
    for (state, place) in &shared.states {
        if !reached.contains(&state.key) && state.category != TicketState::Merged {
            reader.wrong(&place.0, WorkflowFlaw::Unreached { key: state.key.to_string() });
        }
        if !ending.contains(&state.key) && !state.category.is_over() {
            reader.wrong(&place.0, WorkflowFlaw::NoWayToClosed { key: state.key.to_string() });
        }
    }
}

/// Adds all that can be reached along the edges.
fn spread<'a>(reached: &mut BTreeSet<&'a StatusKey>, edges: impl Iterator<Item = (&'a StatusKey, &'a StatusKey)> + Clone) {
    loop {
        let before = reached.len();
        for (from, to) in edges.clone() {
            if reached.contains(from) {
                reached.insert(to);
            }
        }
        if reached.len() == before {
            return;
        }
    }
}

/// A guard that asks for a field which the type does not have could never be satisfied.
pub(super) fn fields_of_type(reader: &mut Reader<'_>, kind: TicketType, place: &Place, rules: &TypeRules) {
    let asked: BTreeSet<&FieldKey> =
        rules.moves.iter().flat_map(|rule: &MoveRule| &rule.guards.requires).filter_map(field).collect();
    for field in asked.into_iter().filter(|field| !rules.fields.contains(field)) {
        let (key, field) = (kind.word().to_owned(), field.to_string());
        reader.wrong(&place.0, WorkflowFlaw::FieldNotOfType { key, field });
    }
}

fn field(requirement: &Requirement) -> Option<&FieldKey> {
    match requirement {
        Requirement::Field(key) => Some(key),
        Requirement::Owner | Requirement::Queue | Requirement::Customer | Requirement::Disposition => None,
    }
}
