//! The description of the REST interface, OpenAPI 3.1, gathered from the resources. `server.rs` adds the console's messages.

use axum::{extract::State, http::header, routing::get};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        OpenApi as Document,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::{
    AppState, Routes, alerts, broadcasts, callbacks, calls, customers, directory, error::Problem, events, health, lines,
    parked, presence, queue_waits, recordings, reports, session, signalling, supervision, ticket_workflow, tickets, tokens,
    trunks, users, waiting, web_phone, work_items,
};

/// `GET /api/v1/openapi.json`; no sign-in.
pub fn routes() -> Routes {
    let json = async |State(state): State<AppState>| ([(header::CONTENT_TYPE, "application/json")], state.openapi.to_string());
    Routes::public().route("/api/v1/openapi.json", get(json))
}

/// General facts of the interface; each resource adds its routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Centralita",
        description = "Contact centre: calls, queues, agents, customers, tickets. Errors are RFC 9457 problem details. \
                       Lists are pages of `items` with the cursor `next`. Times are RFC 3339 UTC with milliseconds. \
                       People sign in with POST /api/v1/session; programs send a scoped token as `Authorization: Bearer`."
    ),
    components(schemas(Problem)),
    security(("session" = []), ("token" = [])),
    modifiers(&Credentials)
)]
struct Base;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(
            "session",
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
                "__Host-session",
                "Set by POST /api/v1/session. Unsafe methods also need an Origin of this server.",
            ))),
        );
        components.add_security_scheme(
            "token",
            SecurityScheme::Http(
                HttpBuilder::new()
                    .scheme(HttpAuthScheme::Bearer)
                    .description(Some("Made by `centralita user token` or POST /api/v1/tokens."))
                    .build(),
            ),
        );
    }
}

/// Every resource's part of the description, merged. A new resource adds its line here and in `router.rs`.
pub fn openapi() -> Document {
    let mut document = Base::openapi();
    let parts = [
        part("health", health::Doc::openapi()),
        part("session", session::Doc::openapi()),
        part("users", users::Doc::openapi()),
        part("tokens", tokens::Doc::openapi()),
        part("customers", customers::Doc::openapi()),
        part("tickets", tickets::Doc::openapi()),
        part("ticket_workflow", ticket_workflow::Doc::openapi()),
        part("web_phone", web_phone::Doc::openapi()),
        directory::document(),
        part("lines", lines::Doc::openapi()),
        part("trunk_states", trunks::Doc::openapi()),
        part("calls", calls::Doc::openapi()),
        part("callbacks", callbacks::Doc::openapi()),
        part("signalling", signalling::Doc::openapi()),
        part("recordings", recordings::Doc::openapi()),
        part("events", events::Doc::openapi()),
        part("reports", reports::Doc::openapi()),
        part("parked_calls", parked::Doc::openapi()),
        part("queue_waits", queue_waits::Doc::openapi()),
        part("waiting", waiting::Doc::openapi()),
        part("supervision", supervision::Doc::openapi()),
        part("alerts", alerts::Doc::openapi()),
        part("broadcasts", broadcasts::Doc::openapi()),
        part("presence", presence::Doc::openapi()),
        part("work_items", work_items::Doc::openapi()),
    ];
    for part in parts {
        document.merge(part);
    }
    document
}

/// A resource's part, its operations called by resource and handler: `queues_list`. Programs that generate a client make a function
/// of each name, so all of them must differ.
pub(super) fn part(resource: &str, mut document: Document) -> Document {
    for item in document.paths.paths.values_mut() {
        let methods = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in methods.into_iter().flatten() {
            operation.operation_id = operation.operation_id.take().map(|handler| format!("{resource}_{handler}"));
        }
    }
    document
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    #[test]
    fn no_two_operations_have_the_same_name() {
        let document = serde_json::to_value(super::openapi()).unwrap();
        let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let name = operation["operationId"].as_str().unwrap_or_default().to_owned();
                places.entry(name).or_default().push(format!("{method} {path}"));
            }
        }
        assert!(places.len() > 60 && !places.contains_key(""), "{places:?}");
        let shared: Vec<_> = places.iter().filter(|(_, places)| places.len() > 1).collect();
        assert!(shared.is_empty(), "{shared:?}");
    }
}
