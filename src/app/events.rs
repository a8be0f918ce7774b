//! The stream of events for programs: read behind a cursor, without gaps.

use super::actor::{Actor, Forbidden, Permission};
use crate::store::{
    Db, StoreFault,
    journal::{self, Cursor, Page},
};

/// Why events were not read.
#[derive(Debug, thiserror::Error)]
pub enum EventsFault {
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Text that is no cursor.
    #[error(transparent)]
    InvalidCursor(#[from] journal::InvalidCursor),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct Events {
    db: Db,
}

impl Events {
    /// Over this database.
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    /// Events behind a cursor; from the beginning without one. The next cursor is always given, also when there is nothing new.
    pub async fn after(&self, actor: &Actor, cursor: Option<&str>, limit: i64) -> Result<Page, EventsFault> {
        actor.require(Permission::ReadEvents)?;
        let cursor: Cursor = cursor.map(str::parse).transpose()?.unwrap_or_default();
        Ok(journal::events_after(&self.db, &cursor, limit).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::access::Role, store::testing::TestDb};

    #[tokio::test]
    async fn only_supervisors_read_the_stream_and_only_with_a_cursor_of_ours() {
        let test = TestDb::sqlite().await;
        let events = Events::new(test.db.clone());
        let of = |role| Actor::person("ana".parse().unwrap(), role);
        assert!(matches!(events.after(&of(Role::Agent), None, 10).await, Err(EventsFault::Forbidden(_))));
        let page = events.after(&of(Role::Supervisor), None, 10).await.unwrap();
        assert!(page.records.is_empty());
        assert_eq!(events.after(&of(Role::Supervisor), Some(&page.next.to_string()), 10).await.unwrap(), page);
        for text in ["x", "bm9kZTE", "bm9kZTE6LXg", "%%"] {
            let fault = events.after(&of(Role::Supervisor), Some(text), 10).await;
            assert!(matches!(fault, Err(EventsFault::InvalidCursor(_))), "{text}");
        }
    }
}
