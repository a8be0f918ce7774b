//! The published IVR lines: what numbers can lead to, and the words for the reasons and places that calls carry.

use axum::{Json, Router, extract::State, routing::get};
use utoipa::OpenApi;

use super::{ApiError, AppState, Page, Signed};
use crate::app::directory::PublishedLine;

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(list))]
pub struct Doc;

/// Its route.
pub fn routes() -> Router<AppState> {
    Router::new().route("/api/v1/lines", get(list))
}

/// All of them, by key. Lines are files of the server (`ivr.scripts`), so none is made or changed here.
#[utoipa::path(get, path = "/api/v1/lines", tag = "lines", responses((status = 200, body = Page<PublishedLine>)))]
async fn list(State(state): State<AppState>, Signed(actor): Signed) -> Result<Json<Page<PublishedLine>>, ApiError> {
    Ok(Json(Page::all(state.centre.lines(&actor)?)))
}
