//! The records of the customers behind the calls on the floor. They are fetched when the caller is known, so that the ring
//! already has them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::future::{BoxFuture, FutureExt, Shared};
use tokio::sync::{broadcast::error::RecvError, watch};

use crate::{
    app::{desk::Desk, switch_handle::SwitchHandle},
    domain::{
        centre::{CallState, CallView},
        customer::CustomerSnapshot,
    },
    types::{CallId, CustomerId},
};

/// Calls whose records are kept; the oldest make room.
const CALLS_MAX: usize = 5_000;

/// Records of one call, on their way or there.
pub type Records = Shared<BoxFuture<'static, Arc<Vec<CustomerSnapshot>>>>;

/// Who a call's records are of, and the records.
type ByCall = BTreeMap<CallId, (Vec<CustomerId>, Records)>;

/// Records by call. Cheap to clone.
#[derive(Clone)]
pub struct Pops {
    desk: Desk,
    by_call: Arc<Mutex<ByCall>>,
}

/// The customers to paint for a call: the one chosen or known, else every match.
pub fn customers_of(call: &CallView) -> Vec<CustomerId> {
    match call.party.customer {
        Some(customer) => vec![customer],
        None => call.party.candidates.clone(),
    }
}

impl Pops {
    /// Over this desk.
    pub fn new(desk: Desk) -> Self {
        Self { desk, by_call: Arc::default() }
    }

    /// The records of a call's customers; fetched now if nobody has asked before, or if the customers are others by now.
    pub fn of(&self, call: &CallView) -> Records {
        let customers = customers_of(call);
        if customers.is_empty() {
            return futures_util::future::ready(Arc::default()).boxed().shared();
        }
        let mut by_call = self.by_call.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, records)) = by_call.get(&call.id).filter(|(known, _)| *known == customers) {
            debug_assert_eq!(*known, customers);
            return records.clone();
        }
        let records = self.fetch(customers.clone());
        if by_call.len() >= CALLS_MAX {
            by_call.pop_first();
        }
        by_call.insert(call.id, (customers, records.clone()));
        records
    }

    /// The records as they are now, kept nowhere.
    fn fetch(&self, customers: Vec<CustomerId>) -> Records {
        let desk = self.desk.clone();
        let fetched = async move {
            match desk.records(&customers).await {
                Ok(records) => Arc::new(records),
                Err(fault) => {
                    tracing::warn!(%fault, "the record of a caller cannot be read; the call rings without it");
                    Arc::default()
                }
            }
        };
        let records = fetched.boxed().shared();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            // Begins at once; whoever asks later finds it done.
            runtime.spawn(records.clone());
        }
        records
    }

    /// Follows the floor: fetches when a caller is known, forgets when the call is over. Ends when the process stops.
    pub async fn follow(self, switch: SwitchHandle, mut stopping: watch::Receiver<bool>) {
        let mut live = switch.subscribe_recognised();
        drop(switch);
        loop {
            let heard = tokio::select! {
                heard = live.recv() => heard,
                _ = stopping.changed() => return,
            };
            match heard {
                Ok(call) => {
                    if matches!(call.state, CallState::Over { .. }) {
                        self.by_call.lock().unwrap_or_else(PoisonError::into_inner).remove(&call.id);
                    } else {
                        // Begins to fetch; whoever needs it asks again.
                        drop(self.of(&call));
                    }
                }
                // What was missed is fetched when it is asked for; calls that ended meanwhile are forgotten at the bound.
                Err(RecvError::Lagged(_)) => self.by_call.lock().unwrap_or_else(PoisonError::into_inner).clear(),
                Err(RecvError::Closed) => return,
            }
        }
    }
}
