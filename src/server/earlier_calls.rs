//! What agents have dialled outside today counts against their daily limits also when the process begins anew.

use crate::{
    domain::centre::DialDay, domain::directory::Directory, store::Db, store::dialled, switch::Switch, types::Timestamp,
};

/// Tells the switch how many calls out each agent has made on this day of the centre's zone. Without an answer of the database the
/// day begins anew: calls must not wait for it.
pub async fn count_earlier_calls(db: &Db, directory: &Directory, now: Timestamp, switch: &mut Switch) {
    let Some(day) = DialDay::of(&directory.centre.time_zone, now) else { return };
    match dialled::calls_out_since(db, day.began_at).await {
        Ok(calls) => switch.count_earlier_calls(day, calls),
        Err(fault) => tracing::error!(%fault, "today's calls out are not known; the daily limits count from now on"),
    }
}
