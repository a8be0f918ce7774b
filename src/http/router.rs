//! Every route, and what holds for all of them. A resource adds one line here and one in `openapi.rs`.

use axum::{Router, extract::DefaultBodyLimit, middleware};

use super::{
    ApiError, AppState, alerts, broadcasts, callbacks, calls, customers, directory, events, guard, health, lines, openapi,
    parked, presence, queue_waits, recordings, reports, session, signalling, supervision, ticket_workflow, tickets, tokens,
    trunks, unread, users, waiting, web_console, web_phone, work_items,
};

/// The whole REST interface and the console's files. `sockets` are the routes of the other door, put under the same guard.
pub fn router(state: AppState, sockets: Router) -> Router {
    let routes = health::routes()
        .merge(session::routes())
        .merge(users::routes())
        .merge(tokens::routes())
        .merge(customers::routes())
        .merge(tickets::routes())
        .merge(ticket_workflow::routes())
        .merge(web_phone::routes())
        .merge(directory::routes())
        .merge(lines::routes())
        .merge(trunks::routes())
        .merge(calls::routes())
        .merge(callbacks::routes())
        .merge(signalling::routes())
        .merge(recordings::routes())
        .merge(events::routes())
        .merge(reports::routes())
        .merge(parked::routes())
        .merge(queue_waits::routes())
        .merge(presence::routes())
        .merge(waiting::routes())
        .merge(supervision::routes())
        .merge(alerts::routes())
        .merge(broadcasts::routes())
        .merge(work_items::routes())
        .merge(openapi::routes());
    routes
        .into_router(&state)
        .with_state(state.clone())
        .merge(sockets)
        .fallback(web_console::serve)
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .layer(DefaultBodyLimit::max(state.settings.body_bytes_max))
        .layer(middleware::from_fn_with_state(state, guard::guard))
        .layer(middleware::from_fn(unread::read_the_rest))
}
