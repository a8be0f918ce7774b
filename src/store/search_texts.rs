//! Gives rows from before version 4 of the schema the text that a search without case and accents looks at: no engine's SQL can
//! make it.

use super::{Db, Lane, Sql, StoreFault, Tx, binds, sql};
use crate::domain::customer::identity;

/// Rows in one write.
const ROWS_PER_WRITE: i64 = 500;

sql! {
    TICKETS = "SELECT id, subject FROM ticket WHERE plain_subject IS NULL ORDER BY id LIMIT $1";
    SAVE_TICKET = "UPDATE ticket SET plain_subject = $2 WHERE id = $1";
    CALLS = "SELECT id, customer_label FROM call WHERE plain_label IS NULL AND customer_label IS NOT NULL ORDER BY id LIMIT $1";
    SAVE_CALL = "UPDATE call SET plain_label = $2 WHERE id = $1";
}

/// Every row that has none yet, some at a time. With none to do it costs two looks at empty indexes.
pub(super) async fn fill(db: &Db) -> Result<(), StoreFault> {
    for (find, save) in [(&TICKETS, &SAVE_TICKET), (&CALLS, &SAVE_CALL)] {
        while db.write(Lane::Background, move |tx| Box::pin(fill_some(tx, find, save))).await? > 0 {}
    }
    Ok(())
}

async fn fill_some(tx: &mut Tx, find: &'static Sql, save: &'static Sql) -> Result<usize, StoreFault> {
    let rows = tx.fetch_all::<(String, String)>(find, binds![ROWS_PER_WRITE]).await?;
    for (id, text) in &rows {
        tx.execute(save, binds![id, identity::search_text(text)]).await?;
    }
    Ok(rows.len())
}
