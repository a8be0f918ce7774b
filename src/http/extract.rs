//! Readers of a request that answer with problem details instead of plain text: [`Body`], [`Params`], [`Id`]. And [`Page`], the
//! shape of every list.

use axum::extract::{FromRequest, FromRequestParts};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};

use super::error::ApiError;

/// A JSON body.
#[derive(Debug, FromRequest)]
#[from_request(via(axum::Json), rejection(ApiError))]
pub struct Body<T>(pub T);

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
/// Most items of a page.
pub const PAGE_MAX: i64 = 500;
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

    /// A page of at most `limit` out of `rows`, which were asked for with one more; `key` is the place of an item in the order.
    pub fn cut<K: Serialize>(mut rows: Vec<T>, limit: i64, key: impl Fn(&T) -> K) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(|last| cursor(&key(last))) } else { None };
        Self { items: rows, next }
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
        if (1..=PAGE_MAX).contains(&limit) {
            Ok(limit)
        } else {
            Err(ApiError::invalid("limit", format!("{limit} is out of range"), format!("Use 1 to {PAGE_MAX}")))
        }
    }

    /// The place to go on from, as [`Page::cut`] wrote it.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, ApiError> {
        let Some(text) = &self.after else { return Ok(None) };
        read_cursor(text).map(Some)
    }
}

/// A place in a list as opaque text.
pub fn cursor<K: Serialize>(key: &K) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

fn read_cursor<K: DeserializeOwned>(text: &str) -> Result<K, ApiError> {
    let wrong = || ApiError::invalid("after", "not a cursor of this list", "Use the `next` of the page before, unchanged");
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
        let page = Page::cut(vec![1_i64, 2, 3], 2, |item| *item);
        assert_eq!(page.items, [1, 2]);
        let params = PageParams { after: page.next, limit: None };
        assert_eq!(params.after::<i64>().ok().flatten(), Some(2));
        assert_eq!(Page::cut(vec![1_i64, 2], 2, |item| *item).next, None);
    }

    #[test]
    fn a_made_up_cursor_is_the_callers_mistake() {
        for text in ["x", "e30", "%%%", &"A".repeat(1_000)] {
            let params = PageParams { after: Some(text.into()), limit: None };
            assert_eq!(params.after::<i64>().expect_err("refused").status().as_u16(), 422, "{text}");
        }
    }
}
