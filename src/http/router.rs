//! Every route, and what holds for all of them. A resource adds one line here and one in `openapi.rs`.

use axum::Router;

use super::{ApiError, AppState, health};

/// The whole REST interface.
pub fn router(state: AppState) -> Router {
    Router::new().merge(health::routes()).fallback(unknown).with_state(state)
}

async fn unknown() -> ApiError {
    ApiError::not_found("address")
}
