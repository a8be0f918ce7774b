//! Reports: queues and agents per interval, as lists and as files for spreadsheets, and the contacts behind a figure.

use axum::{
    Json,
    extract::State,
    http::{HeaderName, header},
    response::IntoResponse,
    routing::get,
};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use super::{ApiError, AppState, Page, PageParams, Params, Routes, Signed};
use crate::{
    app::{
        actor::Permission,
        reports::{Behind, Cut, Promised, ReportFault, Span},
    },
    domain::{
        callback::Callback,
        report::{AgentInterval, CallbackFigure, CallbackInterval, Contact, Figure, QueueInterval},
    },
    types::{AgentId, QueueId, Timestamp},
};

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(
    paths(queues, queues_file, contacts, contacts_file, agents, agents_file, callbacks, callbacks_file, promised),
    components(schemas(Figure, CallbackFigure))
)]
pub struct Doc;

/// Its routes.
pub fn routes() -> Routes {
    Routes::needing(&[Permission::Supervise])
        .route("/api/v1/reports/queues", get(queues))
        .route("/api/v1/reports/queues.csv", get(queues_file))
        .route("/api/v1/reports/queues/contacts", get(contacts))
        .route("/api/v1/reports/queues/contacts.csv", get(contacts_file))
        .route("/api/v1/reports/callbacks", get(callbacks))
        .route("/api/v1/reports/callbacks.csv", get(callbacks_file))
        .route("/api/v1/reports/callbacks/promised", get(promised))
        .route("/api/v1/reports/agents", get(agents))
        .route("/api/v1/reports/agents.csv", get(agents_file))
}

/// Which counts.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Question {
    /// Not before.
    from: Timestamp,
    /// Before; at most 400 days later.
    to: Timestamp,
    /// `15`, `30`, `60` minutes, or `day` in the centre's zone. 30 when not given.
    interval: Option<String>,
    /// One queue; all when not given.
    queue: Option<QueueId>,
}

/// Whose time.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AgentQuestion {
    /// Not before.
    from: Timestamp,
    /// Before; at most 400 days later.
    to: Timestamp,
    /// `15`, `30`, `60` minutes, or `day` in the centre's zone. 30 when not given.
    interval: Option<String>,
    /// One agent; all when not given.
    agent: Option<AgentId>,
}

/// Behind which figure.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ContactQuestion {
    /// Begin of the span that the figure is of.
    from: Timestamp,
    /// Its end, which does not belong to it; at most 400 days later.
    to: Timestamp,
    /// One queue; all when not given.
    queue: Option<QueueId>,
    /// One agent: only those whom the agent answered; of `missed`, `handled_by` and `transfers_made` those that the agent missed,
    /// handled or passed on. All when not given.
    agent: Option<AgentId>,
    /// Which figure; `offered` when not given.
    outcome: Option<Figure>,
}

/// Behind which figure of the callbacks.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PromisedQuestion {
    /// Promised at this time or later.
    from: Timestamp,
    /// Promised before; at most 400 days later.
    to: Timestamp,
    /// One queue; all when not given.
    queue: Option<QueueId>,
    /// Which figure; `requested` when not given.
    figure: Option<CallbackFigure>,
}

impl ContactQuestion {
    fn behind(self) -> Behind {
        let Self { from, to, queue, agent, outcome } = self;
        Behind { figure: outcome.unwrap_or(Figure::Offered), from, to, queue, agent }
    }
}

/// Queues per interval, oldest first. A visit counts in the interval in which it began, its handling (talk, hold, wrap-up, transfers)
/// in the one in which that ended; in `balance` everything counts when it happened. Intervals in which nobody came, left or waited are absent. Each line says which definition of the service level its queue
/// goes by, with the threshold, and what the same counts come to by the others; ratios are given as counts and in basis points. Over
/// several lines, add up the counts: percentages do not add up.
#[utoipa::path(get, path = "/api/v1/reports/queues", tag = "reports", params(Question), responses(
    (status = 200, body = Page<QueueInterval>), (status = 403, body = super::Problem), (status = 422, body = super::Problem)))]
async fn queues(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Params(Question { from, to, interval, queue }): Params<Question>,
) -> Result<Json<Page<QueueInterval>>, ApiError> {
    let span = span(&state, from, to, interval.as_deref());
    Ok(Json(Page::all(state.reports.queues(&actor, span, queue).await?)))
}

/// The same as a CSV file with a heading; lengths in seconds, ratios in percent.
#[utoipa::path(get, path = "/api/v1/reports/queues.csv", tag = "reports", params(Question), responses(
    (status = 200, description = "CSV with a heading", content_type = "text/csv", body = String),
    (status = 403, body = super::Problem), (status = 422, body = super::Problem)))]
async fn queues_file(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Params(Question { from, to, interval, queue }): Params<Question>,
) -> Result<impl IntoResponse, ApiError> {
    let span = span(&state, from, to, interval.as_deref());
    Ok((file_headers("attachment; filename=\"queues.csv\""), state.reports.queues_file(&actor, span, queue).await?))
}

/// The visits behind a figure of a queue's report, oldest first: as many as the figure says.
#[utoipa::path(get, path = "/api/v1/reports/queues/contacts", tag = "reports", params(ContactQuestion, PageParams), responses(
    (status = 200, body = Page<Contact>), (status = 403, body = super::Problem), (status = 422, body = super::Problem)))]
