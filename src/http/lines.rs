//! The published IVR lines: what numbers can lead to, and the words for the reasons and places that calls carry. And the prompts
//! that queues can say.

use axum::{Json, extract::State, routing::get};
use utoipa::OpenApi;

use super::{ApiError, AppState, Page, Routes, Signed};
use crate::app::{
    actor::Permission,
    directory::{PublishedLine, SharedPrompt},
};

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(list, prompts, music))]
pub struct Doc;

/// Its routes.
pub fn routes() -> Routes {
    let routes = Routes::needing(&[Permission::SeeDirectory]).route("/api/v1/lines", get(list));
    routes.route("/api/v1/prompts", get(prompts)).route("/api/v1/music", get(music))
}

/// All of them, by key. Lines are files of the server (`ivr.scripts`), so none is made or changed here.
#[utoipa::path(get, path = "/api/v1/lines", tag = "lines", responses((status = 200, body = Page<PublishedLine>)))]
async fn list(State(state): State<AppState>, Signed(actor): Signed) -> Result<Json<Page<PublishedLine>>, ApiError> {
    Ok(Json(Page::all(state.centre.lines(&actor)?)))
}

/// The recordings that a queue's messages can name, by key. Digits and numbers, which are pieces of sentences, are left out.
#[utoipa::path(get, path = "/api/v1/prompts", tag = "lines", responses((status = 200, body = Page<SharedPrompt>)))]
async fn prompts(State(state): State<AppState>, Signed(actor): Signed) -> Result<Json<Page<SharedPrompt>>, ApiError> {
    Ok(Json(Page::all(state.centre.prompts(&actor)?)))
}

/// What a queue can play to those who wait, by name: the recordings of the scripts' folder `music`.
#[utoipa::path(get, path = "/api/v1/music", tag = "lines", responses((status = 200, body = Vec<String>)))]
async fn music(State(state): State<AppState>, Signed(actor): Signed) -> Result<Json<Vec<String>>, ApiError> {
    Ok(Json(state.centre.music(&actor)?))
}
