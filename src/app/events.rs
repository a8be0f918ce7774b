//! The stream of events for programs, read behind a cursor without gaps; and for people the audit trail, newest first.

use super::{
    actor::{Actor, Forbidden, Permission},
    paging::Part,
};
use crate::{
    domain::event::EventRecord,
    store::{
        Db, StoreFault, audit,
        journal::{self, Cursor, Page},
    },
};

pub use crate::store::audit::{AuditFilter, AuditPlace, AuditedArea};

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
        let cursor: Option<Cursor> = cursor.map(str::parse).transpose()?;
        // Behind a cursor of before a restore there would be silence, or a gap that nobody sees.
        if let Some(cursor) = &cursor
            && !journal::holds(&self.db, cursor).await?
        {
            return Err(journal::InvalidCursor.into());
        }
        let cursor = cursor.unwrap_or_default();
        Ok(journal::events_after(&self.db, &cursor, limit).await?)
    }

    /// The audit trail, newest first, behind the place `after`.
    pub async fn audit(
        &self,
        actor: &Actor,
        filter: &AuditFilter,
        after: Option<AuditPlace>,
        limit: i64,
    ) -> Result<Part<EventRecord, AuditPlace>, EventsFault> {
        actor.require(Permission::ReadEvents)?;
        let found = audit::latest(&self.db, filter, after, limit + 1).await?;
        Ok(Part::cut(found, limit, audit::place_of))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            access::{AccessEvent, AccessEventKind, Role},
            call::{CallEvent, CallEventKind},
            directory::{DirectoryEvent, DirectoryEventKind, Thing},
            event::{Actor as By, Event},
        },
        store::{
            Lane, NewEvent,
            testing::{TEST_TIME, TestDb},
        },
        types::{CallId, Rng},
    };

    fn of(role: Role) -> Actor {
        Actor::person("ana".parse().unwrap(), role)
    }

    /// One event per second: a sign-in, a call, a change of a queue, by turns.
    async fn live_through(test: &TestDb, seconds: i64) {
        for second in 0..seconds {
            let user = if second % 2 == 0 { "ana" } else { "ben" };
            let event = match second % 3 {
                0 => Event::Access(AccessEvent {
                    user: user.parse().unwrap(),
                    kind: AccessEventKind::SignedIn { address: None },
                }),
                1 => Event::Call(CallEvent {
                    call: CallId::mint(TEST_TIME, &mut Rng::seeded(1)),
                    kind: CallEventKind::Arrived { number: "1001".into(), trunk: None, session_id: None },
                }),
                _ => Event::Directory(DirectoryEvent {
                    thing: Thing::Queue,
                    key: "sales".into(),
                    kind: DirectoryEventKind::Made,
                }),
            };
            let new = NewEvent::new(TEST_TIME.plus_millis(second * 1_000), By::User { user: user.parse().unwrap() }, event);
            let done: Result<bool, StoreFault> = test.db.write(Lane::People, move |tx| Box::pin(tx.emit(new))).await;
            done.unwrap();
        }
    }

    fn seconds(records: &[EventRecord]) -> Vec<i64> {
        records.iter().map(|record| record.at.millis_since(TEST_TIME) / 1_000).collect()
    }

    #[tokio::test]
    async fn only_supervisors_read_the_stream_and_only_with_a_cursor_of_ours() {
        let test = TestDb::sqlite().await;
        let events = Events::new(test.db.clone());
        assert!(matches!(events.after(&of(Role::Agent), None, 10).await, Err(EventsFault::Forbidden(_))));
        let page = events.after(&of(Role::Supervisor), None, 10).await.unwrap();
        assert!(page.records.is_empty());
        assert_eq!(events.after(&of(Role::Supervisor), Some(&page.next.to_string()), 10).await.unwrap(), page);
        for text in ["x", "bm9kZTE", "bm9kZTE6LXg", "%%"] {
            let fault = events.after(&of(Role::Supervisor), Some(text), 10).await;
            assert!(matches!(fault, Err(EventsFault::InvalidCursor(_))), "{text}");
        }
    }

    #[tokio::test]
    async fn the_audit_trail_is_narrowed_by_area_thing_doer_and_time_and_knows_no_calls() {
        for test in TestDb::each().await {
            live_through(&test, 12).await;
            let (events, sue) = (Events::new(test.db.clone()), of(Role::Supervisor));
            let at = |second: i64| Some(TEST_TIME.plus_millis(second * 1_000));
            let all = AuditFilter::default;
            for (filter, found) in [
                (all(), vec![11, 9, 8, 6, 5, 3, 2, 0]),
                (AuditFilter { area: Some(AuditedArea::Access), ..all() }, vec![9, 6, 3, 0]),
                (AuditFilter { area: Some(AuditedArea::Directory), ..all() }, vec![11, 8, 5, 2]),
                (AuditFilter { thing: Some("user".into()), key: Some("ana".into()), ..all() }, vec![6, 0]),
                (AuditFilter { thing: Some("queue".into()), key: Some("support".into()), ..all() }, vec![]),
                (AuditFilter { actor: "ben".parse().ok(), ..all() }, vec![11, 9, 5, 3]),
                (AuditFilter { from: at(3), to: at(8), ..all() }, vec![6, 5, 3]),
            ] {
                let records = events.audit(&sue, &filter, None, 50).await.unwrap();
                assert_eq!(seconds(&records.items), found, "{filter:?} on {test:?}");
            }
            assert!(matches!(events.audit(&of(Role::Agent), &all(), None, 50).await, Err(EventsFault::Forbidden(_))));
        }
    }

    #[tokio::test]
    async fn pages_of_the_audit_trail_follow_each_other_without_gap_or_repetition() {
        for test in TestDb::each().await {
            live_through(&test, 12).await;
            let (events, sue) = (Events::new(test.db.clone()), of(Role::Supervisor));
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let page = events.audit(&sue, &AuditFilter::default(), after.take(), 3).await.unwrap();
                seen.extend(seconds(&page.items));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(seen, [11, 9, 8, 6, 5, 3, 2, 0], "on {test:?}");
        }
    }
}
