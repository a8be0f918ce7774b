//! How far each reader of the event stream has come.

use super::{Db, Lane, StoreFault, Tx, binds, journal::Cursor, sql};
use crate::types::Timestamp;

sql! {
    READ = "SELECT position FROM cursor_position WHERE reader = $1";
    SAVE = "INSERT INTO cursor_position (reader, position, updated_at) VALUES ($1, $2, $3)
        ON CONFLICT (reader) DO UPDATE SET position = excluded.position, updated_at = excluded.updated_at";
}

/// The place behind the last event that a reader has dealt with; the beginning for a new one.
pub async fn read(db: &Db, reader: &str) -> Result<Cursor, StoreFault> {
    let row: Option<(String,)> = db.fetch_optional(&READ, binds![reader]).await?;
    row.map_or(Ok(Cursor::default()), |(text,)| {
        text.parse().map_err(|error| StoreFault::unreadable("cursor_position.position", error))
    })
}

/// Moves a reader on.
pub async fn save(db: &Db, reader: &'static str, cursor: &Cursor, at: Timestamp) -> Result<(), StoreFault> {
    let position = cursor.to_string();
    db.write(Lane::Background, move |tx: &mut Tx| {
        Box::pin(async move {
            tx.execute(&SAVE, binds![reader, position, at]).await?;
            Ok::<_, StoreFault>(())
        })
    })
    .await
}
