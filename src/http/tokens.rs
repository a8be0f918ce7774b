//! Tokens for programs, each for a user and limited to scopes. The secret is answered once, when the token is made.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    routing::{delete, get},
};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{ApiError, AppState, Body, Id, Page, Routes, Signed};
use crate::{
    app::{actor::Permission, users::NewToken},
    domain::access::ApiToken,
    types::{Timestamp, UserId},
};

/// This resource's part of openapi.json.
#[derive(OpenApi)]
#[openapi(paths(list, make, revoke))]
pub struct Doc;

/// Its routes.
pub fn routes() -> Routes {
    Routes::needing(&[Permission::ManageUsers])
        .route("/api/v1/tokens", get(list).post(make))
        .route("/api/v1/tokens/{id}", delete(revoke))
}

/// A token to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenToMake {
    /// Whose rights it has, at most.
    user: UserId,
    /// What it is for.
    name: String,
    /// What it may do: words of permissions.
    scopes: Vec<String>,
    /// No longer valid from then on.
    expires_at: Option<Timestamp>,
}

/// A token with its secret.
#[derive(Serialize, ToSchema)]
pub struct TokenWithSecret {
    /// What it is.
    token: ApiToken,
    /// For `Authorization: Bearer`. Not shown again.
    secret: String,
}

/// All tokens, oldest first, without their secrets.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "users", responses((status = 200, body = Page<ApiToken>), (status = 403, body = super::Problem)))]
async fn list(State(state): State<AppState>, Signed(actor): Signed) -> Result<Json<Page<ApiToken>>, ApiError> {
    Ok(Json(Page::all(state.access.users().tokens(&actor).await?)))
}

/// Makes a token and shows its secret.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "users", request_body = TokenToMake, responses(
    (status = 201, body = TokenWithSecret), (status = 404, body = super::Problem), (status = 422, body = super::Problem)))]
async fn make(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Body(wanted): Body<TokenToMake>,
) -> Result<(StatusCode, Json<TokenWithSecret>), ApiError> {
    let TokenToMake { user, name, scopes, expires_at } = wanted;
    let made = state.access.users().make_token(&actor, NewToken { user, name, scopes, expires_at }).await?;
    Ok((StatusCode::CREATED, Json(TokenWithSecret { token: made.token, secret: made.secret })))
}

/// Takes a token back.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "users", params(("id" = String, Path)), responses(
    (status = 204), (status = 404, body = super::Problem)))]
async fn revoke(State(state): State<AppState>, Signed(actor): Signed, Id(id): Id<String>) -> Result<StatusCode, ApiError> {
    state.access.users().revoke_token(&actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
