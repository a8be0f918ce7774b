//! Tickets and SLA policies.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    routing::{get, post, put},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::{ApiError, AppState, Body, Id, Page, PageParams, Params, Routes, Signed, directory::Removal, extract::cursor};
use crate::{
    app::{
        actor::Permission,
        field_problem::Flaw,
        tickets::{ThreadPart, TicketFault, TicketPage},
    },
    domain::{
        customer::Interaction,
        event::EventRecord,
        ticket::{
            ClockAccount, Metric, MoveOption, OpenTicket, SlaPolicy, TicketCommand, TicketLine, TicketRefusal, TicketState,
            TicketType,
        },
    },
    types::{CallId, CustomerId, DispositionId, FieldKey, InteractionId, QueueId, SlaPolicyId, TicketId, Timestamp, UserId},
};

/// Routes of this resource.
pub fn routes() -> Routes {
    let set_up =
        Routes::needing(&[Permission::Administer]).route("/api/v1/sla-policies/{id}", put(save_policy).delete(delete_policy));
    Routes::needing(&[Permission::WorkTickets])
        .route("/api/v1/tickets", get(list).post(open))
        .route("/api/v1/tickets/{id}", get(page))
        .route("/api/v1/tickets/{id}/thread", get(thread))
        .route("/api/v1/tickets/{id}/commands", post(handle))
        .route("/api/v1/tickets/{id}/clocks/{metric}/explain", get(explain))
        .route("/api/v1/calls/{id}/ticket", post(from_call))
        .route("/api/v1/calls/{id}/tickets", get(of_call))
        .route("/api/v1/sla-policies", get(policies))
        .merge(set_up)
}

/// This resource's part of the description.
#[derive(OpenApi)]
#[openapi(paths(list, open, page, thread, handle, explain, from_call, of_call, policies, save_policy, delete_policy))]
pub struct Doc;

/// What the list is narrowed by.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Part of subject, customer's name or number.
    q: Option<String>,
    /// Owner's key, or `none`.
    owner: Option<String>,
    /// Queue.
    queue: Option<QueueId>,
    /// Customer.
    customer: Option<CustomerId>,
    /// State.
    state: Option<TicketState>,
    /// Type.
    r#type: Option<TicketType>,
    /// Only those that are not over.
    open: Option<bool>,
}

/// A ticket with all that its page shows.
#[derive(Debug, Serialize, ToSchema)]
struct TicketView {
    /// As in lists.
    #[serde(flatten)]
    line: TicketLine,
    /// As told.
    description: String,
    /// What it is about.
    disposition: Option<DispositionId>,
    /// Whether it is our own matter.
    is_internal: bool,
    /// Solved, while it is.
    solved_at: Option<Timestamp>,
    /// States that can follow by the workflow, and what holds each back for who asks.
    moves: Vec<MoveOption>,
    /// Values of the workflow's fields.
    fields: BTreeMap<FieldKey, String>,
    /// When its state ends by itself.
    moves_at: Option<Timestamp>,
    /// The closed ticket that it goes on with.
    follows: Option<TicketId>,
    /// What was last said and done.
    #[serde(flatten)]
    thread: ThreadView,
}

/// A stretch of a ticket's thread without holes: up to so many items of each kind, all of the same time.
#[derive(Debug, Serialize, ToSchema)]
struct ThreadView {
    /// What was said, oldest first.
    entries: Vec<EntryView>,
    /// What happened to it, oldest first: who changed what from what to what.
    events: Vec<EventRecord>,
    /// Contacts that belong to it, oldest first.
    interactions: Vec<Interaction>,
    /// Give it as `after` to the ticket's `thread` for what was before; `None` at the ticket's beginning.
    earlier: Option<String>,
}

/// Something that was said or done.
#[derive(Debug, Serialize, ToSchema)]
struct EntryView {
    /// Which.
    id: InteractionId,
    /// When.
    at: Timestamp,
    /// User's key, `customer` or `system`.
    author: String,
    /// `comment`, `customer`, `move` or `subject`.
    kind: String,
    /// Plain text: what was said, the reason of a move, the subject as it was before.
    text: String,
    /// Whether the customer was told.
    is_public: bool,
}