async fn contacts(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Params(question): Params<ContactQuestion>,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<Contact>>, ApiError> {
    let (limit, after) = (page.limit()?, page.after()?);
    Ok(Json(state.reports.contacts(&actor, question.behind(), after, limit).await?.into()))
}

/// The same as a CSV file with a heading, at most fifty thousand; lengths in seconds.
#[utoipa::path(get, path = "/api/v1/reports/queues/contacts.csv", tag = "reports", params(ContactQuestion), responses(
    (status = 200, description = "CSV with a heading", content_type = "text/csv", body = String),
    (status = 403, body = super::Problem), (status = 422, body = super::Problem)))]
async fn contacts_file(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Params(question): Params<ContactQuestion>,
) -> Result<impl IntoResponse, ApiError> {
    let file = state.reports.contacts_file(&actor, question.behind()).await?;
    Ok((file_headers("attachment; filename=\"contacts.csv\""), file))
}

/// Callbacks per interval in which they were promised, oldest first: what became of them, how often customers were dialled, and how long
/// they waited, on the line before the promise and from their place in line to the talk. Intervals without any are absent.
#[utoipa::path(get, path = "/api/v1/reports/callbacks", tag = "reports", params(Question), responses(
    (status = 200, body = Page<CallbackInterval>), (status = 403, body = super::Problem), (status = 422, body = super::Problem)))]
async fn callbacks(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Params(Question { from, to, interval, queue }): Params<Question>,
) -> Result<Json<Page<CallbackInterval>>, ApiError> {
    let span = span(&state, from, to, interval.as_deref());
    Ok(Json(Page::all(state.reports.callbacks(&actor, span, queue).await?)))
}

/// The same as a CSV file with a heading; lengths in seconds, ratios in percent.
#[utoipa::path(get, path = "/api/v1/reports/callbacks.csv", tag = "reports", params(Question), responses(
    (status = 200, description = "CSV with a heading", content_type = "text/csv", body = String),
    (status = 403, body = super::Problem), (status = 422, body = super::Problem)))]
async fn callbacks_file(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Params(Question { from, to, interval, queue }): Params<Question>,
) -> Result<impl IntoResponse, ApiError> {
    let span = span(&state, from, to, interval.as_deref());
    Ok((file_headers("attachment; filename=\"callbacks.csv\""), state.reports.callbacks_file(&actor, span, queue).await?))
}

/// The callbacks behind a figure of their report, oldest promise first, each as it stands now. Of `attempts` and `retries` each stands
/// there once, however often it was dialled.
#[utoipa::path(get, path = "/api/v1/reports/callbacks/promised", tag = "reports", params(PromisedQuestion, PageParams), responses(
    (status = 200, body = Page<Callback>), (status = 403, body = super::Problem), (status = 422, body = super::Problem)))]
async fn promised(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Params(PromisedQuestion { from, to, queue, figure }): Params<PromisedQuestion>,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<Callback>>, ApiError> {
    let (limit, after) = (page.limit()?, page.after()?);
    let promised = Promised { figure: figure.unwrap_or(CallbackFigure::Requested), from, to, queue };
    Ok(Json(state.reports.promised(&actor, promised, after, limit).await?.into()))
}

/// Agents per interval, oldest first: where the time signed in went, cut at the borders of the intervals. Who was not signed in is
/// absent. Occupancy is ringing, calls and wrap-ups over the same and readiness; utilisation the same work over the time signed in.
#[utoipa::path(get, path = "/api/v1/reports/agents", tag = "reports", params(AgentQuestion), responses(
    (status = 200, body = Page<AgentInterval>), (status = 403, body = super::Problem), (status = 422, body = super::Problem)))]
async fn agents(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Params(AgentQuestion { from, to, interval, agent }): Params<AgentQuestion>,
) -> Result<Json<Page<AgentInterval>>, ApiError> {
    let span = span(&state, from, to, interval.as_deref());
    Ok(Json(Page::all(state.reports.agents(&actor, span, agent).await?)))
}

/// The same as a CSV file with a heading; lengths in seconds, ratios in percent.
#[utoipa::path(get, path = "/api/v1/reports/agents.csv", tag = "reports", params(AgentQuestion), responses(
    (status = 200, description = "CSV with a heading", content_type = "text/csv", body = String),
    (status = 403, body = super::Problem), (status = 422, body = super::Problem)))]
async fn agents_file(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Params(AgentQuestion { from, to, interval, agent }): Params<AgentQuestion>,
) -> Result<impl IntoResponse, ApiError> {
    let span = span(&state, from, to, interval.as_deref());
    Ok((file_headers("attachment; filename=\"agents.csv\""), state.reports.agents_file(&actor, span, agent).await?))
}

fn span(state: &AppState, from: Timestamp, to: Timestamp, interval: Option<&str>) -> Span {
    let cut = match interval {
        None => Cut::Minutes(30),
        Some("day") => Cut::Days,
        // What is no number is no choice either, which the use case says.
        Some(text) => Cut::Minutes(text.parse().unwrap_or(0)),
    };
    Span { from, to, cut, now: state.clock.now().wall }
}

fn file_headers(disposition: &'static str) -> [(HeaderName, &'static str); 2] {
    [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, disposition)]
}

impl From<ReportFault> for ApiError {
    fn from(fault: ReportFault) -> Self {
        match fault {
            ReportFault::Forbidden(forbidden) => forbidden.into(),
            ReportFault::Invalid(problems) => problems.into(),
            ReportFault::File(cause) => Self::fault(cause),
            ReportFault::Store(fault) => fault.into(),
        }
    }
}
