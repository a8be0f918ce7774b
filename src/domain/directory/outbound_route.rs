//! By which trunks numbers go out, as administrators set it up. What becomes of a call is decided in `domain/routing/outbound.rs`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::{RouteId, TrunkId};

/// By which trunks numbers that begin alike go out. Of several routes the one with the longest prefix counts; with no route at all
/// every trunk with a peer is tried, by key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutboundRoute {
    /// Key.
    pub id: RouteId,
    /// What people call it.
    pub name: String,
    /// What the number begins with: E.164 (`+34`, `+346`), digits of a service number (`112`), or nothing for every number.
    pub prefix: String,
    /// Its trunks; a call that one of them cannot carry goes to the next, the cheapest first.
    pub trunks: Vec<RouteTrunk>,
    /// Whether it is used.
    pub is_active: bool,
}

/// A trunk of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RouteTrunk {
    /// Which.
    pub trunk: TrunkId,
    /// What a call costs there, in any unit that is the same for the whole route, 0 to 1000000. Less is tried first.
    pub cost: i64,
    /// Among trunks of equal cost, how often this one is tried first, 1 to 100: twice the weight, twice the calls.
    pub weight: i64,
}
