//! Work items outlast the process.

use crate::{
    store::{Db, work_items},
    switch::Switch,
};

/// Gives the switch the work items of this node that are not done. Without an answer of the database the next start tries again: calls
/// must not wait for it.
pub async fn restore_work(db: &Db, switch: &mut Switch) {
    match work_items::open(db).await {
        Ok(items) => switch.restore_work(items),
        Err(fault) => tracing::error!(%fault, "work items are not known until the next start"),
    }
}
