//! The stream of events for programs.

use axum::{Json, Router, extract::State, routing::get};
use utoipa::OpenApi;

use super::{ApiError, AppState, Page, PageParams, Params, Signed};
use crate::{app::events::EventsFault, domain::event::EventRecord};

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(after))]
pub struct Doc;

/// Its route.
pub fn routes() -> Router<AppState> {
    Router::new().route("/api/v1/events", get(after))
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

impl From<EventsFault> for ApiError {
    fn from(fault: EventsFault) -> Self {
        match fault {
            EventsFault::Forbidden(forbidden) => forbidden.into(),
            EventsFault::InvalidCursor(_) => Self::invalid(
                "after",
                "not a cursor of this stream",
                "Use `next` of an earlier answer, or none to begin at the start",
            ),
            EventsFault::Store(fault) => fault.into(),
        }
    }
}
