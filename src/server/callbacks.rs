//! What was promised to be called back outlasts the process.

use std::collections::BTreeSet;

use crate::{
    store::{Db, callbacks},
    switch::Switch,
    types::CallId,
};

/// Gives the switch the callbacks that this node has promised and not kept. `goes_on`: the calls that outlast the restart. Without an
/// answer of the database the next start tries again: calls must not wait for it.
pub async fn restore_callbacks(db: &Db, goes_on: BTreeSet<CallId>, switch: &mut Switch) {
    match callbacks::open(db).await {
        Ok(promised) => switch.restore_callbacks(promised, |call| goes_on.contains(&call)),
        Err(fault) => tracing::error!(%fault, "promised callbacks are not known until the next start"),
    }
}
