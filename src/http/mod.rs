//! The door for people's browsers and for programs: REST under `/api/v1`, the built console, health. Decides how requests and
//! answers look and who is asking; what may be done is decided by the use cases in `app`. Deliberately absent: SQL, and the
//! consoles' sockets (`console`).
//!
//! How a resource looks (`src/http/<resource>.rs`):
//! - `pub fn routes() -> Routes` with full paths (`/api/v1/queues/{id}`), merged in `router.rs`;
//! - `#[derive(OpenApi)] #[openapi(paths(…))] pub struct Doc;`, merged in `openapi.rs`;
//! - [`Routes`] are made with the rights that they need at least, which are asked for before anything of the request is read, or
//!   as `public()`: there is no route that says neither;
//! - handlers are small: `Signed(actor): Signed`, [`Id`], [`Params`], [`Body`] in; `Result<Json<T>, ApiError>` or
//!   [`Page<T>`] out; they call one use case with `&actor` and map its refusal to an [`ApiError`];
//! - JSON is snake case; `POST` answers 201 with the thing made, `PUT` and `PATCH` 200 with the thing as it is now, `DELETE` 204;
//!   a save names the `version` that it saw and gets 409 `changed-meanwhile` when that is no longer true.

mod alerts;
mod auth;
mod broadcasts;
mod callbacks;
mod calls;
mod customers;
mod directory;
mod error;
mod events;
mod extract;
mod guard;
mod health;
mod lines;
mod openapi;
mod pace;
mod parked;
mod presence;
mod queue_waits;
mod recordings;
mod reports;
mod router;
mod routes;
mod session;
mod settings;
mod signalling;
mod supervision;
mod ticket_workflow;
mod tickets;
mod tokens;
mod traffic;
mod trunks;
mod unread;
mod users;
mod waiting;
mod web_console;
mod web_phone;
mod work_items;

use std::sync::Arc;

use tokio::sync::watch;

pub use auth::{Connection, Person, Signed};
pub use error::{ApiError, PROBLEM_JSON, Problem};
pub use extract::{Body, Id, PAGE_DEFAULT, Page, PageParams, Params};
pub use guard::Listener;
pub use health::Readiness;
pub use openapi::openapi;
pub use pace::Pace;
pub use router::router;
pub use routes::Routes;
pub use settings::Settings;
pub use traffic::Traffic;

use crate::{
    app::{
        access::Access, alerts::Alerts, broadcasts::Broadcasts, callbacks::Callbacks, calls::Calls, customers::Customers,
        directory::DirectoryDesk, events::Events, recordings::RecordingDesk, reports::Reports, signalling::SignallingDesk,
        switch_handle::SwitchHandle, tickets::Tickets, work_items::WorkItems,
    },
    domain::directory::Directory,
    types::Clock,
};

/// What every handler may use: settings, the clock, and the use cases of `app`. Cheap to clone. A new area adds its handle here
/// and in `server.rs`.
#[derive(Clone)]
pub struct AppState {
    /// This module's settings.
    pub settings: Arc<Settings>,
    /// `http.origins`, shared with every request.
    pub further_origins: Arc<[String]>,
    /// Who knows the time.
    pub clock: Arc<dyn Clock>,
    /// Whether the node takes calls and requests.
    pub readiness: Readiness,
    /// Requests in figures.
    pub traffic: Traffic,
    /// How often one network may ask.
    pub pace: Arc<Pace>,
    /// Build of this server, as the console compares it with its own.
    pub build: Arc<str>,
    /// `web_phone.enabled`.
    pub is_web_phone_enabled: bool,
    /// Who comes in: sessions, tokens, users.
    pub access: Access,
    /// What supervisors and administrators have set up, as it is now.
    pub directory: watch::Receiver<Arc<Directory>>,
    /// The same, for those who set it up.
    pub centre: DirectoryDesk,
    /// Customers.
    pub customers: Customers,
    /// Tickets and SLA policies.
    pub tickets: Tickets,
    /// Alerts.
    pub alerts: Alerts,
    /// What supervisors tell agents.
    pub broadcasts: Broadcasts,
    /// The history of calls.
    pub calls: Calls,
    /// Promises to call back.
    pub callbacks: Callbacks,
    /// What agents do beside calls.
    pub work_items: WorkItems,
    /// Their captured signalling.
    pub signalling: SignallingDesk,
    /// Their recordings.
    pub recordings: RecordingDesk,
    /// The stream of events.
    pub events: Events,
    /// Counts over time.
    pub reports: Reports,
    /// The live floor.
    pub switch: SwitchHandle,
    /// openapi.json as text.
    pub openapi: Arc<str>,
}
