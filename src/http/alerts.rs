//! Alerts: those that stand, the history, and the messages to outside systems. The rules and webhooks themselves are in `directory.rs`.

use axum::{
    Json,
    extract::State,
    routing::{get, post},
};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use super::{ApiError, AppState, Id, Page, PageParams, Params, Routes, Signed};
use crate::{
    app::{
        actor::Permission,
        alerts::{AlertFault, DeliveryLine},
    },
    domain::alert::Alert,
    types::{AlertId, WebhookId},
};

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(list, acknowledge, deliveries))]
pub struct Doc;

/// Its routes.
pub fn routes() -> Routes {
    Routes::needing(&[Permission::Supervise])
        .route("/api/v1/alerts", get(list))
        .route("/api/v1/alerts/{id}/acknowledge", post(acknowledge))
        .merge(Routes::needing(&[Permission::Administer]).route("/api/v1/webhooks/{id}/deliveries", get(deliveries)))
}

/// Which alerts.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Whether only those that stand are asked for; they are one page.
    #[serde(default)]
    standing: bool,
}

/// Alerts, the newest first.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "alerts", params(Filter, PageParams), responses(
    (status = 200, body = Page<Alert>), (status = 403, body = super::Problem), (status = 422, body = super::Problem)))]
async fn list(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Params(filter): Params<Filter>,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<Alert>>, ApiError> {
    if filter.standing {
        return Ok(Json(Page::all(state.alerts.open(&actor).await?)));
    }
    let (limit, after) = (page.limit()?, page.after()?);
    Ok(Json(state.alerts.list(&actor, after, limit).await?.into()))
}

/// Somebody has seen it and looks after it. The first one counts; on one that is over nothing changes.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/acknowledge", tag = "alerts", params(("id" = String, Path)), responses(
    (status = 200, body = Alert), (status = 403, body = super::Problem), (status = 404, body = super::Problem)))]
async fn acknowledge(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(alert): Id<AlertId>,
) -> Result<Json<Alert>, ApiError> {
    Ok(Json(state.alerts.acknowledge(&actor, alert).await?))
}

/// The last hundred messages for a webhook, the newest first: how often each was tried, and what was wrong.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/deliveries", tag = "webhooks", params(("id" = String, Path)), responses(
    (status = 200, body = Page<DeliveryLine>), (status = 403, body = super::Problem)))]
async fn deliveries(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(webhook): Id<WebhookId>,
) -> Result<Json<Page<DeliveryLine>>, ApiError> {
    Ok(Json(Page::all(state.alerts.deliveries(&actor, &webhook).await?)))
}

impl From<AlertFault> for ApiError {
    fn from(fault: AlertFault) -> Self {
        match fault {
            AlertFault::NotFound => Self::not_found("alert"),
            AlertFault::Forbidden(forbidden) => forbidden.into(),
            AlertFault::Store(fault) => fault.into(),
        }
    }
}
