//! An agent's presence as a resource: one's own, or by a supervisor anyone's.

use axum::{Json, extract::State, routing::put};
use utoipa::OpenApi;

use super::{ApiError, AppState, Body, Id, Routes, Signed};
use crate::{
    app::{actor::Permission, field_problem::Flaw, switch_handle::CommandFailure},
    domain::centre::{AgentView, CentreCommand, WantedPresence},
    types::AgentId,
};

/// Longest pause reason.
const REASON_CHARS_MAX: usize = 40;

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(find, set))]
pub struct Doc;

/// Its route.
pub fn routes() -> Routes {
    Routes::needing(&[Permission::TakeCalls, Permission::Supervise]).route("/api/v1/agents/{id}/presence", put(set).get(find))
}

/// An agent's state now.
#[utoipa::path(get, path = "/api/v1/agents/{id}/presence", tag = "agents", params(("id" = String, Path)), responses(
    (status = 200, body = AgentView), (status = 403, body = super::Problem), (status = 404, body = super::Problem)))]
async fn find(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(agent): Id<AgentId>,
) -> Result<Json<AgentView>, ApiError> {
    actor.require(if actor.agent() == agent { Permission::TakeCalls } else { Permission::Supervise })?;
    view(&state, &agent).await
}

/// Ready, paused with a reason, or offline. During a call it takes effect after it.
#[utoipa::path(put, path = "/api/v1/agents/{id}/presence", tag = "agents", params(("id" = String, Path)),
    request_body = WantedPresence, responses((status = 200, body = AgentView), (status = 403, body = super::Problem),
    (status = 404, body = super::Problem), (status = 409, body = super::Problem), (status = 422, body = super::Problem)))]
async fn set(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(agent): Id<AgentId>,
    Body(wanted): Body<WantedPresence>,
) -> Result<Json<AgentView>, ApiError> {
    actor.require(if actor.agent() == agent { Permission::TakeCalls } else { Permission::Supervise })?;
    if matches!(&wanted, WantedPresence::Paused { reason } if reason.chars().count() > REASON_CHARS_MAX) {
        return Err(ApiError::invalid("reason", Flaw::NotAKey));
    }
    let command = CentreCommand::SetPresence { agent: agent.clone(), wanted };
    state.switch.command(actor.in_events(), command).await.map_err(|failure| match failure {
        CommandFailure::Refused(refusal) => refusal.into(),
        CommandFailure::Stopped => ApiError::unavailable("The server is stopping."),
    })?;
    view(&state, &agent).await
}

async fn view(state: &AppState, agent: &AgentId) -> Result<Json<AgentView>, ApiError> {
    let floor = state.switch.snapshot().await.ok_or_else(|| ApiError::unavailable("The server is stopping."))?;
    let found = floor.agents.iter().find(|view| view.id == *agent).ok_or_else(|| ApiError::not_found("agent"))?;
    Ok(Json(AgentView::clone(found)))
}
