//! Callbacks: who is to be called back, in what order and when; agreed, put off and called off.

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
        callbacks::{AgreedTime, CallbackCounts, CallbackDraft, CallbackFault, CallbackFilter, CallbackView},
        switch_handle::CommandFailure,
    },
    types::{AgentId, CallId, CallbackId, CustomerId, QueueId, Timestamp},
};

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(list, counts, find, create, change, cancel))]
pub struct Doc;

/// Its routes.
pub fn routes() -> Routes {
    Routes::needing(&[Permission::TakeCalls, Permission::Supervise])
        .route("/api/v1/callbacks", get(list).post(create))
        .route("/api/v1/callbacks/counts", get(counts))
        .route("/api/v1/callbacks/{id}", get(find).put(change))
        .route("/api/v1/callbacks/{id}/cancel", post(cancel))
}

/// What a list of callbacks is narrowed by.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Those that are over, the last one first. Without it those that are not, the next one first.
    #[serde(default)]
    is_ended: bool,
    /// Whose.
    queue: Option<QueueId>,
    /// For which agent.
    agent: Option<AgentId>,
}

/// Between two times.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Stretch {
    /// Promised at this time or later.
    from: Timestamp,
    /// Promised before.
    to: Timestamp,
}

/// A callback to be set up.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct NewCallback {
    /// Whom to call, as typed.
    number: String,
    /// Who that is, if known.
    #[serde(default)]
    customer: Option<CustomerId>,
    /// The queue whose agents call.
    queue: QueueId,
    /// `en` or `es`; without it the customer's, or the centre's.
    #[serde(default)]
    language: Option<String>,
    /// What it is about, at most 500 characters.
    #[serde(default)]
    note: Option<String>,
    /// The call in which it was agreed.
    #[serde(default)]
    call: Option<CallId>,
    /// The agreed local time, `2026-11-24T10:00`; without it as soon as its turn comes.
    #[serde(default)]
    at: Option<String>,
    /// The customer's IANA time zone, in which the customer is called at usual hours; without it the time is by the centre's clocks.
    #[serde(default)]
    zone: Option<String>,
    /// The agent who is to call; without it whoever of the queue.
    #[serde(default)]
    agent: Option<AgentId>,
}

/// Another time, agent or number.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Rescheduled {
    /// The agreed local time, `2026-11-24T10:00`; without it the time stays.
    #[serde(default)]
    at: Option<String>,
    /// The customer's IANA time zone, in which the customer is called at usual hours; without it the known one stays, and the time is by
    /// the centre's clocks.
    #[serde(default)]
    zone: Option<String>,
    /// The agent who is to call; without it whoever of the queue.
    #[serde(default)]
    agent: Option<AgentId>,
    /// Whom to call, as typed; without it the number stays.
    #[serde(default)]
    number: Option<String>,
}

/// A callback that was set up.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CreatedCallback {
    /// Its id.
    id: CallbackId,
}

/// What became of a queue's callbacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct QueueCallbacks {
    /// Whose.
    queue: String,
    /// Promised.
    requested: i64,
    /// Not over yet.
    open: i64,
    /// Agent and customer talked.
    reached: i64,
    /// Of those, within the time that the queue allows.
    kept: i64,
    /// Nobody was reached; a task was opened.
    failed: i64,
    /// The customer called again and had the place.
    merged: i64,
    /// Their time was over; a task was opened.
    expired: i64,
    /// Called off.
    cancelled: i64,
    /// Times that customers were dialled.
    attempts: i64,
}

/// Callbacks that match. Who may not see the whole floor sees the own ones.
#[utoipa::path(get, path = "/api/v1/callbacks", tag = "callbacks", params(Filter, PageParams), responses(
    (status = 200, body = Page<CallbackView>), (status = 422, body = super::Problem)))]
async fn list(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Params(filter): Params<Filter>,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<CallbackView>>, ApiError> {
    let (limit, after) = (page.limit()?, page.after()?);
    let filter = CallbackFilter { is_ended: filter.is_ended, queue: filter.queue, agent: filter.agent };
    Ok(Json(state.callbacks.list(&actor, filter, after, limit).await?.into()))
}

/// What became of the callbacks that were promised between two times, by queue. For supervisors.
#[utoipa::path(get, path = "/api/v1/callbacks/counts", tag = "callbacks", params(Stretch), responses(
    (status = 200, body = Vec<QueueCallbacks>), (status = 403, body = super::Problem)))]
