//! The built console out of the binary: hashed files for ever, the page itself fresh each time. Every address that is no file is
//! the page's own route; `/api` and `/ws` never are.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::{Embed, EmbeddedFile};

use super::ApiError;

/// What `npm run build` made.
#[derive(Embed)]
#[folder = "web-console/dist"]
#[allow_missing = true]
struct Files;

const PAGE: &str = "index.html";
/// The web phone is a page of its own, so that a caller does not load the console.
const WEB_PHONE: &str = "call";
const WEB_PHONE_PAGE: &str = "call.html";
/// Where the build puts files whose names change with their content.
const HASHED: &str = "assets/";
const NOT_BUILT: &str = "The console has not been built into this server. Run `make run`, or \
     `cd web-console && npm install && npm run build`, then build the server again.\n";

/// Answers every address that no other route has.
pub async fn serve(request: Request) -> Response {
    let path = request.uri().path();
    if path == "/api" || path.starts_with("/api/") || path.starts_with("/ws/") {
        return ApiError::not_found("address; see /api/v1/openapi.json").into_response();
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return ApiError::method_not_allowed().into_response();
    }
    let name = match path.trim_start_matches('/') {
        WEB_PHONE => WEB_PHONE_PAGE,
        name => name,
    };
    let etag = request.headers().get(header::IF_NONE_MATCH);
    match Files::get(name).filter(|_| !name.is_empty() && name != PAGE) {
        Some(file) if name.starts_with(HASHED) => answer(name, file, "public, max-age=31536000, immutable", etag),
        Some(file) => answer(name, file, "no-cache", etag),
        // A missing file must not become a page: a script tag would get HTML.
        None if name.starts_with(HASHED) => ApiError::not_found("file").into_response(),
        None => match Files::get(PAGE) {
            Some(file) => answer(PAGE, file, "no-cache", etag),
            None => (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "no-store")], NOT_BUILT).into_response(),
        },
    }
}

fn answer(name: &str, file: EmbeddedFile, cache: &'static str, known: Option<&HeaderValue>) -> Response {
    let hash: String = file.metadata.sha256_hash().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{hash}\"");
    let mut response = if known.is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Response::new(Body::from(file.data.into_owned()));
        if let Ok(kind) = HeaderValue::from_str(file.metadata.mimetype()) {
            response.headers_mut().insert(header::CONTENT_TYPE, with_charset(name, kind));
        }
        response
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}

fn with_charset(name: &str, kind: HeaderValue) -> HeaderValue {
    if name.ends_with(".html") { HeaderValue::from_static("text/html; charset=utf-8") } else { kind }
}
