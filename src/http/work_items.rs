//! Work items: what agents do beside calls, such as messages of callers. The console learns of offers by the agent's own view on the
//! socket; what is done with them is asked here.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{ApiError, AppState, Body, Id, Page, PageParams, Params, Routes, Signed};
use crate::{
    app::{
        actor::Permission,
        switch_handle::CommandFailure,
        work_items::{OwnMove, WorkCounts, WorkFault, WorkFilter, WorkItemView},
    },
    domain::{event::EventRecord, work::WorkItem},
    types::{AgentId, DispositionId, QueueId, Timestamp, WorkItemId},
};

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(list, counts, find, history, accept, decline, done, give_back, close), components(schemas(WorkStateName)))]
pub struct Doc;

/// Its routes.
pub fn routes() -> Routes {
    Routes::needing(&[Permission::TakeCalls, Permission::Supervise])
        .route("/api/v1/work-items", get(list))
        .route("/api/v1/work-items/counts", get(counts))
        .route("/api/v1/work-items/{id}", get(find))
        .route("/api/v1/work-items/{id}/history", get(history))
        .route("/api/v1/work-items/{id}/accept", post(accept))
        .route("/api/v1/work-items/{id}/decline", post(decline))
        .route("/api/v1/work-items/{id}/done", post(done))
        .route("/api/v1/work-items/{id}/give-back", post(give_back))
        .route("/api/v1/work-items/{id}/close", post(close))
}

/// What a list of work items is narrowed by.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Those that are over, the last one first. Without it those that are not, the first in line first.
    #[serde(default)]
    is_ended: bool,
    /// Whose.
    queue: Option<QueueId>,
    /// Offered to this agent, open there, or done by it.
    agent: Option<AgentId>,
    /// Where they stand; with `done` and `closed` goes `is_ended`.
    state: Option<WorkStateName>,
}

/// Where a work item stands.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkStateName {
    /// In line.
    Waiting,
    /// Offered to an agent.
    Offered,
    /// Open at an agent.
    Accepted,
    /// Done.
    Done,
    /// Closed without being done.
    Closed,
}

impl WorkStateName {
    const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Offered => "offered",
            Self::Accepted => "accepted",
            Self::Done => "done",
            Self::Closed => "closed",
        }
    }
}

/// Between two times.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Stretch {
    /// Came at this time or later.
    from: Timestamp,
    /// Came before.
    to: Timestamp,
}

/// How a work item was done.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct WorkDone {
    /// What it was about; required where the queue asks for that after calls.
    #[serde(default)]
    disposition: Option<DispositionId>,
}

/// What became of a queue's work items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct QueueWork {
    /// Whose.
    queue: String,
    /// Came.
    added: i64,
    /// In line now.
    waiting: i64,
    /// Open at agents now.
    accepted: i64,
    /// Done.
    done: i64,
    /// Closed without being done.
    closed: i64,
    /// Times that they were offered.
    offers: i64,
    /// Times that they went back to their place.
    returns: i64,
    /// Milliseconds that agents had them open, those that are open now not counted.
    open_ms: i64,
}

/// Work items that match. Who may not see the whole floor sees the own ones.
#[utoipa::path(get, path = "/api/v1/work-items", tag = "work items", params(Filter, PageParams), responses(
    (status = 200, body = Page<WorkItem>), (status = 422, body = super::Problem)))]
async fn list(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Params(filter): Params<Filter>,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<WorkItem>>, ApiError> {
    let (limit, after) = (page.limit()?, page.after()?);
    let state_word = filter.state.map(WorkStateName::word);
    let filter = WorkFilter { is_ended: filter.is_ended, queue: filter.queue, agent: filter.agent, state: state_word };
    Ok(Json(state.work_items.list(&actor, filter, after, limit).await?.into()))
}

/// What became of the work items that came between two times, by queue. They are no calls and count in no service level. For
/// supervisors.
#[utoipa::path(get, path = "/api/v1/work-items/counts", tag = "work items", params(Stretch), responses(
    (status = 200, body = Vec<QueueWork>), (status = 403, body = super::Problem)))]
async fn counts(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Params(stretch): Params<Stretch>,
) -> Result<Json<Vec<QueueWork>>, ApiError> {
    let counted = state.work_items.counts(&actor, stretch.from, stretch.to).await?;
    Ok(Json(counted.into_iter().map(QueueWork::from).collect()))
}

