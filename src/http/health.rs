//! `/healthz`: the process lives. `/readyz`: it takes calls and requests, or why it takes no new calls for the moment.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{extract::State, routing::get};
use utoipa::OpenApi;

use super::{AppState, Routes, error::ApiError};
use crate::app::overload::Causes;

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
    responses((status = 200, description = "`ready`; while new calls are refused, a second line says why: `refusing calls: audio`"),
        (status = 503, description = "Starting or stopping")))]
async fn readyz(State(state): State<AppState>) -> Result<String, ApiError> {
    if !state.readiness.is_ready() {
        return Err(ApiError::unavailable("The server is starting or stopping."));
    }
    Ok(ready_text(state.switch.overload()))
}

/// Consoles and standing calls are served while new calls are refused, so that the node stays ready.
fn ready_text(overload: Causes) -> String {
    let causes: Vec<_> = overload.iter().filter(|(_, is_so)| *is_so).map(|(cause, _)| cause).collect();
    if causes.is_empty() { "ready\n".to_owned() } else { format!("ready\nrefusing calls: {}\n", causes.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_refuses_calls_is_ready_and_says_why() {
        assert_eq!(ready_text(Causes::default()), "ready\n");
        let overload = Causes { wire: true, audio: true, ..Causes::default() };
        assert_eq!(ready_text(overload), "ready\nrefusing calls: wire, audio\n");
    }
}
