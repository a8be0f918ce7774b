//! The stream of events for programs, and the audit trail for people.

use axum::{Json, extract::State, routing::get};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use super::{ApiError, AppState, Page, PageParams, Params, Routes, Signed};
use crate::{
    app::{
        actor::Permission,
        events::{AuditFilter, AuditedArea, EventsFault},
        field_problem::Flaw,
    },
    domain::event::EventRecord,
    types::{Timestamp, UserId},
};

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(after, audit))]
pub struct Doc;

/// Its routes.
pub fn routes() -> Routes {
    Routes::needing(&[Permission::ReadEvents]).route("/api/v1/events", get(after)).route("/api/v1/audit", get(audit))
}

/// What the audit trail is narrowed by.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Of one area only.
    #[param(inline)]
    area: Option<AuditedArea>,
    /// What kind of thing it happened to: `user`, `queue`, `number`, …
    thing: Option<String>,
    /// Key of the thing.
    key: Option<String>,
    /// The user who did it.
    actor: Option<UserId>,
    /// Not before.
    from: Option<Timestamp>,
    /// Before.
    to: Option<Timestamp>,
}

/// Events behind a cursor, oldest first, without gaps. `next` is always given: ask again with it to go on. At least once: a
/// program that keeps its cursor after its own work may see an event twice, never not at all.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", params(PageParams), responses(
    (status = 200, body = Page<EventRecord>), (status = 422, body = super::Problem)))]
async fn after(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<EventRecord>>, ApiError> {
    let found = state.events.after(&actor, page.after.as_deref(), page.limit()?).await?;
    Ok(Json(Page { items: found.records, next: Some(found.next.to_string()) }))
}

/// Who came in and what was set up, newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "events", params(Filter, PageParams), responses(
    (status = 200, body = Page<EventRecord>), (status = 422, body = super::Problem)))]
async fn audit(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Params(filter): Params<Filter>,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<EventRecord>>, ApiError> {
    let (limit, after) = (page.limit()?, page.after()?);
    let Filter { area, thing, key, actor: by, from, to } = filter;
    let filter = AuditFilter { area, thing, key, actor: by, from, to };
    Ok(Json(state.events.audit(&actor, &filter, after, limit).await?.into()))
}

impl From<EventsFault> for ApiError {
    fn from(fault: EventsFault) -> Self {
        match fault {
            EventsFault::Forbidden(forbidden) => forbidden.into(),
            EventsFault::InvalidCursor(_) => Self::invalid("after", Flaw::NotACursor),
            EventsFault::Store(fault) => fault.into(),
        }
    }
}