/// A command with the version that it saw.
#[derive(Debug, Deserialize, ToSchema)]
struct TicketRequest {
    /// The ticket's version; absent to act on whatever it is now.
    version: Option<i64>,
    /// What.
    #[serde(flatten)]
    command: TicketCommand,
}

/// A call's ticket: a new one, or one that is there.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FromCall {
    /// Add the call to this one.
    ticket: Option<TicketId>,
    /// Open this one.
    new: Option<OpenTicket>,
}

impl From<TicketPage> for TicketView {
    fn from(page: TicketPage) -> Self {
        Self {
            description: page.ticket.description,
            disposition: page.ticket.disposition,
            is_internal: page.ticket.is_internal,
            solved_at: page.ticket.solved_at,
            moves: page.moves,
            fields: page.ticket.fields,
            moves_at: page.ticket.moves_at,
            follows: page.ticket.follows,
            thread: page.thread.into(),
            line: page.line,
        }
    }
}

impl From<ThreadPart> for ThreadView {
    fn from(part: ThreadPart) -> Self {
        let entries = part.entries.into_iter().map(|entry| EntryView {
            id: entry.id,
            at: entry.at,
            author: entry.author,
            kind: entry.kind,
            text: entry.body,
            is_public: entry.is_public,
        });
        Self {
            entries: entries.collect(),
            events: part.events,
            interactions: part.interactions,
            earlier: part.earlier.as_ref().map(cursor),
        }
    }
}

impl From<TicketFault> for ApiError {
    fn from(fault: TicketFault) -> Self {
        match fault {
            TicketFault::NotFound => Self::not_found("ticket"),
            TicketFault::NoSuchCall => Self::not_found("call"),
            TicketFault::NoSuchClock => Self::not_found("clock"),
            TicketFault::Forbidden(forbidden) => forbidden.into(),
            TicketFault::NotForPeople => Self::forbidden("Only the exchange gives this command."),
            TicketFault::ChangedMeanwhile => Self::changed_meanwhile("ticket"),
            TicketFault::Conflict(conflicts) => Self::conflicting(conflicts),
            TicketFault::WorkflowWrong(mistakes) => Self::wrong_workflow(mistakes),
            TicketFault::WorkflowInUse(ref standing) => Self::workflow_in_use(fault.to_string(), standing.clone()),
            TicketFault::WorkflowChangedMeanwhile => Self::changed_meanwhile("workflow"),
            TicketFault::NoSuchWorkflow => Self::not_found("version of the workflow"),
            TicketFault::NoSuchPolicy => Self::not_found("SLA policy"),
            TicketFault::PolicyTaken => Self::conflict_of("taken", "id", Flaw::Taken),
            TicketFault::PolicyChangedMeanwhile => Self::changed_meanwhile("SLA policy"),
            TicketFault::Invalid(problems) => problems.into(),
            TicketFault::Refused(refusal) => match &refusal {
                TicketRefusal::IllegalMove { legal, .. } => {
                    Self::no_move("illegal-move", refusal.to_string(), Vec::new(), legal.clone())
                }
                TicketRefusal::HeldBack { held_by, legal, .. } => {
                    Self::no_move("move-held-back", refusal.to_string(), held_by.clone(), legal.clone())
                }
                TicketRefusal::NoSuchField(field) | TicketRefusal::FieldValue(field) => {
                    Self::invalid(format!("fields.{field}"), Flaw::Unreadable { detail: refusal.to_string() })
                }
                TicketRefusal::FollowUp => Self::conflict("ticket-over", refusal.to_string()),
                TicketRefusal::Over => Self::conflict("ticket-over", refusal.to_string()),
                TicketRefusal::ReasonMissing => Self::invalid("reason", Flaw::Missing),
                TicketRefusal::Length { field, least, most } => {
                    let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
                    Self::invalid(*field, Flaw::Length { least: whole(*least), most: whole(*most) })
                }
            },
            TicketFault::Store(fault) => fault.into(),
        }
    }
}

