//! The composition root: the one place that knows every part. Opens store and sockets, starts the loops, stops them in order.

use crate::{console, http};

/// openapi.json: the REST interface and the messages of both sockets, ending with a line feed.
pub fn openapi_json() -> String {
    let mut document = http::openapi();
    let components = document.components.get_or_insert_default();
    for (name, schema) in console::wire::schemas() {
        components.schemas.entry(name).or_insert(schema);
    }
    let mut text = document.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}
