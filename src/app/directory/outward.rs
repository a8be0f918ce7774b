//! What makes a route for calls out wrong, or what a trunk says about them.

use std::collections::BTreeSet;

use crate::{
    app::field_problem::{Flaw, Problems},
    domain::directory::{Directory, OutboundRoute, Thing, Trunk},
};

/// Entries of a list, such as the trunks of a route.
const ENTRIES_MAX: usize = 50;
const COST_MAX: i64 = 1_000_000;
const WEIGHT_MAX: i64 = 100;
const CALLS_PER_SEC_MAX: i64 = 1_000;

pub(super) fn route(route: &OutboundRoute, directory: &Directory, problems: &mut Problems) {
    problems.name("name", &route.name);
    if !route.prefix.is_empty() {
        prefix("prefix", &route.prefix, problems);
    }
    let other = directory.outbound_routes.values().find(|other| other.id != route.id && other.prefix == route.prefix);
    if let Some(other) = other {
        problems.add("prefix", Flaw::TakenBy { thing: Thing::OutboundRoute, key: other.id.to_string() });
    }
    problems.unless(!route.trunks.is_empty(), "trunks", Flaw::Empty);
    few("trunks", route.trunks.len(), problems);
    let mut seen = BTreeSet::new();
    for (index, one) in route.trunks.iter().enumerate() {
        let field = format!("trunks[{index}].trunk");
        match directory.trunks.get(&one.trunk) {
            None => problems.add(&field, Flaw::unknown(Thing::Trunk, &one.trunk)),
            Some(trunk) => problems.unless(trunk.peer.is_some(), &field, Flaw::TrunkWithoutPeer),
        }
        problems.unless(seen.insert(&one.trunk), &field, Flaw::Repeated);
        problems.within(&format!("trunks[{index}].cost"), one.cost, 0, COST_MAX);
        problems.within(&format!("trunks[{index}].weight"), one.weight, 1, WEIGHT_MAX);
    }
}

/// What of a trunk is about calls out by it.
pub(super) fn trunk(trunk: &Trunk, problems: &mut Problems) {
    if let Some(per_sec) = trunk.calls_per_sec {
        problems.within("calls_per_sec", per_sec, 1, CALLS_PER_SEC_MAX);
    }
}

/// What a number begins with: digits, with or without `+`.
fn prefix(field: &str, text: &str, problems: &mut Problems) {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_prefix = (1..=16).contains(&text.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    problems.unless(is_prefix, field, Flaw::NotAPrefix);
}

fn few(field: &str, count: usize, problems: &mut Problems) {
    let most = i64::try_from(ENTRIES_MAX).unwrap_or(i64::MAX);
    problems.unless(count <= ENTRIES_MAX, field, Flaw::TooMany { most });
}
