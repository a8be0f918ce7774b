//! Trunks on the floor: what is known of them, and how many calls they carry.

use super::{Centre, CentreOutput, Fact, Turn};
use crate::{
    domain::{
        event::Event,
        routing::Room,
        trunk::{Pace, TrunkEvent, TrunkEventKind, TrunkHealth, TrunkRegistration, TrunkState, TrunkView},
    },
    types::{Mono, TrunkId},
};

impl Centre {
    pub(super) fn trunk_health(&mut self, turn: &Turn<'_>, trunk: &TrunkId, health: TrunkHealth) {
        let now = turn.now.wall;
        let Some(state) = self.trunk_state_mut(turn, trunk) else { return };
        let event = state.set_health(health, now);
        self.trunk_event(turn, trunk, event);
    }

    pub(super) fn trunk_registration(&mut self, turn: &Turn<'_>, trunk: &TrunkId, registration: TrunkRegistration) {
        let now = turn.now.wall;
        let Some(state) = self.trunk_state_mut(turn, trunk) else { return };
        let event = state.set_registration(registration, now);
        self.trunk_event(turn, trunk, event);
    }

    fn trunk_state_mut(&mut self, turn: &Turn<'_>, trunk: &TrunkId) -> Option<&mut TrunkState> {
        self.directory.trunks.get(trunk)?;
        Some(self.trunks.entry(trunk.clone()).or_insert_with(|| TrunkState::new(turn.now.wall)))
    }

    fn trunk_event(&mut self, turn: &Turn<'_>, trunk: &TrunkId, kind: Option<TrunkEventKind>) {
        let Some(kind) = kind else { return };
        let event = Event::Trunk(TrunkEvent { trunk: trunk.clone(), kind });
        self.out.push_back(CentreOutput::Fact(Fact::of(turn.now.wall, turn.actor.clone(), event)));
    }

    /// Trunks came, went, or are asked from now on or no more.
    pub(super) fn set_up_trunks(&mut self, turn: &Turn<'_>) {
        let directory = self.directory.clone();
        self.trunks.retain(|id, _| directory.trunks.get(id).is_some_and(|trunk| trunk.is_active));
        self.paces.retain(|id, _| directory.trunks.get(id).is_some_and(|trunk| trunk.calls_per_sec.is_some()));
        for (id, trunk) in directory.trunks.iter().filter(|(_, trunk)| trunk.is_active) {
            let state = self.trunks.entry(id.clone()).or_insert_with(|| TrunkState::new(turn.now.wall));
            if !trunk.is_pinged {
                state.set_health(TrunkHealth::Unknown, turn.now.wall);
            }
        }
    }

    /// Whether this trunk could take a call out now.
    pub(super) fn room_on(&self, trunk: &TrunkId, now: Mono) -> Room {
        let has_token = match (self.calls_per_sec(trunk), self.paces.get(trunk)) {
            (Some(per_sec), Some(pace)) => pace.has_token(per_sec, now),
            (None, _) | (_, None) => true,
        };
        if self.is_trunk_full(trunk) || !has_token {
            Room::Full
        } else if self.trunks.get(trunk).is_none_or(TrunkState::is_usable) {
            Room::Free
        } else {
            Room::Down
        }
    }

    /// Takes the place of a call that begins on this trunk; false when there is none left.
    pub(super) fn take_room(&mut self, trunk: &TrunkId, now: Mono) -> bool {
        if self.is_trunk_full(trunk) {
            return false;
        }
        let Some(per_sec) = self.calls_per_sec(trunk) else { return true };
        self.paces.entry(trunk.clone()).or_insert_with(|| Pace::new(per_sec, now)).take(per_sec, now)
    }

    fn calls_per_sec(&self, trunk: &TrunkId) -> Option<u64> {
        u64::try_from(self.directory.trunks.get(trunk)?.calls_per_sec?).ok()
    }

    /// Calls on a trunk, both ways.
    pub(super) fn calls_on(&self, trunk: &TrunkId) -> i64 {
        self.standing.on(trunk)
    }

    pub(super) fn is_trunk_full(&self, trunk: &TrunkId) -> bool {
        self.directory.trunks.get(trunk).is_some_and(|known| self.calls_on(trunk) >= known.calls_max)
    }

    /// Every active trunk, by key.
    pub(super) fn trunk_views(&self) -> Vec<TrunkView> {
        let known = self.trunks.iter().filter_map(|(id, state)| Some((state, self.directory.trunks.get(id)?)));
        known
            .map(|(state, trunk)| TrunkView {
                id: trunk.id.clone(),
                name: trunk.name.clone(),
                health: state.health,
                health_since: state.health_since,
                registration: state.registration,
                registration_since: state.registration_since,
                calls: self.calls_on(&trunk.id),
                calls_max: trunk.calls_max,
            })
            .collect()
    }
}
