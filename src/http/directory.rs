//! What administrators set up: numbers, queues, skills, agents, trunks, routes for calls out, phones, calendars, dispositions, pause reasons, and the
//! centre itself. All kinds behave the same, so one description makes them all. Changes hold at once, without a restart.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    routing::{get, post, put},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema, openapi::OpenApi as Document};

use super::{ApiError, AppState, Body, Id, Page, Params, Routes, Signed, openapi::part};
use crate::{
    app::{
        actor::Permission,
        directory::{DirectoryFault, Kept, Versioned},
        field_problem::Flaw,
    },
    domain::directory::{
        AgentProfile, AlertRule, CalendarSource, Centre, Department, Disposition, MediaFork, Number, OutboundRoute,
        PauseReason, Phone, Queue, Skill, Thing, Trunk, Webhook,
    },
};

/// An entry to be saved.
#[derive(Debug, Serialize, ToSchema)]
pub struct ToSave<T> {
    /// The version that was seen; needed to change an entry, not to make one.
    version: Option<i64>,
    /// SIP password, for phones and for trunks with a username; bearer token, for outside systems; secret, for webhooks. Without one a change keeps the old,
    /// unless the account or address is another.
    password: Option<String>,
    /// The entry.
    #[serde(flatten)]
    entry: T,
}

/// Which version is to be removed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Removal {
    /// The version that was seen; without it the entry is removed as it is.
    pub version: Option<i64>,
}

/// A kind's five routes and their description.
macro_rules! resources {
    ($($module:ident: $entry:ty, $tag:literal, $all:literal, $one:literal, $key:literal;)*) => {
        $(mod $module {
            use super::*;

            #[derive(OpenApi)]
            #[openapi(paths(list, make, find, change, remove))]
            pub struct Doc;

            pub fn routes() -> Routes {
                let set_up = Routes::needing(&[Permission::Administer])
                    .route($all, post(make))
                    .route($one, put(change).delete(remove));
                Routes::needing(&[<$entry>::READ]).route($all, get(list)).route($one, get(find)).merge(set_up)
            }

            /// All of them.
            #[utoipa::path(get, path = $all, tag = $tag, responses((status = 200, body = Page<Versioned<$entry>>)))]
            async fn list(
                State(state): State<AppState>,
                Signed(actor): Signed,
            ) -> Result<Json<Page<Versioned<$entry>>>, ApiError> {
                Ok(Json(Page::all(state.centre.list(&actor).await?)))
            }

            /// Makes one.
            #[utoipa::path(post, path = $all, tag = $tag, request_body = ToSave<$entry>, responses(
                (status = 201, body = Versioned<$entry>), (status = 409, body = super::super::Problem),
                (status = 422, body = super::super::Problem)))]
            async fn make(
                State(state): State<AppState>,
                Signed(actor): Signed,
                Body(body): Body<serde_json::Value>,
            ) -> Result<(StatusCode, Json<Versioned<$entry>>), ApiError> {
                let wanted = read::<$entry>(body)?;
                Ok((StatusCode::CREATED, Json(state.centre.make(&actor, wanted.entry, wanted.password).await?)))
            }

            /// One of them.
            #[utoipa::path(get, path = $one, tag = $tag, params(("id" = String, Path)), responses(
                (status = 200, body = Versioned<$entry>), (status = 404, body = super::super::Problem)))]
            async fn find(
                State(state): State<AppState>,
                Signed(actor): Signed,
                Id(key): Id<String>,
            ) -> Result<Json<Versioned<$entry>>, ApiError> {
                Ok(Json(state.centre.find(&actor, &key).await?))
            }

            /// Changes one. The whole entry is given; the version is the one that was seen.
            #[utoipa::path(put, path = $one, tag = $tag, params(("id" = String, Path)), request_body = ToSave<$entry>, responses(
                (status = 200, body = Versioned<$entry>), (status = 404, body = super::super::Problem),
                (status = 409, body = super::super::Problem), (status = 422, body = super::super::Problem)))]
            async fn change(
                State(state): State<AppState>,
                Signed(actor): Signed,
                Id(key): Id<String>,
                Body(body): Body<serde_json::Value>,
            ) -> Result<Json<Versioned<$entry>>, ApiError> {
                let wanted = read::<$entry>(body)?;
                let version = same(&wanted, &key, $key)?;
                Ok(Json(state.centre.change(&actor, version, wanted.entry, wanted.password).await?))
            }

            /// Removes one that nothing refers to.
            #[utoipa::path(delete, path = $one, tag = $tag, params(("id" = String, Path), Removal), responses(
                (status = 204), (status = 404, body = super::super::Problem), (status = 409, body = super::super::Problem)))]
            async fn remove(
                State(state): State<AppState>,
                Signed(actor): Signed,
                Id(key): Id<String>,
                Params(removal): Params<Removal>,
            ) -> Result<StatusCode, ApiError> {
                state.centre.remove::<$entry>(&actor, &key, removal.version).await?;
                Ok(StatusCode::NO_CONTENT)
            }
        })*

        /// Every kind's routes.
        pub fn routes() -> Routes {
            centre()$(.merge($module::routes()))*
        }

        /// Every kind's part of openapi.json.
        pub fn document() -> Document {
            let mut document = part("centre", Doc::openapi());
            $(document.merge(part(stringify!($module), $module::Doc::openapi()));)*
            document
        }
    };
}

