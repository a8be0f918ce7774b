//! Reports: counts per queue and interval.

use axum::{Json, extract::State, routing::get};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use super::{ApiError, AppState, Page, Params, Routes, Signed};
use crate::{
    app::{
        actor::Permission,
        reports::{Cut, ReportFault},
    },
    domain::report::QueueInterval,
    types::{QueueId, Timestamp},
};

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(queues))]
pub struct Doc;

/// Its route.
pub fn routes() -> Routes {
    Routes::needing(&[Permission::Supervise]).route("/api/v1/reports/queues", get(queues))
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

/// Counts per queue and interval, oldest first. A visit counts in the interval in which it began; intervals without visits are
/// absent. Percentages are for the reader to compute: service level is answered in time over offered less short abandons and
/// flow-outs.
#[utoipa::path(get, path = "/api/v1/reports/queues", tag = "reports", params(Question), responses(
    (status = 200, body = Page<QueueInterval>), (status = 403, body = super::Problem), (status = 422, body = super::Problem)))]
async fn queues(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Params(question): Params<Question>,
) -> Result<Json<Page<QueueInterval>>, ApiError> {
    let cut = match question.interval.as_deref() {
        None => Cut::Minutes(30),
        Some("day") => Cut::Days,
        Some(text) => Cut::Minutes(text.parse().unwrap_or(0)),
    };
    Ok(Json(Page::all(state.reports.queues(&actor, question.from, question.to, cut, question.queue).await?)))
}

impl From<ReportFault> for ApiError {
    fn from(fault: ReportFault) -> Self {
        match fault {
            ReportFault::Forbidden(forbidden) => forbidden.into(),
            ReportFault::Invalid(problems) => problems.into(),
            ReportFault::Store(fault) => fault.into(),
        }
    }
}
