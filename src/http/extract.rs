//! Readers of a request that answer with problem details instead of plain text: [`Body`], [`Params`], [`Id`]. And [`Page`], the
//! shape of every list.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, OptionalFromRequest, Request, rejection::JsonRejection},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};

use super::error::ApiError;
use crate::app::{
    field_problem::{Flaw, Problems},
    paging::{PAGE_MAX, Part},
};

/// A JSON body.
#[derive(Debug, FromRequest)]
#[from_request(via(axum::Json), rejection(ApiError))]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Body<T> {
    type Rejection = ApiError;

    /// A body without an octet is none, whatever it calls itself.
    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, ApiError> {
        let (parts, body) = request.into_parts();
        let whole = Request::from_parts(parts.clone(), body);
        let octets = <Bytes as FromRequest<S>>::from_request(whole, state).await.map_err(JsonRejection::from)?;
        if octets.is_empty() {
            return Ok(None);
        }
        <Self as FromRequest<S>>::from_request(Request::from_parts(parts, octets.into()), state).await.map(Some)
    }
}

/// The query string.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(ApiError))]
pub struct Params<T>(pub T);

/// The id, or the tuple of ids, in the path.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub struct Id<T>(pub T);

/// Items of a page when the request does not say.
pub const PAGE_DEFAULT: i64 = 50;
/// Longest cursor accepted.
const CURSOR_LENGTH_MAX: usize = 400;

/// Part of a list, and where the next part begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// In the list's order.
    pub items: Vec<T>,
    /// Give it back as `after` for the next part; `None` at the end.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A list that fits into one page.
    pub fn all(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

impl<T, K: Serialize> From<Part<T, K>> for Page<T> {
    fn from(part: Part<T, K>) -> Self {
        Self { items: part.items, next: part.next.as_ref().map(cursor) }
    }
}

/// Which part of a list is asked for. Flatten into a route's own parameters, or use as it is.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// The `next` of the page before.
    pub after: Option<String>,
    /// Items wanted, 1 to 500; 50 when not given.
    pub limit: Option<i64>,
}

impl PageParams {
    /// How many items, checked.
    pub fn limit(&self) -> Result<i64, ApiError> {
        let limit = self.limit.unwrap_or(PAGE_DEFAULT);
        let mut problems = Problems::default();
        problems.within("limit", limit, 1, PAGE_MAX);
        problems.into_result()?;
        Ok(limit)
    }

    /// The place to go on from, as a [`Page`] wrote it.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, ApiError> {
        let Some(text) = &self.after else { return Ok(None) };
        read_cursor(text).map(Some)
    }
}

/// A place in a list as opaque text.
pub(super) fn cursor<K: Serialize>(key: &K) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

fn read_cursor<K: DeserializeOwned>(text: &str) -> Result<K, ApiError> {
    let wrong = || ApiError::invalid("after", Flaw::NotACursor);
    if text.len() > CURSOR_LENGTH_MAX {
        return Err(wrong());
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
    serde_json::from_slice(&bytes).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_goes_on_where_the_one_before_ended() {
        let page = Page::from(Part { items: vec![1_i64, 2], next: Some(2) });
        let params = PageParams { after: page.next, limit: None };
        assert_eq!(params.after::<i64>().ok().flatten(), Some(2));
    }

    #[test]
    fn a_made_up_cursor_is_the_callers_mistake() {
        for text in ["x", "e30", "%%%", &"A".repeat(1_000)] {
            let params = PageParams { after: Some(text.into()), limit: None };
            assert_eq!(params.after::<i64>().expect_err("refused").status().as_u16(), 422, "{text}");
        }
    }
}
