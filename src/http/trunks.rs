//! Trunks at work: whether their other sides answer, whether carriers have our registration, how many calls they carry. What is set
//! up of them stands in `directory.rs`.

use axum::{Json, extract::State, routing::get};
use utoipa::OpenApi;

use super::{ApiError, AppState, Page, Routes, Signed};
use crate::{app::actor::Permission, domain::trunk::TrunkView};

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(list))]
pub struct Doc;

/// Its route.
pub fn routes() -> Routes {
    Routes::needing(&[Permission::Supervise]).route("/api/v1/trunk-states", get(list))
}

/// Every active trunk as it is now, by key.
#[utoipa::path(get, path = "/api/v1/trunk-states", tag = "trunks", responses((status = 200, body = Page<TrunkView>)))]
async fn list(State(state): State<AppState>, Signed(actor): Signed) -> Result<Json<Page<TrunkView>>, ApiError> {
    actor.require(Permission::Supervise)?;
    let floor = state.switch.snapshot().await.ok_or_else(|| ApiError::unavailable("The server is stopping."))?;
    Ok(Json(Page::all(floor.trunks)))
}
