//! Routes that say who may come. A resource's routes are made here and nowhere else, so that there is none without a door: what
//! forgets to say is not compiled.

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
    routing::MethodRouter,
};

use super::{ApiError, AppState, Signed, auth::who};
use crate::app::actor::{Actor, Permission};

/// Routes behind a door, and others behind theirs.
#[derive(Debug)]
pub struct Routes {
    door: Door,
    router: Router<AppState>,
    others: Vec<(Door, Router<AppState>)>,
}

/// Who may come.
#[derive(Debug, Clone, Copy)]
enum Door {
    /// Everyone, known or not.
    Public,
    /// Who has signed in and has any of these rights; none named: all who have signed in.
    Signed(&'static [Permission]),
}

impl Routes {
    /// For everyone, known or not.
    pub fn public() -> Self {
        Self::behind(Door::Public)
    }

    /// For all who have signed in.
    pub fn signed() -> Self {
        Self::behind(Door::Signed(&[]))
    }

    /// For who has any of these rights.
    pub fn needing(any_of: &'static [Permission]) -> Self {
        Self::behind(Door::Signed(any_of))
    }

    fn behind(door: Door) -> Self {
        Self { door, router: Router::new(), others: Vec::new() }
    }

    /// One more behind this door.
    pub fn route(self, path: &str, methods: MethodRouter<AppState>) -> Self {
        Self { router: self.router.route(path, methods), ..self }
    }

    /// Further routes behind doors of their own.
    pub fn merge(mut self, more: Self) -> Self {
        self.others.push((more.door, more.router));
        self.others.extend(more.others);
        self
    }

    /// All of them with their doors closed.
    pub fn into_router(self, state: &AppState) -> Router<AppState> {
        let all = [(self.door, self.router)].into_iter().chain(self.others).filter(|(_, router)| router.has_routes());
        all.fold(Router::new(), |all, (door, router)| match door {
            Door::Public => all.merge(router),
            Door::Signed(any_of) => {
                all.merge(router.route_layer(middleware::from_fn_with_state((state.clone(), any_of), admit)))
            }
        })
    }
}

/// Refuses who is unknown or lacks the rights before ids, parameters or a body are read: nobody learns how a request must look that
/// they may not make. The use case asks again, and has the last word.
async fn admit(
    State((state, any_of)): State<(AppState, &'static [Permission])>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    let actor = who(&parts, &state).await?;
    require_any(&actor, any_of)?;
    parts.extensions.insert(Signed(actor));
    Ok(next.run(Request::from_parts(parts, body)).await)
}

fn require_any(actor: &Actor, any_of: &[Permission]) -> Result<(), ApiError> {
    match any_of.first() {
        Some(first) if !any_of.iter().any(|permission| actor.may(*permission)) => Ok(actor.require(*first)?),
        _ => Ok(()),
    }
}
