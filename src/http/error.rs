//! The one mapping from refusals and faults to answers: RFC 9457 problem details. 4xx for what the caller can mend, with the field
//! and the mend; 5xx only for our own faults, whose cause goes to the log and never to the caller.

use std::fmt;

use axum::{
    Json,
    extract::rejection::{JsonRejection, PathRejection, QueryRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    app::{
        customers::LikelyDuplicate,
        field_problem::{FieldProblem, Flaw},
        tickets::StandingTickets,
    },
    domain::{
        centre::Refusal,
        ticket::{FieldConflict, Hold, MoveOption, WorkflowMistake},
    },
};

/// The media type of every error answer (RFC 9457 3).
pub const PROBLEM_JSON: &str = "application/problem+json";

/// An error as it travels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// What kind of problem, stable: `/problems/<kind>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words, the same for all of its kind.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What happened this time and what to do about it.
    pub detail: String,
    /// What is wrong, field by field; empty when no field is to blame.
    pub errors: Vec<FieldProblem>,
    /// Records that are likely the same customer, most likely first; `?sure=true` saves all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duplicates: Vec<LikelyDuplicate>,
    /// Of a ticket: what somebody else changed meanwhile, with both values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<FieldConflict>,
    /// Of a ticket's move: the guards that hold it back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_by: Vec<Hold>,
    /// Of a ticket's move: those that the table holds, each with what holds it back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moves: Vec<MoveOption>,
    /// Of a workflow's text: all mistakes, each at its line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<WorkflowMistake>,
    /// Of a workflow: where tickets stand that it does not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub standing: Vec<StandingTickets>,
    /// The live floor's refusal, for the console to phrase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
}

/// Why a request was not carried out.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    problem: Box<Problem>,
    retry_after_secs: Option<u64>,
}

impl ApiError {
    fn new(status: StatusCode, kind: &str, title: &str, detail: impl Into<String>) -> Self {
        let problem = Problem {
            kind: format!("/problems/{kind}"),
            title: title.into(),
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            duplicates: Vec::new(),
            conflicts: Vec::new(),
            held_by: Vec::new(),
            moves: Vec::new(),
            mistakes: Vec::new(),
            standing: Vec::new(),
            refusal: None,
        };
        Self { status, problem: Box::new(problem), retry_after_secs: None }
    }

    /// 400: the request itself cannot be read.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", "The request cannot be read", detail)
    }

    /// 401: who asks is not known.
    pub fn not_signed_in() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "not-signed-in",
            "Not signed in",
            "Sign in with POST /api/v1/session, or send an API token as `Authorization: Bearer …`.",
        )
    }

    /// 401: the same answer for an unknown user and a wrong password.
    pub fn wrong_credentials() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "wrong-credentials",
            "Wrong user or password",
            "User or password is wrong. After several failures wait a minute; an administrator can set a new password.",
        )
    }

    /// 403: who asks may not do this.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail)
    }

    /// 404: `what` does not exist, or not for who asks.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", format!("There is no such {what}."))
    }

    /// 410: it was there and is gone for good.
    pub fn gone(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, "gone", "Gone", detail)
    }

    /// 405: the address exists, for other methods.
    pub fn method_not_allowed() -> Self {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Self::new(status, "method", "Method not allowed", "This address does not know this method; see /api/v1/openapi.json.")
    }

    /// 409: the state of things does not allow it; `kind` says which rule.
    pub fn conflict(kind: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, kind, "Not possible now", detail)
    }

    /// 409: a field that is right in itself does not fit to what is there.
    pub fn conflict_of(kind: &'static str, field: &str, flaw: Flaw) -> Self {
        let problem = FieldProblem::new(field, flaw);
        let mut error = Self::conflict(kind, sentence_of(&problem));
        error.problem.errors.push(problem);
        error
    }

    /// 409: others are likely the same customer.
    pub fn likely_duplicates(duplicates: Vec<LikelyDuplicate>) -> Self {
        let detail = "Others are likely the same customer. Use one of them, or save with ?sure=true.";
        let mut error = Self::new(StatusCode::CONFLICT, "likely-duplicates", "Probably here already", detail);
        error.problem.duplicates = duplicates;
        error
    }

    /// 409: someone else saved in between.
    pub fn changed_meanwhile(what: &str) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "changed-meanwhile",
            "Changed meanwhile",
            format!("The {what} has been changed by someone else. Load it again and repeat your change."),
        )
    }

    /// 409: somebody else changed the same facts of a ticket meanwhile.
    pub fn conflicting(conflicts: Vec<FieldConflict>) -> Self {
        let fields = conflicts.iter().map(|conflict| conflict.field.as_str()).collect::<Vec<_>>().join(", ");
        let detail =
            format!("Somebody else has changed {fields} since. Look at both values and send yours again with the new version.");
        let mut error = Self::new(StatusCode::CONFLICT, "field-conflict", "Changed meanwhile", detail);
        error.problem.conflicts = conflicts;
        error
    }

    /// 409: the workflow does not let a ticket move there now; `moves` are those that it holds.
    pub fn no_move(kind: &'static str, detail: String, held_by: Vec<Hold>, moves: Vec<MoveOption>) -> Self {
        let mut error = Self::conflict(kind, detail);
        error.problem.held_by = held_by;
        error.problem.moves = moves;
        error
    }

    /// 422: the text of a workflow has mistakes.
    pub fn wrong_workflow(mistakes: Vec<WorkflowMistake>) -> Self {
        let detail = mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join(". ");
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong-workflow", "The workflow has mistakes", detail);
        error.problem.mistakes = mistakes;
        error
    }

    /// 409: tickets stand where a new workflow has no state.
    pub fn workflow_in_use(detail: String, standing: Vec<StandingTickets>) -> Self {
        let mut error = Self::conflict("workflow-in-use", detail);
        error.problem.standing = standing;
        error
    }

    /// 422: one field is wrong.
    pub fn invalid(field: impl Into<String>, flaw: Flaw) -> Self {
        Self::invalid_fields(vec![FieldProblem::new(field, flaw)])
    }

    /// 422: these fields are wrong, all at once.
    pub fn invalid_fields(errors: Vec<FieldProblem>) -> Self {
        let detail = errors.iter().map(sentence_of).collect::<Vec<_>>().join(" ");
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Some values are wrong", detail);
        error.problem.errors = errors;
        error
    }

    /// 429: too often; try again after so many seconds.
    pub fn too_many(detail: impl Into<String>, retry_after_secs: u64) -> Self {
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many", "Too many requests", detail);
        Self { retry_after_secs: Some(retry_after_secs), ..error }
    }

    /// 503: we cannot now, and it is not the caller's fault.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not available now", detail);
        Self { retry_after_secs: Some(2), ..error }
    }

    /// 500: a fault of ours. The cause is logged here, once, and not shown.
    pub fn fault(cause: impl fmt::Display) -> Self {
        tracing::error!(%cause, "request failed by a fault of ours");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "fault",
            "Fault of the server",
            "The server could not do this because of a fault of its own; its log says why.",
        )
    }

    /// The status that will be answered.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.problem.status, self.problem.kind, self.problem.detail)
    }
}

