//! How long one waits in each queue now, for whoever is about to send a caller there.

use axum::{Json, extract::State, routing::get};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{ApiError, AppState, Routes, Signed};
use crate::{
    app::actor::Permission,
    types::{ExpectedWait, QueueId},
};

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(list))]
pub struct Doc;

/// Its route.
pub fn routes() -> Routes {
    Routes::needing(&[Permission::TakeCalls]).route("/api/v1/queue-waits", get(list))
}

/// A queue's line now.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct QueueWait {
    /// Which.
    queue: QueueId,
    /// How many wait.
    waiting: i64,
    /// How long whoever comes now is expected to wait, rounded; `None` while too little is known, or nobody serves it.
    expected_wait: Option<ExpectedWait>,
}

/// How many wait in each queue, and how long whoever comes now is expected to wait.
#[utoipa::path(get, path = "/api/v1/queue-waits", tag = "calls", responses(
    (status = 200, body = Vec<QueueWait>), (status = 403, body = super::Problem)))]
async fn list(State(state): State<AppState>, Signed(actor): Signed) -> Result<Json<Vec<QueueWait>>, ApiError> {
    actor.require(Permission::TakeCalls)?;
    let floor = state.switch.snapshot().await.ok_or_else(|| ApiError::unavailable("The server is stopping."))?;
    let wait = |view: &std::sync::Arc<crate::domain::centre::QueueView>| QueueWait {
        queue: view.id.clone(),
        waiting: view.waiting,
        expected_wait: view.expected_wait,
    };
    Ok(Json(floor.queues.iter().map(wait).collect()))
}
