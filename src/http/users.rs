//! Users: who signs in and as what. For administrators.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    routing::{get, put},
};
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

use super::{ApiError, AppState, Body, Id, Page, Routes, Signed};
use crate::{
    app::{
        actor::Permission,
        users::{NewUser, UserChange},
    },
    domain::access::{Role, User},
    types::UserId,
};

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(list, make, find, change, remove, set_password))]
pub struct Doc;

/// Its routes.
pub fn routes() -> Routes {
    Routes::needing(&[Permission::ManageUsers])
        .route("/api/v1/users", get(list).post(make))
        .route("/api/v1/users/{id}", put(change).delete(remove))
        .route("/api/v1/users/{id}/password", put(set_password))
        // The own one may be read by everyone.
        .merge(Routes::signed().route("/api/v1/users/{id}", get(find)))
}

/// A user to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserToMake {
    /// Key, typed at sign-in; an agent of the same key takes calls as this user.
    id: UserId,
    /// Shown to colleagues.
    name: String,
    /// What the user will be.
    role: Role,
    /// `es` or `en`.
    language: String,
    /// First password.
    password: String,
}

/// A user as it will be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserToChange {
    /// The version that was seen.
    version: i64,
    /// Shown to colleagues.
    name: String,
    /// What the user is.
    role: Role,
    /// `es` or `en`.
    language: String,
    /// Whether the user may sign in.
    is_active: bool,
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordToSet {
    /// As it will be.
    password: String,
}

/// All users, by key.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", responses((status = 200, body = Page<User>), (status = 403, body = super::Problem)))]
async fn list(State(state): State<AppState>, Signed(actor): Signed) -> Result<Json<Page<User>>, ApiError> {
    Ok(Json(Page::all(state.access.users().list(&actor).await?)))
}

/// Makes a user.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = UserToMake, responses(
    (status = 201, body = User), (status = 409, body = super::Problem), (status = 422, body = super::Problem)))]
async fn make(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Body(wanted): Body<UserToMake>,
) -> Result<(StatusCode, Json<User>), ApiError> {
    let UserToMake { id, name, role, language, password } = wanted;
    let user = state.access.users().make(&actor, NewUser { id, name, role, language, password }).await?;
    Ok((StatusCode::CREATED, Json(user)))
}

/// One user; everyone may read the own.
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "users", params(("id" = String, Path)), responses(
    (status = 200, body = User), (status = 404, body = super::Problem)))]
async fn find(State(state): State<AppState>, Signed(actor): Signed, Id(id): Id<UserId>) -> Result<Json<User>, ApiError> {
    Ok(Json(state.access.users().find(&actor, &id).await?))
}

/// Changes a user; a changed role ends the user's sockets, which connect again with the new one.
#[utoipa::path(put, path = "/api/v1/users/{id}", tag = "users", params(("id" = String, Path)), request_body = UserToChange, responses(
    (status = 200, body = User), (status = 409, body = super::Problem), (status = 422, body = super::Problem)))]
async fn change(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<UserId>,
    Body(wanted): Body<UserToChange>,
) -> Result<Json<User>, ApiError> {
    let UserToChange { version, name, role, language, is_active } = wanted;
    Ok(Json(state.access.users().change(&actor, id, UserChange { version, name, role, language, is_active }).await?))
}

/// Removes a user with all sessions and tokens.
#[utoipa::path(delete, path = "/api/v1/users/{id}", tag = "users", params(("id" = String, Path)), responses(
    (status = 204), (status = 404, body = super::Problem), (status = 409, body = super::Problem)))]
async fn remove(State(state): State<AppState>, Signed(actor): Signed, Id(id): Id<UserId>) -> Result<StatusCode, ApiError> {
    state.access.users().remove(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sets a user's password; all sessions of the user end.
#[utoipa::path(put, path = "/api/v1/users/{id}/password", tag = "users", params(("id" = String, Path)), request_body = PasswordToSet,
    responses((status = 204), (status = 404, body = super::Problem), (status = 422, body = super::Problem)))]
async fn set_password(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<UserId>,
    Body(wanted): Body<PasswordToSet>,
) -> Result<StatusCode, ApiError> {
    state.access.users().set_password(&actor, id, wanted.password).await?;
    Ok(StatusCode::NO_CONTENT)
}
