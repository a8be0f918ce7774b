//! Signing in and out. The session is a row of ours; the browser holds a random token in a cookie.
//!
//! `POST /api/v1/session {"user", "password"}` sets the cookie and answers who came in; `GET` answers who is in (401 when nobody
//! is); `DELETE` leaves; `PUT /api/v1/session/password {"old", "new"}` sets the own password, which ends all own sessions.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::IntoResponse,
    routing::{get, post, put},
};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{ApiError, AppState, Body, Connection, Person, Routes, Signed, guard};
use crate::{
    app::actor::{Actor, Permission},
    domain::access::{Role, User},
    types::{AgentId, Timestamp, UserId},
};

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(sign_in, who, sign_out, set_password))]
pub struct Doc;

/// Its routes.
pub fn routes() -> Routes {
    Routes::signed()
        .route("/api/v1/session", get(who).delete(sign_out))
        .route("/api/v1/session/password", put(set_password))
        .merge(Routes::public().route("/api/v1/session", post(sign_in)))
}

/// User and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Key of the user.
    user: String,
    /// Password.
    password: String,
}

/// Who is signed in, and where.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionView {
    /// Key of the user.
    pub user: UserId,
    /// Name of the user.
    pub name: String,
    /// What the user is in the centre.
    pub role: Role,
    /// What the user may do.
    pub permissions: Vec<Permission>,
    /// Language of the console, `es` or `en`.
    pub language: String,
    /// The user's agent, if the user takes calls.
    pub agent: Option<AgentId>,
    /// Name of the centre.
    pub centre_name: String,
    /// Whether this is the sample centre; every page says so.
    pub is_sample: bool,
    /// Build of the server.
    pub build: String,
    /// The server's clock.
    pub server_time: Timestamp,
}

/// An own new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnPassword {
    /// As it is.
    old: String,
    /// As it will be.
    new: String,
}

/// Signs in and sets the session's cookie. Unknown user and wrong password get the same answer.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", security(()), request_body = SignIn, responses(
    (status = 200, body = SessionView), (status = 401, body = super::Problem), (status = 429, body = super::Problem)))]
async fn sign_in(
    State(state): State<AppState>,
    Connection(client): Connection,
    Body(wanted): Body<SignIn>,
) -> Result<impl IntoResponse, ApiError> {
    // Another site must not sign its visitor in as somebody else; programs send no Origin.
    if client.origin.is_some() {
        client.require_own_origin()?;
    }
    let came = state.access.sign_in(&wanted.user, wanted.password, &client).await?;
    let seconds = came.expires_at.millis_since(state.clock.now().wall) / 1_000;
    let actor = Actor::person(came.user.id.clone(), came.user.role);
    Ok((cookies(&came.token, seconds, client.is_secure), Json(view(&state, &actor, came.user))))
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/v1/session", tag = "session", responses(
    (status = 200, body = SessionView), (status = 401, body = super::Problem)))]
async fn who(State(state): State<AppState>, Signed(actor): Signed) -> Result<Json<SessionView>, ApiError> {
    let user = state.access.users().find(&actor, &actor.user).await?;
    Ok(Json(view(&state, &actor, user)))
}

/// Ends this session; its sockets close.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses((status = 204), (status = 401, body = super::Problem)))]
async fn sign_out(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Connection(client): Connection,
) -> Result<impl IntoResponse, ApiError> {
    if let Some(token) = &client.session {
        state.access.sign_out(&actor, token).await?;
    }
    Ok((StatusCode::NO_CONTENT, cookies("", 0, client.is_secure)))
}

/// Sets the own password; all own sessions end, this one too.
#[utoipa::path(put, path = "/api/v1/session/password", tag = "session", request_body = OwnPassword, responses(
    (status = 204), (status = 401, body = super::Problem), (status = 422, body = super::Problem)))]
async fn set_password(
    State(state): State<AppState>,
    Person(actor): Person,
    Connection(client): Connection,
    Body(wanted): Body<OwnPassword>,
) -> Result<impl IntoResponse, ApiError> {
    state.access.change_own_password(&actor, wanted.old, wanted.new, &client).await?;
    Ok((StatusCode::NO_CONTENT, cookies("", 0, client.is_secure)))
}

fn view(state: &AppState, actor: &Actor, user: User) -> SessionView {
    let directory = state.directory.borrow().clone();
    let agent = AgentId::from(user.id.clone());
    SessionView {
        permissions: Permission::ALL.into_iter().filter(|permission| actor.may(*permission)).collect(),
        agent: directory.agents.get(&agent).filter(|agent| agent.is_active).map(|_| agent),
        centre_name: directory.centre.name.clone(),
        is_sample: directory.centre.is_sample,
        build: state.build.to_string(),
        server_time: state.clock.now().wall,
        user: user.id,
        name: user.name,
        role: user.role,
        language: user.language,
    }
}

/// The session's cookie; on plain loopback HTTP also the one for browsers and programs that keep `Secure` cookies from it.
fn cookies(token: &str, max_age_secs: i64, is_secure: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut add = |text: String| {
        if let Ok(mut value) = HeaderValue::try_from(text) {
            value.set_sensitive(true);
            headers.append(header::SET_COOKIE, value);
        }
    };
    let rest = format!("Path=/; Max-Age={max_age_secs}; HttpOnly; SameSite=Lax");
    add(format!("{}={token}; {rest}; Secure", guard::COOKIE));
    if !is_secure {
        add(format!("{}={token}; {rest}", guard::LOOPBACK_COOKIE));
    }
    headers
}
