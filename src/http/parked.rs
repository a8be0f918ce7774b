//! The calls that are parked now.

use axum::{Json, extract::State, routing::get};
use utoipa::OpenApi;

use super::{ApiError, AppState, Routes, Signed};
use crate::{app::actor::Permission, domain::centre::ParkedCall};

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(list))]
pub struct Doc;

/// Its route.
pub fn routes() -> Routes {
    Routes::needing(&[Permission::TakeCalls]).route("/api/v1/parked-calls", get(list))
}

/// The calls that are parked now, by slot. They are taken in the console, or by a telephone that dials `number`.
#[utoipa::path(get, path = "/api/v1/parked-calls", tag = "calls", responses(
    (status = 200, body = Vec<ParkedCall>), (status = 403, body = super::Problem)))]
async fn list(State(state): State<AppState>, Signed(actor): Signed) -> Result<Json<Vec<ParkedCall>>, ApiError> {
    actor.require(Permission::TakeCalls)?;
    let floor = state.switch.snapshot().await.ok_or_else(|| ApiError::unavailable("The server is stopping."))?;
    let mut parked: Vec<ParkedCall> = floor.calls.iter().filter_map(|call| call.parked()).collect();
    parked.sort_by_key(|call| call.slot);
    Ok(Json(parked))
}