impl std::error::Error for ApiError {}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.problem)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = self.retry_after_secs {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Refusal> for ApiError {
    /// Nothing has changed: 404 for what does not exist, 403 for another's call, else 409.
    fn from(refusal: Refusal) -> Self {
        let (status, kind, title) = match refusal {
            Refusal::NoSuchAgent
            | Refusal::NoSuchQueue
            | Refusal::NoSuchLine
            | Refusal::NoSuchCustomer
            | Refusal::NoSuchCallback
            | Refusal::NoSuchWorkItem => (StatusCode::NOT_FOUND, "not-found", "Not found"),
            Refusal::NotYourCall | Refusal::NumberNotAllowed => (StatusCode::FORBIDDEN, "forbidden", "Not allowed"),
            Refusal::Draining | Refusal::TooManyCalls | Refusal::NoRoomToListen | Refusal::TooManyCallbacks => {
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not available now")
            }
            Refusal::CallOver
            | Refusal::OfferGone
            | Refusal::WrongCallState
            | Refusal::WrongPresence
            | Refusal::AgentNotReady
            | Refusal::NoDevice
            | Refusal::NoSuchReason
            | Refusal::NotDialable
            | Refusal::TooManyOwnCalls
            | Refusal::DailyLimit
            | Refusal::DiallingClosed
            | Refusal::DispositionMissing
            | Refusal::NoSuchDisposition
            | Refusal::ExtensionsUsed
            | Refusal::WrapUpForced
            | Refusal::WebPhoneOff
            | Refusal::ParkFull
            | Refusal::NotRecorded
            | Refusal::RecordingNotAllowed
            | Refusal::RecordingStays
            | Refusal::ParkGone
            | Refusal::NoSuchMessage
            | Refusal::NoSuchParty
            | Refusal::CallbackExists
            | Refusal::CallbackUnderWay
            | Refusal::CallbacksOff
            | Refusal::NotYourWorkItem
            | Refusal::QueueUnserved
            | Refusal::ListenAtConsole
            | Refusal::AgentNotOfQueue => (StatusCode::CONFLICT, "refused", "Not possible now"),
        };
        let mut error = Self::new(status, kind, title, refusal.to_string());
        error.problem.refusal = Some(refusal);
        error
    }
}

/// With a full stop.
fn sentence_of(problem: &FieldProblem) -> String {
    format!("{problem}.")
}

impl From<Vec<FieldProblem>> for ApiError {
    fn from(problems: Vec<FieldProblem>) -> Self {
        Self::invalid_fields(problems)
    }
}

impl From<anyhow::Error> for ApiError {
    fn from(cause: anyhow::Error) -> Self {
        Self::fault(format!("{cause:#}"))
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        match rejection {
            JsonRejection::JsonDataError(error) => {
                let text = error.body_text();
                let text = text.strip_prefix("Failed to deserialize the JSON body into the target type: ").unwrap_or(&text);
                let (field, message) = text.split_once(": ").unwrap_or(("body", text));
                let is_path = !field.is_empty() && !field.contains(' ');
                let (field, message) = if is_path { (field, message) } else { ("body", text) };
                Self::invalid(field, Flaw::Unreadable { detail: message.into() })
            }
            JsonRejection::MissingJsonContentType(_) => Self::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not-json",
                "The body is not JSON",
                "Send the body as JSON with `Content-Type: application/json`.",
            ),
            other => match other.status() {
                StatusCode::PAYLOAD_TOO_LARGE => Self::too_large(),
                _ => Self::malformed(other.body_text()),
            },
        }
    }
}

impl ApiError {
    /// 413: more bytes than a body may have.
    pub fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "The body is too large",
            "Send less at a time; the limit is `http.body_bytes_max` of the settings.",
        )
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        let text = rejection.body_text();
        let text = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
        let (field, message) = text.split_once(": ").unwrap_or(("query", text));
        Self::invalid(field, Flaw::Unreadable { detail: message.into() })
    }
}

impl From<PathRejection> for ApiError {
    /// An id that is no id names nothing.
    fn from(_: PathRejection) -> Self {
        Self::not_found("thing: the id in the address is not one of ours")
    }
}
