//! Coming in with a password, staying in with a session's token, leaving. The token is 256 bits of chance; the database only
//! knows its hash.

use sha2::{Digest, Sha256};

use super::{UserFault, Users, said};
use crate::{
    app::actor::Actor,
    domain::{
        access::{AccessEventKind, User},
        event,
    },
    net::Secrets,
    store::{Lane, NewEvent, StoreFault, users},
    types::{Timestamp, UserId},
};

/// A session that nobody uses for so long is over.
const IDLE_MS: i64 = 12 * 3_600_000;
/// A session is over after this, used or not.
const LIFE_MS: i64 = 7 * 24 * 3_600_000;
/// A session's last use is noted at most so often.
const TOUCH_MS: i64 = 5 * 60_000;
/// Longer texts are no tokens.
const TOKEN_LENGTH_MAX: usize = 100;

/// Somebody who has just come in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// For the cookie. Shown once, kept nowhere.
    pub token: String,
    /// The session is over then at the latest.
    pub expires_at: Timestamp,
}

impl Users {
    /// Comes in. Unknown users take as long as wrong passwords and get the same answer.
    pub async fn sign_in(&self, id: &str, password: String, address: Option<String>) -> Result<SignedIn, UserFault> {
        let id = id.trim().to_lowercase().parse::<UserId>().ok();
        let stored = match &id {
            Some(id) => users::find(&self.db, id).await?,
            None => None,
        };
        let hash = stored.as_ref().map(|stored| stored.password_hash.clone());
        let is_right = self.passwords.is_right(password, hash).await?;
        let Some(stored) = stored else { return Err(UserFault::WrongCredentials) };
        let now = self.now();
        if !is_right || !stored.user.is_active {
            self.note_failure(said(&stored.user.id, AccessEventKind::SignInFailed { address }), now);
            return Err(UserFault::WrongCredentials);
        }
        let token = Secrets.token()?;
        let (token_hash, expires_at) = (hash_of(&token), now.plus_millis(LIFE_MS));
        let user = stored.user.clone();
        self.db
            .write(Lane::People, move |tx| {
                Box::pin(async move {
                    users::delete_expired(tx, now, now.plus_millis(-IDLE_MS)).await?;
                    users::insert_session(tx, &token_hash, &stored, now, expires_at).await?;
                    let by = event::Actor::User { user: stored.user.id.clone() };
                    tx.emit(NewEvent::new(now, by, said(&stored.user.id, AccessEventKind::SignedIn { address }))).await
                })
            })
            .await
            .map_err(|fault: StoreFault| UserFault::Store(fault))?;
        Ok(SignedIn { user, token, expires_at })
    }

    /// Stores a failure beside the answer: waiting for it would tell which accounts exist. How many there can be at a time is
    /// bounded by the passwords that are judged at a time.
    fn note_failure(&self, failed: event::Event, now: Timestamp) {
        let db = self.db.clone();
        tokio::spawn(async move {
            let new = NewEvent::new(now, event::Actor::System, failed);
            let stored: Result<bool, StoreFault> = db.write(Lane::Background, move |tx| Box::pin(tx.emit(new))).await;
            if let Err(fault) = stored {
                tracing::warn!(%fault, "a failed sign-in is missing from the history");
            }
        });
    }

    /// Who holds this session's token; `None` when the session is over, the user switched off, or the text is no token.
    pub async fn of_session(&self, token: &str) -> Result<Option<(Actor, User)>, UserFault> {
        if token.len() > TOKEN_LENGTH_MAX {
            return Ok(None);
        }
        let token_hash = hash_of(token);
        let Some(session) = users::find_session(&self.db, &token_hash).await? else { return Ok(None) };
        let now = self.now();
        let is_over = now >= session.expires_at || now.millis_since(session.seen_at) >= IDLE_MS;
        if is_over || !session.user.is_active {
            return Ok(None);
        }
        if now.millis_since(session.seen_at) >= TOUCH_MS {
            self.db
                .write(Lane::People, move |tx| Box::pin(async move { users::touch_session(tx, &token_hash, now).await }))
                .await
                .map_err(|fault: StoreFault| UserFault::Store(fault))?;
        }
        Ok(Some((Actor::person(session.user.id.clone(), session.user.role), session.user)))
    }

    /// Leaves: this session only.
    pub async fn sign_out(&self, actor: &Actor, token: &str) -> Result<(), UserFault> {
        let (token_hash, user, now) = (hash_of(token), actor.user.clone(), self.now());
        let by = actor.in_events();
        self.db
            .write(Lane::People, move |tx| {
                Box::pin(async move {
                    if users::delete_session(tx, &token_hash).await? {
                        tx.emit(NewEvent::new(now, by, said(&user, AccessEventKind::SignedOut))).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}

/// What the database knows of a token: SHA-256 is enough for 256 bits of chance.
pub(super) fn hash_of(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
