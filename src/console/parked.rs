//! The parked calls as a console was last told of them. Every agent may take one, so every agent sees who waits where.

use std::collections::BTreeMap;

use crate::{
    domain::centre::{CallView, FloorSnapshot, ParkedCall},
    types::CallId,
};

/// The parked calls, as last told.
#[derive(Debug, Default)]
pub struct ParkedCalls(BTreeMap<CallId, ParkedCall>);

impl ParkedCalls {
    /// As they stand on a floor.
    pub fn of(floor: &FloorSnapshot) -> Self {
        Self(floor.calls.iter().filter_map(|call| Some((call.id, call.parked()?))).collect())
    }

    /// By slot.
    pub fn list(&self) -> Vec<ParkedCall> {
        let mut list: Vec<ParkedCall> = self.0.values().cloned().collect();
        list.sort_by_key(|parked| parked.slot);
        list
    }

    /// A call has changed; whether the list has.
    pub fn follow(&mut self, call: &CallView) -> bool {
        match call.parked() {
            Some(parked) => self.0.insert(call.id, parked.clone()) != Some(parked),
            None => self.0.remove(&call.id).is_some(),
        }
    }
}