/// One work item, with its ticket. Agents see those that are offered to them, open at them, or done by them.
#[utoipa::path(get, path = "/api/v1/work-items/{id}", tag = "work items", params(("id" = String, Path)), responses(
    (status = 200, body = WorkItemView), (status = 404, body = super::Problem)))]
async fn find(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<WorkItemId>,
) -> Result<Json<WorkItemView>, ApiError> {
    Ok(Json(state.work_items.find(&actor, id).await?))
}

/// Everything that happened to a work item, oldest first; each offer with the decision: who was free, how they stood, and why this agent
/// was asked. For supervisors.
#[utoipa::path(get, path = "/api/v1/work-items/{id}/history", tag = "work items", params(("id" = String, Path)), responses(
    (status = 200, body = Vec<EventRecord>), (status = 404, body = super::Problem)))]
async fn history(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<WorkItemId>,
) -> Result<Json<Vec<EventRecord>>, ApiError> {
    Ok(Json(state.work_items.history(&actor, id).await?))
}

/// The agent takes what is offered to it.
#[utoipa::path(post, path = "/api/v1/work-items/{id}/accept", tag = "work items", params(("id" = String, Path)), responses(
    (status = 204, description = "It is open at the agent"), (status = 404, body = super::Problem),
    (status = 409, body = super::Problem)))]
async fn accept(State(state): State<AppState>, Signed(actor): Signed, Id(id): Id<WorkItemId>) -> Result<StatusCode, ApiError> {
    state.work_items.act(&actor, id, OwnMove::Accept).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The agent does not want what is offered to it, which counts like a call that is not answered.
#[utoipa::path(post, path = "/api/v1/work-items/{id}/decline", tag = "work items", params(("id" = String, Path)), responses(
    (status = 204, description = "It keeps its place"), (status = 404, body = super::Problem),
    (status = 409, body = super::Problem)))]
async fn decline(State(state): State<AppState>, Signed(actor): Signed, Id(id): Id<WorkItemId>) -> Result<StatusCode, ApiError> {
    state.work_items.act(&actor, id, OwnMove::Decline).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is open at the agent is done.
#[utoipa::path(post, path = "/api/v1/work-items/{id}/done", tag = "work items", params(("id" = String, Path)),
    request_body = WorkDone, responses((status = 204, description = "It is over"), (status = 404, body = super::Problem),
    (status = 409, body = super::Problem)))]
async fn done(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<WorkItemId>,
    Body(done): Body<WorkDone>,
) -> Result<StatusCode, ApiError> {
    state.work_items.act(&actor, id, OwnMove::Done { disposition: done.disposition }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is open at the agent goes back to its place in line.
#[utoipa::path(post, path = "/api/v1/work-items/{id}/give-back", tag = "work items", params(("id" = String, Path)), responses(
    (status = 204, description = "It is in line again"), (status = 404, body = super::Problem),
    (status = 409, body = super::Problem)))]
async fn give_back(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<WorkItemId>,
) -> Result<StatusCode, ApiError> {
    state.work_items.act(&actor, id, OwnMove::GiveBack).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a work item off the floor, wherever it is; its ticket stays. For supervisors.
#[utoipa::path(post, path = "/api/v1/work-items/{id}/close", tag = "work items", params(("id" = String, Path)), responses(
    (status = 204, description = "Nobody is offered it any more"), (status = 403, body = super::Problem),
    (status = 404, body = super::Problem)))]
async fn close(State(state): State<AppState>, Signed(actor): Signed, Id(id): Id<WorkItemId>) -> Result<StatusCode, ApiError> {
    state.work_items.close(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<WorkCounts> for QueueWork {
    fn from(counts: WorkCounts) -> Self {
        let WorkCounts { queue, added, waiting, accepted, done, closed, offers, returns, open_ms } = counts;
        Self { queue, added, waiting, accepted, done, closed, offers, returns, open_ms }
    }
}

impl From<WorkFault> for ApiError {
    fn from(fault: WorkFault) -> Self {
        match fault {
            WorkFault::NotFound => Self::not_found("work item"),
            WorkFault::Forbidden(forbidden) => forbidden.into(),
            WorkFault::Floor(CommandFailure::Refused(refusal)) => refusal.into(),
            WorkFault::Floor(CommandFailure::Stopped) => Self::unavailable("The server is stopping."),
            WorkFault::Store(fault) => fault.into(),
        }
    }
}
