//! A supervisor at calls that go on: listening, speaking, taking over. The ears are those of the supervisor's own console, which is open
//! in a browser; what is asked here is written down as it is when asked there.

use axum::{
    extract::State,
    http::StatusCode,
    routing::{post, put},
};
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

use super::{ApiError, AppState, Body, Id, Routes, Signed, waiting::carry_out};
use crate::{
    app::actor::Permission,
    domain::{call::Supervision, centre::CentreCommand},
    types::CallId,
};

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(supervise, end, take_over))]
pub struct Doc;

/// Its routes.
pub fn routes() -> Routes {
    Routes::needing(&[Permission::Supervise])
        .route("/api/v1/calls/{id}/supervision", put(supervise).delete(end))
        .route("/api/v1/calls/{id}/take-over", post(take_over))
}

/// How a supervisor is on a call.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct SupervisionAsked {
    /// Whom the supervisor speaks to: `listen` to nobody, `whisper` to the agent, `barge` to everybody.
    mode: Supervision,
}

/// Opens the supervisor's ears on a call, or changes whom the supervisor speaks to. The console must be open in a browser, with its audio.
#[utoipa::path(put, path = "/api/v1/calls/{id}/supervision", tag = "calls", params(("id" = String, Path)),
    request_body = SupervisionAsked, responses((status = 204, description = "The supervisor hears the call"),
    (status = 403, body = super::Problem), (status = 409, body = super::Problem)))]
async fn supervise(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(call): Id<CallId>,
    Body(SupervisionAsked { mode }): Body<SupervisionAsked>,
) -> Result<StatusCode, ApiError> {
    actor.require(Permission::Supervise)?;
    carry_out(&state, &actor, CentreCommand::Supervise { supervisor: actor.agent(), call, mode }).await
}

/// Closes them again, whatever call they are on.
#[utoipa::path(delete, path = "/api/v1/calls/{id}/supervision", tag = "calls", params(("id" = String, Path)),
    responses((status = 204, description = "The supervisor hears no call"), (status = 403, body = super::Problem),
    (status = 409, body = super::Problem)))]
async fn end(State(state): State<AppState>, Signed(actor): Signed, Id(_): Id<CallId>) -> Result<StatusCode, ApiError> {
    actor.require(Permission::Supervise)?;
    carry_out(&state, &actor, CentreCommand::EndSupervision { supervisor: actor.agent() }).await
}

/// A supervisor who hears the call becomes its agent, without a ring or a pause; whoever was it wraps up.
#[utoipa::path(post, path = "/api/v1/calls/{id}/take-over", tag = "calls", params(("id" = String, Path)),
    responses((status = 204, description = "The call is the supervisor's"), (status = 403, body = super::Problem),
    (status = 409, body = super::Problem)))]
async fn take_over(State(state): State<AppState>, Signed(actor): Signed, Id(call): Id<CallId>) -> Result<StatusCode, ApiError> {
    actor.require(Permission::Supervise)?;
    carry_out(&state, &actor, CentreCommand::TakeOver { supervisor: actor.agent(), call }).await
}
