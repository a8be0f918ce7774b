//! `/healthz`: the process lives. `/readyz`: it takes calls and requests.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{extract::State, routing::get};
use utoipa::OpenApi;

use super::{AppState, Routes, error::ApiError};

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(healthz, readyz))]
pub struct Doc;

/// Whether the node takes calls and requests; set by the composition root.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    /// From now on.
    pub fn set(&self, is_ready: bool) {
        self.0.store(is_ready, Ordering::Release);
    }

    /// Now.
    pub fn is_ready(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Both routes; no sign-in.
pub fn routes() -> Routes {
    Routes::public().route("/healthz", get(healthz)).route("/readyz", get(readyz))
}

/// The process lives.
#[utoipa::path(get, path = "/healthz", tag = "health", security(()), responses((status = 200, description = "`ok`")))]
async fn healthz() -> &'static str {
    "ok\n"
}

/// The node takes calls and requests.
#[utoipa::path(get, path = "/readyz", tag = "health", security(()),
    responses((status = 200, description = "`ready`"), (status = 503, description = "Starting or stopping")))]
async fn readyz(State(state): State<AppState>) -> Result<&'static str, ApiError> {
    if state.readiness.is_ready() { Ok("ready\n") } else { Err(ApiError::unavailable("The server is starting or stopping.")) }
}
