//! The audit trail: who came in and what was set up, newest first. What happened to a call or a ticket is read with the call or
//! the ticket.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Db, PAGE_MAX, StoreFault, Val, binds, journal::EventRow, sql, tx::actor_text};
use crate::{
    domain::event::{Actor, EventRecord},
    types::{NodeId, Timestamp, UserId},
};

sql! {
    // The first condition is the one of the index `event_audited`, word for word: that is how both engines find it.
    LATEST = "SELECT node, seq, at, actor, cause, data FROM event
        WHERE (kind LIKE 'access.%' OR kind LIKE 'directory.%')
            AND (at, node, seq) < ($1, $2, $3)
            AND at >= $4
            AND (CAST($5 AS TEXT) IS NULL OR kind LIKE $5)
            AND (CAST($6 AS TEXT) IS NULL OR entity = $6)
            AND (CAST($7 AS TEXT) IS NULL OR entity_id = $7)
            AND (CAST($8 AS TEXT) IS NULL OR actor = $8)
        ORDER BY at DESC, node DESC, seq DESC LIMIT $9";
}

/// An area that people answer for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditedArea {
    /// Sign-ins, users, passwords, tokens.
    Access,
    /// What supervisors and administrators set up.
    Directory,
}

/// What the trail is narrowed by.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AuditFilter {
    /// Of one area only.
    pub area: Option<AuditedArea>,
    /// What kind of thing it happened to: `user`, or the word of a thing in the directory.
    pub thing: Option<String>,
    /// Which one.
    pub key: Option<String>,
    /// Who did it.
    pub actor: Option<UserId>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
}

/// The place of an event in the trail.
pub type AuditPlace = (Timestamp, NodeId, i64);

/// Where a record stands.
pub fn place_of(record: &EventRecord) -> AuditPlace {
    (record.at, record.node.clone(), record.seq)
}

/// Events that match, newest first, behind the place `after`.
pub async fn latest(
    db: &Db,
    filter: &AuditFilter,
    after: Option<AuditPlace>,
    limit: i64,
) -> Result<Vec<EventRecord>, StoreFault> {
    // No node's name is empty: before this place is before the time.
    let end = (filter.to.map_or(i64::MAX, Timestamp::as_millis), String::new(), 0);
    let (at, node, seq) = match after {
        Some((at, node, seq)) => (at.as_millis(), node.to_string(), seq).min(end),
        None => end,
    };
    let area = filter.area.map(|area| match area {
        AuditedArea::Access => "access.%",
        AuditedArea::Directory => "directory.%",
    });
    let actor = filter.actor.clone().map(|user| actor_text(&Actor::User { user }));
    let values = binds![
        at,
        node,
        seq,
        filter.from.unwrap_or_default(),
        area,
        Val::text(filter.thing.as_ref()),
        Val::text(filter.key.as_ref()),
        actor,
        limit.clamp(1, PAGE_MAX + 1),
    ];
    db.fetch_all::<EventRow>(&LATEST, values).await?.into_iter().map(EventRecord::try_from).collect()
}