async fn counts(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Params(stretch): Params<Stretch>,
) -> Result<Json<Vec<QueueCallbacks>>, ApiError> {
    let counted = state.callbacks.counts(&actor, stretch.from, stretch.to).await?;
    Ok(Json(counted.into_iter().map(QueueCallbacks::from).collect()))
}

/// One callback.
#[utoipa::path(get, path = "/api/v1/callbacks/{id}", tag = "callbacks", params(("id" = String, Path)), responses(
    (status = 200, body = CallbackView), (status = 404, body = super::Problem)))]
async fn find(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<CallbackId>,
) -> Result<Json<CallbackView>, ApiError> {
    Ok(Json(state.callbacks.find(&actor, id).await?))
}

/// Sets a callback up. Agents ask a queue or themselves, supervisors anyone. One number has one callback in a queue.
#[utoipa::path(post, path = "/api/v1/callbacks", tag = "callbacks", request_body = NewCallback, responses(
    (status = 201, body = CreatedCallback), (status = 403, body = super::Problem), (status = 409, body = super::Problem),
    (status = 422, body = super::Problem)))]
async fn create(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Body(new): Body<NewCallback>,
) -> Result<(StatusCode, Json<CreatedCallback>), ApiError> {
    let draft = CallbackDraft {
        number: new.number,
        customer: new.customer,
        queue: Some(new.queue),
        language: new.language,
        note: new.note,
        call: new.call,
        time: AgreedTime { at: new.at, zone: new.zone },
        agent: new.agent,
    };
    let id = state.callbacks.create(&actor, draft).await?;
    Ok((StatusCode::CREATED, Json(CreatedCallback { id })))
}

/// Gives a callback another time, agent or number, unless it is being made at this moment.
#[utoipa::path(put, path = "/api/v1/callbacks/{id}", tag = "callbacks", params(("id" = String, Path)),
    request_body = Rescheduled, responses((status = 204, description = "It has"), (status = 403, body = super::Problem),
    (status = 404, body = super::Problem), (status = 409, body = super::Problem), (status = 422, body = super::Problem)))]
async fn change(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<CallbackId>,
    Body(wanted): Body<Rescheduled>,
) -> Result<StatusCode, ApiError> {
    let time = AgreedTime { at: wanted.at, zone: wanted.zone };
    state.callbacks.change(&actor, id, time, wanted.agent, wanted.number).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Calls a callback off, unless it is being made at this moment.
#[utoipa::path(post, path = "/api/v1/callbacks/{id}/cancel", tag = "callbacks", params(("id" = String, Path)), responses(
    (status = 204, description = "Nobody is called"), (status = 403, body = super::Problem),
    (status = 404, body = super::Problem), (status = 409, body = super::Problem)))]
async fn cancel(State(state): State<AppState>, Signed(actor): Signed, Id(id): Id<CallbackId>) -> Result<StatusCode, ApiError> {
    state.callbacks.cancel(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<CallbackCounts> for QueueCallbacks {
    fn from(counts: CallbackCounts) -> Self {
        let CallbackCounts { queue, requested, open, reached, kept, failed, merged, expired, cancelled, attempts } = counts;
        Self { queue, requested, open, reached, kept, failed, merged, expired, cancelled, attempts }
    }
}

impl From<CallbackFault> for ApiError {
    fn from(fault: CallbackFault) -> Self {
        match fault {
            CallbackFault::NotFound => Self::not_found("callback"),
            CallbackFault::Invalid(problems) => problems.into(),
            CallbackFault::Forbidden(forbidden) => forbidden.into(),
            CallbackFault::Floor(CommandFailure::Refused(refusal)) => refusal.into(),
            CallbackFault::Floor(CommandFailure::Stopped) => Self::unavailable("The server is stopping."),
            CallbackFault::Store(fault) => fault.into(),
        }
    }
}
