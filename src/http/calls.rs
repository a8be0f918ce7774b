//! The history of calls: a list with filters, one call with its events, and a file for spreadsheets.

use axum::{Json, extract::State, http::header, response::IntoResponse, routing::get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{ApiError, AppState, Id, Page, PageParams, Params, Routes, Signed};
use crate::{
    app::{
        actor::Permission,
        calls::{CallFilter, CallPage, CallsFault, RoutedCall},
        field_problem::Problems,
    },
    domain::{
        call::{CallLine, Direction, Outcome},
        event::EventRecord,
        ticket::TicketLine,
    },
    types::{AgentId, Answer, CallId, CustomerId, QueueId, Timestamp},
};

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(list, find, routing, export))]
pub struct Doc;

/// Its routes.
pub fn routes() -> Routes {
    Routes::needing(&[Permission::TakeCalls, Permission::SeeCalls])
        .route("/api/v1/calls", get(list))
        .route("/api/v1/calls.csv", get(export))
        .route("/api/v1/calls/{id}", get(find))
        .route("/api/v1/calls/{id}/routing", get(routing))
}

/// What a list of calls is narrowed by.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Last digits of the customer's number, part of the customer's name or of what their side showed, or our number.
    q: Option<String>,
    /// Not before.
    from: Option<Timestamp>,
    /// Before.
    to: Option<Timestamp>,
    /// The last queue.
    queue: Option<QueueId>,
    /// The last agent who talked.
    agent: Option<AgentId>,
    /// How it ended.
    outcome: Option<Outcome>,
    /// Which way.
    direction: Option<Direction>,
    /// Who has answered a call of ours, by its audio.
    answer: Option<Answer>,
    /// Whose.
    customer: Option<CustomerId>,
}

/// Longest text that is searched for.
const QUERY_CHARS_MAX: i64 = 100;

impl Filter {
    fn read(self) -> Result<CallFilter, ApiError> {
        let mut problems = Problems::default();
        problems.length("q", self.q.as_deref().unwrap_or_default(), 0, QUERY_CHARS_MAX);
        problems.into_result()?;
        Ok(CallFilter {
            from: self.from,
            to: self.to,
            queue: self.queue,
            agent: self.agent,
            outcome: self.outcome,
            direction: self.direction,
            answer: self.answer,
            customer: self.customer,
            text: self.q,
        })
    }
}

/// One call with all that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CallDetails {
    /// Its line in the history.
    #[serde(flatten)]
    line: CallLine,
    /// What happened, oldest first.
    events: Vec<EventRecord>,
    /// Notes as typed.
    notes: Option<String>,
    /// The tickets that it led to or was put on, oldest first.
    tickets: Vec<TicketLine>,
}

/// Calls that match, newest first. Who may not see every call sees the own ones.
#[utoipa::path(get, path = "/api/v1/calls", tag = "calls", params(Filter, PageParams), responses(
    (status = 200, body = Page<CallLine>), (status = 422, body = super::Problem)))]
async fn list(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Params(filter): Params<Filter>,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<CallLine>>, ApiError> {
    let (limit, after) = (page.limit()?, page.after()?);
    Ok(Json(state.calls.list(&actor, filter.read()?, after, limit).await?.into()))
}

/// One call with its events and notes.
#[utoipa::path(get, path = "/api/v1/calls/{id}", tag = "calls", params(("id" = String, Path)), responses(
    (status = 200, body = CallDetails), (status = 404, body = super::Problem)))]
async fn find(State(state): State<AppState>, Signed(actor): Signed, Id(id): Id<CallId>) -> Result<Json<CallDetails>, ApiError> {
    let CallPage { line, events, notes } = state.calls.find(&actor, id).await?;
    let tickets = if actor.may(Permission::WorkTickets) { state.tickets.of_call(&actor, id).await? } else { Vec::new() };
    Ok(Json(CallDetails { line, events, notes, tickets }))
}

/// Why the call went to whom it went: each decision of the matcher with who was free, how they stood, and what became of the offer;
/// oldest first. For supervisors.
#[utoipa::path(get, path = "/api/v1/calls/{id}/routing", tag = "calls", params(("id" = String, Path)), responses(
    (status = 200, body = Vec<RoutedCall>), (status = 404, body = super::Problem)))]
async fn routing(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<CallId>,
) -> Result<Json<Vec<RoutedCall>>, ApiError> {
    Ok(Json(state.calls.routing(&actor, id).await?))
}

/// Calls that match as a CSV file for spreadsheets, newest first, at most 50,000.
#[utoipa::path(get, path = "/api/v1/calls.csv", tag = "calls", params(Filter), responses(
    (status = 200, description = "CSV with a heading", content_type = "text/csv", body = String)))]
async fn export(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Params(filter): Params<Filter>,
) -> Result<impl IntoResponse, ApiError> {
    let file = state.calls.export(&actor, filter.read()?).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"calls.csv\""),
    ];
    Ok((headers, file))
}

impl From<CallsFault> for ApiError {
    fn from(fault: CallsFault) -> Self {
        match fault {
            CallsFault::NotFound => Self::not_found("call"),
            CallsFault::Forbidden(forbidden) => forbidden.into(),
            CallsFault::Export(cause) => Self::fault(cause),
            CallsFault::Store(fault) => fault.into(),
        }
    }
}