resources! {
    numbers: Number, "numbers", "/api/v1/numbers", "/api/v1/numbers/{id}", "number";
    queues: Queue, "queues", "/api/v1/queues", "/api/v1/queues/{id}", "id";
    skills: Skill, "skills", "/api/v1/skills", "/api/v1/skills/{id}", "id";
    agents: AgentProfile, "agents", "/api/v1/agents", "/api/v1/agents/{id}", "id";
    trunks: Trunk, "trunks", "/api/v1/trunks", "/api/v1/trunks/{id}", "id";
    outbound_routes: OutboundRoute, "outbound-routes", "/api/v1/outbound-routes", "/api/v1/outbound-routes/{id}", "id";
    media_forks: MediaFork, "media-forks", "/api/v1/media-forks", "/api/v1/media-forks/{id}", "id";
    alert_rules: AlertRule, "alert-rules", "/api/v1/alert-rules", "/api/v1/alert-rules/{id}", "id";
    webhooks: Webhook, "webhooks", "/api/v1/webhooks", "/api/v1/webhooks/{id}", "id";
    phones: Phone, "phones", "/api/v1/phones", "/api/v1/phones/{id}", "account";
    calendars: CalendarSource, "calendars", "/api/v1/calendars", "/api/v1/calendars/{id}", "id";
    dispositions: Disposition, "dispositions", "/api/v1/dispositions", "/api/v1/dispositions/{id}", "id";
    departments: Department, "departments", "/api/v1/departments", "/api/v1/departments/{id}", "id";
    pause_reasons: PauseReason, "pause-reasons", "/api/v1/pause-reasons", "/api/v1/pause-reasons/{id}", "id";
}

/// The routes of the one entry that is always there.
fn centre() -> Routes {
    let set_up = Routes::needing(&[Permission::Administer]).route("/api/v1/centre", put(change));
    Routes::needing(&[Centre::READ]).route("/api/v1/centre", get(find)).merge(set_up)
}

#[derive(OpenApi)]
#[openapi(paths(find, change))]
struct Doc;

/// General facts of the centre; version 0 while nobody has saved them.
#[utoipa::path(get, path = "/api/v1/centre", tag = "centre", responses((status = 200, body = Versioned<Centre>)))]
async fn find(State(state): State<AppState>, Signed(actor): Signed) -> Result<Json<Versioned<Centre>>, ApiError> {
    Ok(Json(state.centre.find(&actor, "centre").await?))
}

/// Changes the general facts.
#[utoipa::path(put, path = "/api/v1/centre", tag = "centre", request_body = ToSave<Centre>, responses(
    (status = 200, body = Versioned<Centre>), (status = 409, body = super::Problem), (status = 422, body = super::Problem)))]
async fn change(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Body(body): Body<serde_json::Value>,
) -> Result<Json<Versioned<Centre>>, ApiError> {
    let wanted = read::<Centre>(body)?;
    let version = same(&wanted, "centre", "id")?;
    Ok(Json(state.centre.change(&actor, version, wanted.entry, None).await?))
}

