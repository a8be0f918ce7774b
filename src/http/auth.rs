//! Who asks: a session cookie of the browser or a token of a program. Found out at the door of the route (`routes.rs`).

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};

use super::{ApiError, AppState, guard::is_safe};
use crate::app::{
    StoreFault,
    access::AccessFault,
    actor::{Actor, Forbidden},
    client::{Client, ForeignOrigin},
    field_problem::Flaw,
    users::UserFault,
};

/// Whoever asks, known and, with a cookie, asking from a page of ours.
#[derive(Debug, Clone)]
pub struct Signed(pub Actor);

/// A person in a session: programs are refused.
#[derive(Debug, Clone)]
pub struct Person(pub Actor);

impl<S: Send + Sync> FromRequestParts<S> for Signed {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get().cloned().ok_or_else(|| ApiError::fault("a public route asks who is there"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Person {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Signed(actor) = Signed::from_request_parts(parts, state).await?;
        if actor.scopes.is_some() {
            return Err(ApiError::forbidden("This is for people who have signed in, not for programs with a token."));
        }
        Ok(Self(actor))
    }
}

/// Whoever asks, by token or cookie; refused who is neither, or asks from a foreign page.
pub(super) async fn who(parts: &Parts, state: &AppState) -> Result<Actor, ApiError> {
    if let Some(credentials) = parts.headers.get(header::AUTHORIZATION) {
        let text = credentials.to_str().unwrap_or_default();
        let secret = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, s)| s.trim());
        let actor = match secret {
            Some(secret) => state.access.of_token(secret).await?,
            None => None,
        };
        return actor.ok_or_else(ApiError::not_signed_in);
    }
    let client = client(parts)?;
    let Some(token) = &client.session else { return Err(ApiError::not_signed_in()) };
    if !is_safe(&parts.method) {
        client.require_own_origin()?;
    }
    let Some((actor, _)) = state.access.of_session(token).await? else { return Err(ApiError::not_signed_in()) };
    Ok(actor)
}

/// The connection, for the few handlers that need more than who asks.
#[derive(Debug, Clone)]
pub struct Connection(pub Client);

impl<S: Send + Sync> FromRequestParts<S> for Connection {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        client(parts).cloned().map(Self)
    }
}

/// What the guard found out about the connection.
fn client(parts: &Parts) -> Result<&Client, ApiError> {
    parts.extensions.get::<Client>().ok_or_else(|| ApiError::fault("a request passed without its guard"))
}

impl From<ForeignOrigin> for ApiError {
    fn from(foreign: ForeignOrigin) -> Self {
        Self::forbidden(sentence(&foreign))
    }
}

impl From<Forbidden> for ApiError {
    fn from(forbidden: Forbidden) -> Self {
        Self::forbidden(sentence(&forbidden))
    }
}

impl From<UserFault> for ApiError {
    fn from(fault: UserFault) -> Self {
        match fault {
            UserFault::NotFound => Self::not_found("user"),
            UserFault::NoSuchToken => Self::not_found("token"),
            UserFault::Forbidden(forbidden) => forbidden.into(),
            UserFault::WrongCredentials => Self::wrong_credentials(),
            UserFault::Taken => Self::conflict_of("taken", "id", Flaw::Taken),
            UserFault::ChangedMeanwhile => Self::changed_meanwhile("user"),
            UserFault::LastAdministrator => Self::conflict("last-administrator", sentence(&fault)),
            UserFault::Invalid(problems) => problems.into(),
            UserFault::Busy => Self::too_many(sentence(&fault), 3),
            UserFault::NoRandomness(cause) => Self::fault(cause),
            UserFault::Store(cause) => cause.into(),
            UserFault::Internal(cause) => Self::fault(cause),
        }
    }
}

impl From<StoreFault> for ApiError {
    fn from(fault: StoreFault) -> Self {
        if fault.is_passing() || fault == StoreFault::Closed {
            tracing::warn!(%fault, "request refused: the database does not follow");
            return Self::unavailable("The database cannot be reached at the moment; try again in a few seconds.");
        }
        Self::fault(fault)
    }
}

impl From<AccessFault> for ApiError {
    fn from(fault: AccessFault) -> Self {
        match fault {
            AccessFault::TooMany { retry_secs } => Self::too_many(sentence(&fault), retry_secs),
            AccessFault::User(fault) => fault.into(),
        }
    }
}

/// With a capital and a full stop.
fn sentence(text: &impl ToString) -> String {
    let text = text.to_string();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str().trim_end_matches('.')),
        None => text,
    }
}
