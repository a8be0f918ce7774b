//! Customers: search, record, timeline, import.

use axum::{Json, body::Bytes, extract::DefaultBodyLimit, extract::State, http::StatusCode, routing::get, routing::post};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{ApiError, AppState, Body, Id, Page, PageParams, Params, Routes, Signed};
use crate::{
    app::{
        actor::Permission,
        customers::{CustomerDraft, CustomerFault},
        import::{self, ImportFault, ImportReport},
        spoken::Tongue,
    },
    domain::customer::{Customer, CustomerSnapshot, Interaction},
    types::{CustomerId, TicketId},
};

/// Where files of customers come in; the one request that may take long.
pub(super) const IMPORT_PATH: &str = "/api/v1/customers/import";

/// Routes of this resource.
pub fn routes() -> Routes {
    let import = post(import_file).layer(DefaultBodyLimit::max(import::FILE_BYTES_MAX + 1));
    let import = Routes::needing(&[Permission::ImportCustomers]).route(IMPORT_PATH, import);
    Routes::needing(&[Permission::WorkCustomers])
        .route("/api/v1/customers", get(search).post(create))
        .route("/api/v1/customers/{id}", get(find).put(change))
        .route("/api/v1/customers/{id}/snapshot", get(snapshot))
        .route("/api/v1/customers/{id}/timeline", get(timeline))
        .route("/api/v1/customers/{id}/notes", post(add_note))
        .merge(import)
}

/// This resource's part of the description.
#[derive(OpenApi)]
#[openapi(paths(search, create, find, change, snapshot, timeline, add_note, import_file))]
pub struct Doc;

/// What a search looks for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Search {
    /// Beginnings of words of name, organisation or document; digits of a number; the beginning of a mail address.
    q: Option<String>,
    /// Segment key.
    segment: Option<String>,
}

/// Whether likely duplicates are meant.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Sure {
    /// Save although others are likely the same customer.
    #[serde(default)]
    sure: bool,
}

/// A changed record with the version that it saw.
#[derive(Debug, Deserialize, ToSchema)]
struct ChangedCustomer {
    /// The record's version.
    version: i64,
    /// The record as it shall be.
    #[serde(flatten)]
    draft: CustomerDraft,
}

/// A note for the timeline.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewNote {
    /// Plain text, 1 to 10,000 characters.
    notes: String,
    /// The ticket that it belongs to.
    #[serde(default)]
    ticket: Option<TicketId>,
}

/// How an import runs.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ImportParams {
    /// Only say what would happen.
    #[serde(default)]
    dry_run: bool,
    /// Language of the error file, `es` or `en`; without it that of the user.
    language: Option<String>,
}

impl From<CustomerFault> for ApiError {
    fn from(fault: CustomerFault) -> Self {
        match fault {
            CustomerFault::NotFound => Self::not_found("customer"),
            CustomerFault::Forbidden(forbidden) => forbidden.into(),
            CustomerFault::ChangedMeanwhile => Self::changed_meanwhile("customer"),
            CustomerFault::Invalid(problems) => problems.into(),
            CustomerFault::LikelyDuplicates(duplicates) => Self::likely_duplicates(duplicates),
            CustomerFault::Store(fault) => fault.into(),
        }
    }
}

/// Customers that match, by name.
#[utoipa::path(get, path = "/api/v1/customers", tag = "customers", params(Search, PageParams),
    responses((status = 200, body = Page<Customer>)))]
async fn search(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Params(search): Params<Search>,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<Customer>>, ApiError> {
    let (limit, after, text) = (page.limit()?, page.after()?, search.q.unwrap_or_default());
    Ok(Json(state.customers.search(&actor, &text, search.segment.as_deref(), after, limit).await?.into()))
}

/// Makes a customer.
#[utoipa::path(post, path = "/api/v1/customers", tag = "customers", params(Sure), request_body = CustomerDraft,
    responses((status = 201, body = Customer), (status = 409, body = super::Problem)))]
async fn create(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Params(sure): Params<Sure>,
    Body(draft): Body<CustomerDraft>,
) -> Result<(StatusCode, Json<Customer>), ApiError> {
    Ok((StatusCode::CREATED, Json(state.customers.create(&actor, draft, sure.sure).await?)))
}

/// One customer.
#[utoipa::path(get, path = "/api/v1/customers/{id}", tag = "customers", params(("id" = CustomerId, Path)),
    responses((status = 200, body = Customer)))]
async fn find(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<CustomerId>,
) -> Result<Json<Customer>, ApiError> {
    Ok(Json(state.customers.find(&actor, id).await?))
}

/// Changes a customer.
#[utoipa::path(put, path = "/api/v1/customers/{id}", tag = "customers", params(("id" = CustomerId, Path), Sure),
    request_body = ChangedCustomer, responses((status = 200, body = Customer), (status = 409, body = super::Problem)))]
async fn change(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<CustomerId>,
    Params(sure): Params<Sure>,
    Body(changed): Body<ChangedCustomer>,
) -> Result<Json<Customer>, ApiError> {
    Ok(Json(state.customers.change(&actor, id, changed.version, changed.draft, sure.sure).await?))
}

/// One customer with open tickets and last contacts.
#[utoipa::path(get, path = "/api/v1/customers/{id}/snapshot", tag = "customers", params(("id" = CustomerId, Path)),
    responses((status = 200, body = CustomerSnapshot)))]
async fn snapshot(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<CustomerId>,
) -> Result<Json<CustomerSnapshot>, ApiError> {
    Ok(Json(state.customers.snapshot(&actor, id).await?))
}

/// A customer's contacts, newest first.
#[utoipa::path(get, path = "/api/v1/customers/{id}/timeline", tag = "customers",
    params(("id" = CustomerId, Path), PageParams), responses((status = 200, body = Page<Interaction>)))]
async fn timeline(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<CustomerId>,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<Interaction>>, ApiError> {
    let (limit, after) = (page.limit()?, page.after()?);
    Ok(Json(state.customers.timeline(&actor, id, after, limit).await?.into()))
}

/// Writes a note on a customer's timeline.
#[utoipa::path(post, path = "/api/v1/customers/{id}/notes", tag = "customers", params(("id" = CustomerId, Path)),
    request_body = NewNote, responses((status = 201, body = Interaction)))]
async fn add_note(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<CustomerId>,
    Body(note): Body<NewNote>,
) -> Result<(StatusCode, Json<Interaction>), ApiError> {
    Ok((StatusCode::CREATED, Json(state.customers.add_note(&actor, id, note.notes, note.ticket).await?)))
}

/// Takes customers from a CSV file; with `dry_run` only says what would happen.
#[utoipa::path(post, path = "/api/v1/customers/import", tag = "customers", params(ImportParams),
    request_body(content = String, content_type = "text/csv"), responses((status = 200, body = ImportReport)))]
async fn import_file(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Params(params): Params<ImportParams>,
    file: Bytes,
) -> Result<Json<ImportReport>, ApiError> {
    let language = match params.language {
        Some(language) => language,
        None => state.access.users().find(&actor, &actor.user).await?.language,
    };
    let tongue = Tongue::of(&language);
    match import::import_customers(&state.customers, &actor, &file, params.dry_run, tongue).await {
        Ok(report) => Ok(Json(report)),
        Err(ImportFault::Forbidden(forbidden)) => Err(forbidden.into()),
        Err(ImportFault::File(problem)) => Err(vec![problem].into()),
        Err(ImportFault::Stopped { line, fault }) => {
            tracing::warn!(line, %fault, "an import stopped");
            Err(fault.into())
        }
    }
}
