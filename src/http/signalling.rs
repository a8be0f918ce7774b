//! The captured signalling of a call: message by message for the ladder, and as a file for Wireshark.

use axum::{Json, extract::State, http::header, response::IntoResponse, routing::get};
use utoipa::OpenApi;

use super::{ApiError, AppState, Id, Routes, Signed};
use crate::{
    app::{
        actor::Permission,
        signalling::{Signalling, SignallingFault, SignallingState},
    },
    types::CallId,
};

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(of_call, pcap_of_call))]
pub struct Doc;

/// Its routes.
pub fn routes() -> Routes {
    Routes::needing(&[Permission::SeeSignalling])
        .route("/api/v1/calls/{id}/signalling", get(of_call))
        .route("/api/v1/calls/{id}/signalling.pcap", get(pcap_of_call))
}

/// The SIP messages of a call, as far as they are still kept in memory. Proofs of passwords, keys pressed, keys of encrypted audio
/// and card numbers are asterisks. That it was read is written to the audit trail.
#[utoipa::path(get, path = "/api/v1/calls/{id}/signalling", tag = "calls", params(("id" = String, Path)), responses(
    (status = 200, body = Signalling), (status = 403, body = super::Problem), (status = 404, body = super::Problem)))]
async fn of_call(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<CallId>,
) -> Result<Json<Signalling>, ApiError> {
    Ok(Json(state.signalling.of_call(&actor, id).await?))
}

/// The same as a classic pcap file with raw IP packets. Each message is one UDP packet between its two addresses, also where TCP, TLS
/// or a web socket carried it, so that streams come out whole and encrypted messages readable; IP and UDP headers are rebuilt.
#[utoipa::path(get, path = "/api/v1/calls/{id}/signalling.pcap", tag = "calls", params(("id" = String, Path)), responses(
    (status = 200, description = "Classic pcap, LINKTYPE_RAW", content_type = "application/vnd.tcpdump.pcap", body = Vec<u8>),
    (status = 403, body = super::Problem), (status = 404, body = super::Problem)))]
async fn pcap_of_call(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<CallId>,
) -> Result<impl IntoResponse, ApiError> {
    let file = state.signalling.pcap_of_call(&actor, id).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/vnd.tcpdump.pcap".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"call-{id}.pcap\"")),
    ];
    Ok((headers, file))
}

impl From<SignallingFault> for ApiError {
    fn from(fault: SignallingFault) -> Self {
        match fault {
            SignallingFault::NotFound => Self::not_found("call"),
            SignallingFault::NotKept(SignallingState::Off) => {
                Self::not_found("capture: it is switched off by the setting capture.enabled")
            }
            SignallingFault::NotKept(_) => Self::not_found("capture any more: nothing is kept of this call's signalling"),
            SignallingFault::Forbidden(forbidden) => forbidden.into(),
            SignallingFault::Store(fault) => fault.into(),
        }
    }
}
