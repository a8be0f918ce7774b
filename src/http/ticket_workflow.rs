//! The workflow of tickets as text: read, checked, saved as a new version.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{ApiError, AppState, Body, Id, Page, Routes, Signed};
use crate::{
    app::{actor::Permission, tickets::SavedWorkflow},
    domain::ticket::Workflow,
};

/// Routes of this resource.
pub fn routes() -> Routes {
    let set_up = Routes::needing(&[Permission::Administer])
        .route("/api/v1/ticket-workflow/check", post(check))
        .route("/api/v1/ticket-workflow", axum::routing::put(save));
    Routes::needing(&[Permission::WorkTickets])
        .route("/api/v1/ticket-workflow", get(find))
        .route("/api/v1/ticket-workflow/versions", get(versions))
        .route("/api/v1/ticket-workflow/versions/{version}", get(version))
        .merge(set_up)
}

/// This resource's part of the description.
#[derive(OpenApi)]
#[openapi(paths(find, save, check, versions, version))]
pub struct Doc;

/// The workflow that holds.
#[derive(Debug, Serialize, ToSchema)]
struct WorkflowView {
    /// Its text.
    #[serde(flatten)]
    saved: SavedWorkflow,
    /// What the text says.
    #[schema(value_type = Workflow)]
    workflow: Arc<Workflow>,
}

/// A text to be saved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WorkflowToSave {
    /// The version that was seen, 0 for the built-in one.
    version: i64,
    /// TOML, at most 131,072 octets.
    text: String,
}

/// A text to be looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WorkflowText {
    /// TOML, at most 131,072 octets.
    text: String,
}

/// The workflow of tickets that holds: types, states, moves, fields.
#[utoipa::path(get, path = "/api/v1/ticket-workflow", tag = "tickets", responses((status = 200, body = WorkflowView)))]
async fn find(State(state): State<AppState>, Signed(actor): Signed) -> Result<Json<WorkflowView>, ApiError> {
    let (saved, workflow) = state.tickets.workflow(&actor)?;
    Ok(Json(WorkflowView { saved, workflow }))
}

/// Saves a text as the next version, which holds from then on. With mistakes, or while tickets stand in a state that it loses, the
/// running one stays.
#[utoipa::path(put, path = "/api/v1/ticket-workflow", tag = "tickets", request_body = WorkflowToSave, responses(
    (status = 200, body = WorkflowView), (status = 409, body = super::Problem), (status = 422, body = super::Problem)))]
async fn save(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Body(wanted): Body<WorkflowToSave>,
) -> Result<Json<WorkflowView>, ApiError> {
    let (saved, workflow) = state.tickets.save_workflow(&actor, wanted.version, wanted.text).await?;
    Ok(Json(WorkflowView { saved, workflow }))
}

/// What a text would make; nothing is saved.
#[utoipa::path(post, path = "/api/v1/ticket-workflow/check", tag = "tickets", request_body = WorkflowText, responses(
    (status = 200, body = Workflow), (status = 409, body = super::Problem), (status = 422, body = super::Problem)))]
async fn check(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Body(wanted): Body<WorkflowText>,
) -> Result<Json<Workflow>, ApiError> {
    Ok(Json(state.tickets.check_workflow(&actor, &wanted.text).await?))
}

/// Saved versions, newest first.
#[utoipa::path(get, path = "/api/v1/ticket-workflow/versions", tag = "tickets",
    responses((status = 200, body = Page<SavedWorkflow>)))]
async fn versions(State(state): State<AppState>, Signed(actor): Signed) -> Result<Json<Page<SavedWorkflow>>, ApiError> {
    Ok(Json(Page::all(state.tickets.workflow_versions(&actor).await?)))
}

/// One saved version; 0 is the built-in one.
#[utoipa::path(get, path = "/api/v1/ticket-workflow/versions/{version}", tag = "tickets", params(("version" = i64, Path)),
    responses((status = 200, body = SavedWorkflow), (status = 404, body = super::Problem)))]
async fn version(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(version): Id<i64>,
) -> Result<Json<SavedWorkflow>, ApiError> {
    Ok(Json(state.tickets.workflow_version(&actor, version).await?))
}
