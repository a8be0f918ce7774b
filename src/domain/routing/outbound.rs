//! By which trunks a number goes out, and in what order they are tried: least cost first, by chance and weight among equals.

use super::dialling::is_emergency;
use crate::{
    domain::directory::{Directory, OutboundRoute, RouteTrunk},
    types::{Rng, TrunkId},
};

/// Most trunks that one call is tried by.
const TRIES_MAX: usize = 8;

/// Whether a trunk could take a call now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// Yes.
    Free,
    /// It is down: tried behind all that are up.
    Down,
    /// It has as many calls, or as many this second, as it may.
    Full,
}

/// Why no trunk takes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoWay {
    /// No route, or no trunk with a peer on it.
    NoRoute,
    /// Every one of them is full.
    AllFull,
}

/// The trunks for a number, in the order in which they are tried. An emergency without a trunk of a route goes by any.
pub fn ways_out(
    directory: &Directory,
    dialled: &str,
    room: &dyn Fn(&TrunkId) -> Room,
    rng: &mut Rng,
) -> Result<Vec<TrunkId>, NoWay> {
    let is_emergency = is_emergency(dialled);
    let is_way = |id: &TrunkId| directory.trunks.get(id).is_some_and(|trunk| trunk.is_active && trunk.peer.is_some());
    let route = route_for(directory, dialled).map(|route| by_cost_and_weight(&route.trunks, rng));
    let mut candidates = match route {
        Some(trunks) => trunks,
        None if !directory.outbound_routes.values().any(|route| route.is_active) => directory.trunks.keys().cloned().collect(),
        None => Vec::new(),
    };
    candidates.retain(is_way);
    if candidates.is_empty() && is_emergency {
        candidates = directory.trunks.keys().filter(|id| is_way(id)).cloned().collect();
    }
    if candidates.is_empty() {
        return Err(NoWay::NoRoute);
    }
    let mut ways: Vec<(TrunkId, Room)> = candidates.into_iter().map(|id| (id.clone(), room(&id))).collect();
    // What is full by our count may still carry a call for help; a trunk that is down may have come back since it was asked: better
    // than not to try.
    ways.retain(|(_, room)| is_emergency || *room != Room::Full);
    ways.sort_by_key(|(_, room)| match room {
        Room::Free => 0,
        Room::Full => 1,
        Room::Down => 2,
    });
    let ways: Vec<TrunkId> = ways.into_iter().take(TRIES_MAX).map(|(id, _)| id).collect();
    if ways.is_empty() { Err(NoWay::AllFull) } else { Ok(ways) }
}

/// The active route with the longest prefix that fits, as a forwarding table would choose.
fn route_for<'a>(directory: &'a Directory, dialled: &str) -> Option<&'a OutboundRoute> {
    let fitting = directory.outbound_routes.values().filter(|route| route.is_active && dialled.starts_with(&route.prefix));
    fitting.max_by_key(|route| route.prefix.len())
}

