//! What the public web phone on `/call` may dial.

use axum::{Json, extract::State, routing::get};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::{AppState, Routes};

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(lines))]
pub struct Doc;

/// Its route.
pub fn routes() -> Routes {
    Routes::public().route("/api/v1/web-phone/lines", get(lines))
}

/// The web phone as its page shows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebPhoneLines {
    /// Whether it takes calls at all.
    is_on: bool,
    /// Whom one calls.
    centre_name: String,
    /// Whether this is the sample centre; the page says so.
    is_sample: bool,
    /// What can be dialled; empty while it is off.
    lines: Vec<WebPhoneLine>,
}

/// A number that the web phone lists.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebPhoneLine {
    /// To be sent with `call`.
    number: String,
    /// What people call it.
    name: String,
}

/// Lines of the web phone. Public.
#[utoipa::path(get, path = "/api/v1/web-phone/lines", tag = "web phone", security(()), responses((status = 200, body = WebPhoneLines)))]
async fn lines(State(state): State<AppState>) -> Json<WebPhoneLines> {
    let directory = state.directory.borrow().clone();
    let is_on = state.is_web_phone_enabled && directory.centre.is_web_phone_on;
    let listed = directory.numbers.values().filter(|number| is_on && number.is_on_web_phone);
    Json(WebPhoneLines {
        is_on,
        centre_name: directory.centre.name.clone(),
        is_sample: directory.centre.is_sample,
        lines: listed.map(|number| WebPhoneLine { number: number.number.clone(), name: number.name.clone() }).collect(),
    })
}