/// Tickets, next deadline first.
#[utoipa::path(get, path = "/api/v1/tickets", tag = "tickets", params(Filter, PageParams),
    responses((status = 200, body = Page<TicketLine>)))]
async fn list(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Params(filter): Params<Filter>,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<TicketLine>>, ApiError> {
    let (limit, after) = (page.limit()?, page.after()?);
    let (is_unowned, owner) = match filter.owner.as_deref() {
        Some("none") => (true, None),
        Some(key) => (false, Some(key.parse::<UserId>().map_err(|_| ApiError::invalid("owner", Flaw::NotAKey))?)),
        None => (false, None),
    };
    let wanted = crate::app::tickets::TicketFilter {
        owner,
        is_unowned,
        queue: filter.queue,
        customer: filter.customer,
        state: filter.state,
        is_open: filter.open.unwrap_or(false),
        kind: filter.r#type,
        text: filter.q.filter(|text| !text.trim().is_empty()),
    };
    Ok(Json(state.tickets.list(&actor, &wanted, after.as_ref(), limit).await?.into()))
}

/// Opens a ticket.
#[utoipa::path(post, path = "/api/v1/tickets", tag = "tickets", request_body = OpenTicket,
    responses((status = 201, body = TicketLine)))]
async fn open(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Body(wanted): Body<OpenTicket>,
) -> Result<(StatusCode, Json<TicketLine>), ApiError> {
    Ok((StatusCode::CREATED, Json(state.tickets.open(&actor, wanted).await?)))
}

/// One ticket with what was last said and done on it.
#[utoipa::path(get, path = "/api/v1/tickets/{id}", tag = "tickets", params(("id" = String, Path, description = "Id, or number")),
    responses((status = 200, body = TicketView, headers(("ETag" = String, description = "The ticket's version, for If-Match")))))]
async fn page(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<String>,
) -> Result<([(header::HeaderName, String); 1], Json<TicketView>), ApiError> {
    let page = match (id.parse::<TicketId>(), id.parse::<i64>()) {
        (Ok(id), _) => state.tickets.page(&actor, id).await?,
        (Err(_), Ok(number)) => state.tickets.page_by_number(&actor, number).await?,
        (Err(_), Err(_)) => return Err(ApiError::not_found("ticket")),
    };
    Ok(([(header::ETAG, format!("\"{}\"", page.line.version))], Json(page.into())))
}

/// What was said and done on a ticket, from the end backwards in parts; the ticket itself carries the first.
#[utoipa::path(get, path = "/api/v1/tickets/{id}/thread", tag = "tickets", params(("id" = TicketId, Path), PageParams),
    responses((status = 200, body = ThreadView), (status = 404, body = super::Problem), (status = 422, body = super::Problem)))]
async fn thread(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<TicketId>,
    Params(page): Params<PageParams>,
) -> Result<Json<ThreadView>, ApiError> {
    let (limit, before) = (page.limit()?, page.after()?);
    Ok(Json(state.tickets.thread(&actor, id, before, limit).await?.into()))
}

/// Moves, assigns, changes or comments a ticket. With the version that was seen, in the body or as `If-Match`, what others changed
/// apart meanwhile stays, and 409 tells of what they changed alike, with both values.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/commands", tag = "tickets", params(("id" = TicketId, Path),
    ("If-Match" = Option<String>, Header, description = "The version that was seen, as the ticket's ETag gives it")),
    request_body = TicketRequest, responses((status = 200, body = TicketLine), (status = 404, body = super::Problem),
    (status = 409, body = super::Problem), (status = 422, body = super::Problem)))]
async fn handle(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<TicketId>,
    headers: HeaderMap,
    Body(request): Body<TicketRequest>,
) -> Result<Json<TicketLine>, ApiError> {
    let seen = request.version.or(if_match(&headers)?);
    Ok(Json(state.tickets.handle(&actor, id, seen, request.command).await?))
}

/// The version that `If-Match` names (RFC 9110 13.1.1); `*` is any.
fn if_match(headers: &HeaderMap) -> Result<Option<i64>, ApiError> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let version = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).parse();
    version.map(Some).map_err(|_| {
        ApiError::invalid("If-Match", Flaw::Unreadable { detail: "not one version of a ticket, such as \"7\"".into() })
    })
}

