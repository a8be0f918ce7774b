//! The built console out of the binary: hashed files for ever, pages fresh each time. Every address that is no file is the
//! console's own route; `/api` and `/ws` never are.

use std::borrow::Cow;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::{Embed, EmbeddedFile};

use super::ApiError;

/// What `npm run build` made.
#[derive(Embed)]
#[folder = "web-console/dist"]
#[allow_missing = true]
struct Files;

/// The console, whatever its address.
const PAGE: &str = "index.html";
/// Where the build puts files whose names change with their content.
const HASHED: &str = "assets/";
const FOREVER: &str = "public, max-age=31536000, immutable";
const ASK_EACH_TIME: &str = "no-cache";
/// What the build puts beside a file, best first.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];
const NOT_BUILT: &str = "The console has not been built into this server. Run `make run`, or \
     `cd web-console && npm ci && npm run build`, then build the server again.\n";

/// Answers every address that no other route has.
pub async fn serve(request: Request) -> Response {
    let path = request.uri().path();
    if path == "/api" || path.starts_with("/api/") || path.starts_with("/ws/") {
        return ApiError::not_found("address; see /api/v1/openapi.json").into_response();
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return ApiError::method_not_allowed().into_response();
    }
    let name = path.trim_start_matches('/');
    let headers = request.headers();
    if name.starts_with(HASHED) {
        // A missing file must not become a page: a script tag would get HTML.
        return answer(name, FOREVER, headers).unwrap_or_else(|| ApiError::not_found("file").into_response());
    }
    // `/call` is a page of its own, which the build calls `call.html`.
    let page = format!("{name}.html");
    [name, page.as_str(), PAGE]
        .into_iter()
        .find_map(|name| answer(name, ASK_EACH_TIME, headers))
        .unwrap_or_else(|| (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "no-store")], NOT_BUILT).into_response())
}

/// The file of this name as the browser takes it, or that it has it already; `None` without such a file.
fn answer(name: &str, cache: &'static str, headers: &HeaderMap) -> Option<Response> {
    if name.is_empty() || ENCODINGS.iter().any(|(_, ending)| name.ends_with(ending)) {
        return None;
    }
    let plain = Files::get(name)?;
    let etag = etag_of(&plain);
    let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let kind = kind_of(name, plain.metadata.mimetype());
        let (encoding, bytes) = encoded(name, plain, headers);
        let mut response = Response::new(Body::from(bytes.into_owned()));
        if let Ok(kind) = HeaderValue::from_str(&kind) {
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        if let Some(encoding) = encoding {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    Some(response)
}

fn etag_of(file: &EmbeddedFile) -> String {
    let hash: String = file.metadata.sha256_hash().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    // Weak: the same content in any encoding.
    format!("W/\"{hash}\"")
}

fn encoded(name: &str, plain: EmbeddedFile, headers: &HeaderMap) -> (Option<&'static str>, Cow<'static, [u8]>) {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let takes = |encoding: &str| accepted.split(',').any(|part| part.split(';').next().unwrap_or_default().trim() == encoding);
    for (encoding, ending) in ENCODINGS {
        if takes(encoding)
            && let Some(file) = Files::get(&format!("{name}{ending}"))
        {
            return (Some(encoding), file.data);
        }
    }
    (None, plain.data)
}

fn kind_of(name: &str, kind: &str) -> String {
    let is_text = kind.starts_with("text/") || name.ends_with(".js") || name.ends_with(".svg");
    if is_text && !kind.contains("charset") { format!("{kind}; charset=utf-8") } else { kind.to_owned() }
}