fn by_cost_and_weight(trunks: &[RouteTrunk], rng: &mut Rng) -> Vec<TrunkId> {
    let mut left: Vec<&RouteTrunk> = trunks.iter().collect();
    left.sort_by_key(|trunk| trunk.cost);
    let mut ordered = Vec::with_capacity(left.len());
    while let Some(cheapest) = left.first().map(|trunk| trunk.cost) {
        let equals = left.iter().take_while(|trunk| trunk.cost == cheapest).count();
        let weight = |trunk: &RouteTrunk| u64::try_from(trunk.weight.max(1)).unwrap_or(1);
        let all: u64 = left.iter().take(equals).map(|trunk| weight(trunk)).sum();
        let mut drawn = rng.below(all.max(1));
        let chosen = left.iter().take(equals).position(|trunk| {
            let is_it = drawn < weight(trunk);
            drawn = drawn.saturating_sub(weight(trunk));
            is_it
        });
        ordered.push(left.remove(chosen.unwrap_or(0)).trunk.clone());
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::directory::Trunk;

    /// A trunk's key, cost and weight.
    type OfRoute<'a> = (&'a str, i64, i64);

    fn directory(routes: &[(&str, &[OfRoute<'_>])]) -> Directory {
        let mut directory = Directory::default();
        for id in ["a", "b", "c"] {
            let trunk = Trunk { peer: Some("192.0.2.1:5060".into()), ..Trunk::new(id.parse().unwrap(), id) };
            directory.trunks.insert(trunk.id.clone(), trunk);
        }
        for (at, (prefix, trunks)) in routes.iter().enumerate() {
            let trunks =
                trunks.iter().map(|(id, cost, weight)| RouteTrunk { trunk: id.parse().unwrap(), cost: *cost, weight: *weight });
            let id = format!("route{at}").parse().unwrap();
            let route =
                OutboundRoute { id, name: String::new(), prefix: (*prefix).into(), trunks: trunks.collect(), is_active: true };
            directory.outbound_routes.insert(route.id.clone(), route);
        }
        directory
    }

    fn ways(directory: &Directory, dialled: &str, room: impl Fn(&str) -> Room) -> Result<Vec<String>, NoWay> {
        let ways = ways_out(directory, dialled, &|id| room(id.as_str()), &mut Rng::seeded(4));
        ways.map(|ways| ways.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_longest_prefix_chooses_the_route_and_the_cheapest_trunk_comes_first() {
        let directory = directory(&[("+34", &[("a", 9, 1), ("b", 3, 1)]), ("+346", &[("c", 9, 1), ("a", 9, 1), ("b", 20, 1)])]);
        let free = |_: &str| Room::Free;
        assert_eq!(ways(&directory, "+34911", free).unwrap(), ["b", "a"]);
        assert_eq!(ways(&directory, "+34600", free).unwrap().last().map(String::as_str), Some("b"));
        assert_eq!(ways(&directory, "+1555", free), Err(NoWay::NoRoute));
    }

    #[test]
    fn without_any_route_every_trunk_is_tried_by_key() {
        assert_eq!(ways(&directory(&[]), "+1555", |_| Room::Free).unwrap(), ["a", "b", "c"]);
    }

    #[test]
    fn a_trunk_that_is_down_comes_behind_those_that_are_up_and_a_full_one_is_left_out() {
        let directory = directory(&[("", &[("a", 1, 1), ("b", 2, 1), ("c", 3, 1)])]);
        let room = |down: &'static str, full: &'static str| {
            move |id: &str| {
                if down.contains(id) {
                    Room::Down
                } else if full.contains(id) {
                    Room::Full
                } else {
                    Room::Free
                }
            }
        };
        assert_eq!(ways(&directory, "1", room("a", "")).unwrap(), ["b", "c", "a"]);
        assert_eq!(ways(&directory, "1", room("a", "bc")).unwrap(), ["a"], "better than nothing");
        assert_eq!(ways(&directory, "1", room("", "abc")), Err(NoWay::AllFull));
    }

    #[test]
    fn an_emergency_goes_without_a_route_and_by_full_trunks() {
        let routed = directory(&[("+34", &[("a", 1, 1)]), ("911", &[])]);
        for number in ["112", "911"] {
            assert_eq!(ways(&routed, number, |_| Room::Free).unwrap(), ["a", "b", "c"], "{number}");
        }
        let room = |id: &str| match id {
            "a" => Room::Down,
            "b" => Room::Full,
            _ => Room::Free,
        };
        assert_eq!(ways(&routed, "112", room).unwrap(), ["c", "b", "a"]);
        assert_eq!(ways(&directory(&[("112", &[("b", 1, 1)])]), "112", room).unwrap(), ["b"]);
        assert_eq!(ways(&routed, "061", room), Err(NoWay::NoRoute));
    }

    #[test]
    fn among_equals_each_comes_first_as_often_as_its_weight_says() {
        let directory = directory(&[("", &[("a", 1, 3), ("b", 1, 1), ("c", 5, 100)])]);
        let mut rng = Rng::seeded(11);
        let mut first = std::collections::BTreeMap::<String, u32>::new();
        for _ in 0..4_000 {
            let ways = ways_out(&directory, "+34", &|_| Room::Free, &mut rng).unwrap();
            assert_eq!(ways.len(), 3);
            *first.entry(ways[0].to_string()).or_default() += 1;
        }
        assert!((2_850..=3_150).contains(&first["a"]) && first["a"] + first["b"] == 4_000, "{first:?}");
    }
}