/// Which cycle of a clock.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Cycle {
    /// 1 for the first; the newest when absent.
    cycle: Option<i64>,
}

/// Why a clock is due when it is: the hours of every date, holidays, pauses and versions, which add up to the budget.
#[utoipa::path(get, path = "/api/v1/tickets/{id}/clocks/{metric}/explain", tag = "tickets",
    params(("id" = TicketId, Path), ("metric" = Metric, Path), Cycle), responses((status = 200, body = ClockAccount)))]
async fn explain(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id((id, metric)): Id<(TicketId, Metric)>,
    Params(cycle): Params<Cycle>,
) -> Result<Json<ClockAccount>, ApiError> {
    Ok(Json(state.tickets.explain(&actor, id, metric, cycle.cycle).await?))
}

/// Gives a call its ticket.
#[utoipa::path(post, path = "/api/v1/calls/{id}/ticket", tag = "tickets", params(("id" = CallId, Path)),
    request_body = FromCall, responses((status = 200, body = TicketLine)))]
async fn from_call(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(call): Id<CallId>,
    Body(request): Body<FromCall>,
) -> Result<Json<TicketLine>, ApiError> {
    let line = match (request.ticket, request.new) {
        (Some(ticket), None) => state.tickets.add_call(&actor, call, ticket).await?,
        (None, Some(wanted)) => state.tickets.open_from_call(&actor, call, wanted).await?,
        (Some(_), Some(_)) | (None, None) => {
            return Err(ApiError::invalid("ticket", Flaw::TicketOrNew));
        }
    };
    Ok(Json(line))
}

/// The tickets that a call led to or was put on, oldest first. A call that still rings has none, and is in no history yet.
#[utoipa::path(get, path = "/api/v1/calls/{id}/tickets", tag = "tickets", params(("id" = CallId, Path)),
    responses((status = 200, body = Page<TicketLine>)))]
async fn of_call(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(call): Id<CallId>,
) -> Result<Json<Page<TicketLine>>, ApiError> {
    Ok(Json(Page::all(state.tickets.of_call(&actor, call).await?)))
}

/// SLA policies, in order.
#[utoipa::path(get, path = "/api/v1/sla-policies", tag = "tickets", responses((status = 200, body = Page<SlaPolicy>)))]
async fn policies(State(state): State<AppState>, Signed(actor): Signed) -> Result<Json<Page<SlaPolicy>>, ApiError> {
    Ok(Json(Page::all(state.tickets.policies(&actor)?)))
}

/// Saves an SLA policy over the version that was seen, 0 for a new one; open tickets get their deadlines anew.
#[utoipa::path(put, path = "/api/v1/sla-policies/{id}", tag = "tickets", params(("id" = SlaPolicyId, Path)),
    request_body = SlaPolicy, responses((status = 200, body = SlaPolicy), (status = 404, body = super::Problem),
    (status = 409, body = super::Problem), (status = 422, body = super::Problem)))]
async fn save_policy(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<SlaPolicyId>,
    Body(policy): Body<SlaPolicy>,
) -> Result<Json<SlaPolicy>, ApiError> {
    if policy.id != id {
        return Err(ApiError::invalid("id", Flaw::NotTheAddressed));
    }
    Ok(Json(state.tickets.save_policy(&actor, policy).await?))
}

/// Removes an SLA policy.
#[utoipa::path(delete, path = "/api/v1/sla-policies/{id}", tag = "tickets", params(("id" = SlaPolicyId, Path), Removal),
    responses((status = 204), (status = 404, body = super::Problem), (status = 409, body = super::Problem)))]
async fn delete_policy(
    State(state): State<AppState>,
    Signed(actor): Signed,
    Id(id): Id<SlaPolicyId>,
    Params(removal): Params<Removal>,
) -> Result<StatusCode, ApiError> {
    state.tickets.delete_policy(&actor, id, removal.version).await?;
    Ok(StatusCode::NO_CONTENT)
}