/// Reads an entry, its version and its password out of one object; what cannot be read is named by its path.
fn read<T: Kept>(body: serde_json::Value) -> Result<ToSave<T>, ApiError> {
    let serde_json::Value::Object(mut fields) = body else {
        return Err(unreadable("body", "not an object"));
    };
    let version = match fields.remove("version") {
        None | Some(serde_json::Value::Null) => None,
        Some(value) => {
            let version = value.as_i64();
            Some(version.ok_or_else(|| unreadable("version", "not a whole number"))?)
        }
    };
    let password = match fields.remove("password") {
        None | Some(serde_json::Value::Null) => None,
        Some(serde_json::Value::String(password)) => Some(password),
        Some(_) => return Err(unreadable("password", "not a text")),
    };
    let entry = serde_path_to_error::deserialize(serde_json::Value::Object(fields)).map_err(|error| {
        let field = match error.path().to_string() {
            path if path == "." => "body".to_owned(),
            path => path,
        };
        unreadable(field, error.inner())
    })?;
    Ok(ToSave { version, password, entry })
}

fn unreadable(field: impl Into<String>, detail: impl ToString) -> ApiError {
    ApiError::invalid(field, Flaw::Unreadable { detail: detail.to_string() })
}

/// A change is of the entry in the address and of a version that was seen.
fn same<T: Kept>(wanted: &ToSave<T>, key: &str, field: &str) -> Result<i64, ApiError> {
    if wanted.entry.key() != key {
        return Err(ApiError::invalid(field, Flaw::NotTheAddressed));
    }
    wanted.version.ok_or_else(|| ApiError::invalid("version", Flaw::VersionMissing))
}

/// The field that holds the key.
fn key_of(thing: Thing) -> &'static str {
    match thing {
        Thing::Number => "number",
        Thing::Phone => "account",
        Thing::Centre
        | Thing::Queue
        | Thing::Skill
        | Thing::Agent
        | Thing::Trunk
        | Thing::OutboundRoute
        | Thing::Calendar
        | Thing::Disposition
        | Thing::PauseReason
        | Thing::SlaPolicy
        | Thing::MediaFork
        | Thing::AlertRule
        | Thing::Webhook
        | Thing::Broadcast
        | Thing::Department
        | Thing::TicketWorkflow => "id",
    }
}

impl From<DirectoryFault> for ApiError {
    fn from(fault: DirectoryFault) -> Self {
        match fault {
            DirectoryFault::NotFound(thing) => Self::not_found(&thing.word().replace('_', " ")),
            DirectoryFault::Forbidden(forbidden) => forbidden.into(),
            DirectoryFault::Taken(thing) => Self::conflict_of("taken", key_of(thing), Flaw::Taken),
            DirectoryFault::InUse(thing, by) => Self::conflict_of("in-use", key_of(thing), Flaw::InUse { by }),
            DirectoryFault::ChangedMeanwhile(thing) => Self::changed_meanwhile(&thing.word().replace('_', " ")),
            DirectoryFault::Invalid(problems) => problems.into(),
            DirectoryFault::Store(fault) => fault.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_that_cannot_be_read_names_the_field() {
        let field = |body| format!("{}", read::<Queue>(body).expect_err("refused"));
        assert!(field(json!([])).contains("body"));
        assert!(field(json!({ "version": "x" })).contains("version"));
        assert!(field(json!({ "password": 7 })).contains("password"));
        let wrong = json!({ "id": "sales", "name": "Sales", "skills": [{ "skill": "Ñ", "level": 1 }] });
        assert!(field(wrong).contains("skills[0].skill"));
    }

    #[test]
    fn a_change_is_of_the_entry_in_the_address_and_of_a_seen_version() {
        let skill = |version: Option<i64>| {
            read::<Skill>(json!({ "version": version, "id": "dutch", "name": "Dutch" })).expect("readable")
        };
        assert_eq!(same(&skill(Some(3)), "dutch", "id").expect("the same"), 3);
        assert!(same(&skill(Some(3)), "german", "id").expect_err("another").to_string().contains("id"));
        assert!(same(&skill(None), "dutch", "id").expect_err("unseen").to_string().contains("version"));
    }
}
