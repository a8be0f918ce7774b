//! Whether states and moves of a workflow make sense together: every name leads somewhere, every state can be reached, and from each
//! the ticket can come to its end.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    FieldRule, MoveRule, Requirement, TypeRules,
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
    let names = known.keys().map(|key| key.as_str()).collect::<Vec<_>>().join(", ");
    let mut pairs = BTreeSet::new();
    for (rule, place) in &shared.moves {
        for end in [&rule.from, &rule.to].into_iter().filter(|end| !known.contains_key(end)) {
            reader.wrong(&place.0, format!("there is no state `{end}`"), format!("Write one of: {names}"));
        }
        if known.get(&rule.from).is_some_and(|category| category.is_over()) {
            let message = format!("a ticket in `{}` is over and cannot move", rule.from);
            reader.wrong(&place.0, message, "Take the move away, or give the state another category");
        }
        if known.get(&rule.to) == Some(&TicketState::New) {
            reader.wrong(
                &place.0,
                format!("`{}` is for tickets that nobody has worked on", rule.to),
                "Move it to open instead",
            );
        }
        if known.get(&rule.to) == Some(&TicketState::Merged) {
            reader.wrong(&place.0, format!("`{}` is reached by merging only", rule.to), "Take the move away");
        }
        if !pairs.insert((&rule.from, &rule.to)) {
            let message = format!("the move from `{}` to `{}` stands there twice", rule.from, rule.to);
            reader.wrong(&place.0, message, "Keep one of the two");
        }
        for requirement in &rule.guards.requires {
            if let Requirement::Field(field) = requirement
                && !fields.contains_key(field)
            {
                let mend = format!("Write [fields.{field}], or take it out of requires");
                reader.wrong(&place.0, format!("the guard asks for a field `{field}` that there is not"), mend);
            }
        }
    }
    for (state, place) in &shared.states {
        if let Some(timer) = state.timer.as_ref() {
            if !known.contains_key(&timer.to) || timer.to == state.key {
                reader.wrong(&place.0, format!("then = \"{}\" is no other state", timer.to), format!("Write one of: {names}"));
            }
            if state.category.is_over() {
                reader.wrong(
                    &place.0,
                    format!("`{}` is over and does not end by itself", state.key),
                    "Take after_hours and then away",
                );
            }
        }
    }
    for category in [TicketState::New, TicketState::Open, TicketState::Solved, TicketState::Closed] {
        if !known.values().any(|one| *one == category) {
            let mend = format!("Write states.{0} = {{ category = \"{0}\" }}", category.word());
            reader.wrong(&place.0, format!("the workflow `{key}` has no state of category {}", category.word()), mend);
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
            let mend = "Write a move to it, or take the state away";
            reader.wrong(&place.0, format!("no move leads to the state `{}`", state.key), mend);
        }
        if !ending.contains(&state.key) && !state.category.is_over() {
            let mend = "Write moves that lead from it to a state of category closed";
            reader.wrong(&place.0, format!("from the state `{}` there is no way to closed", state.key), mend);
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
        let message = format!("moves of {} ask for the field `{field}`, which the type does not have", kind.word());
        reader.wrong(&place.0, message, format!("Write fields = [\"{field}\"] in [types.{}]", kind.word()));
    }
}

fn field(requirement: &Requirement) -> Option<&FieldKey> {
    match requirement {
        Requirement::Field(key) => Some(key),
        Requirement::Owner | Requirement::Queue | Requirement::Customer | Requirement::Disposition => None,
    }
}
