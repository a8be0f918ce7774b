//! Gives rows from before version 4 of the schema the text that a search without case and accents looks at: no engine's SQL can
//! make it. Many rows in one statement, and told as it goes: with years of calls it takes minutes, once.

use super::{Db, Lane, Sql, StoreFault, Tx, Val, binds, sql};
use crate::{
    domain::customer::identity,
    types::{Clock, Mono},
};

/// Rows in one write.
const ROWS_PER_WRITE: i64 = 2_000;
/// How far it is, is told this often.
const TOLD_EVERY_MS: u64 = 5_000;

sql! {
    COUNT_TICKETS = "SELECT CAST(COUNT(*) AS BIGINT) FROM ticket WHERE plain_subject IS NULL";
    TICKETS = "SELECT id, subject FROM ticket WHERE plain_subject IS NULL ORDER BY id LIMIT $1";
    SAVE_TICKETS = (rows
        "UPDATE ticket SET plain_subject = made.plain FROM (SELECT value ->> 0 AS id, value ->> 1 AS plain FROM"
        ") AS made WHERE ticket.id = made.id");
    COUNT_CALLS = "SELECT CAST(COUNT(*) AS BIGINT) FROM call WHERE plain_label IS NULL AND customer_label IS NOT NULL";
    CALLS = "SELECT id, customer_label FROM call WHERE plain_label IS NULL AND customer_label IS NOT NULL ORDER BY id LIMIT $1";
    SAVE_CALLS = (rows
        "UPDATE call SET plain_label = made.plain FROM (SELECT value ->> 0 AS id, value ->> 1 AS plain FROM"
        ") AS made WHERE call.id = made.id");
}

/// Rows of one table that may lack their text.
struct Family {
    name: &'static str,
    count: &'static Sql,
    find: &'static Sql,
    save: &'static Sql,
}

const FAMILIES: [Family; 2] = [
    Family { name: "tickets", count: &COUNT_TICKETS, find: &TICKETS, save: &SAVE_TICKETS },
    Family { name: "calls", count: &COUNT_CALLS, find: &CALLS, save: &SAVE_CALLS },
];

/// Every row that has none yet, some at a time. With none to do it costs two looks at empty indexes.
pub(super) async fn fill(db: &Db, clock: &dyn Clock) -> Result<(), StoreFault> {
    for family in FAMILIES {
        fill_family(db, &family, clock).await?;
    }
    Ok(())
}

async fn fill_family(db: &Db, Family { name, count, find, save }: &Family, clock: &dyn Clock) -> Result<(), StoreFault> {
    let (find, save) = (*find, *save);
    let all = db.fetch_optional::<(i64,)>(count, binds![]).await?.map_or(0, |row| row.0);
    if all == 0 {
        return Ok(());
    }
    tracing::info!(rows = all, "giving {name} of before this version the text that they are searched by");
    let (mut done, mut told): (i64, Mono) = (0, clock.now().mono);
    loop {
        let count = db.write(Lane::Background, move |tx| Box::pin(fill_some(tx, find, save))).await?;
        if count == 0 {
            tracing::info!(rows = done, "{name} of before this version can be searched");
            return Ok(());
        }
        done += count;
        if clock.now().mono.millis_since(told) >= TOLD_EVERY_MS {
            told = clock.now().mono;
            tracing::info!(done, of = all, "{name} get the text that they are searched by");
        }
    }
}

async fn fill_some(tx: &mut Tx, find: &'static Sql, save: &'static Sql) -> Result<i64, StoreFault> {
    let rows = tx.fetch_all::<(String, String)>(find, binds![ROWS_PER_WRITE]).await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let made = rows.iter().map(|(id, text)| binds![id, identity::search_text(text)]);
    tx.execute(save, vec![Val::rows(made)]).await?;
    Ok(i64::try_from(rows.len()).unwrap_or(i64::MAX))
}
