//! Coming in, with the bounds that guessing meets: failures per account and per address. Decides how often one may try; whether
//! a password is right is decided by `users`.

use std::{net::IpAddr, sync::Arc};

use super::{
    actor::Actor,
    client::{Client, SessionToken},
    rate_limit::RateLimit,
    users::{SignedIn, UserFault, Users},
};
use crate::{domain::access::User, types::Clock};

/// One address may fail so many times as often as one account: several people sit behind it.
const ADDRESS_FACTOR: u32 = 10;
/// Longest account name that is remembered.
const ACCOUNT_CHARS_MAX: usize = 64;

/// Why somebody did not come in.
#[derive(Debug, thiserror::Error)]
pub enum AccessFault {
    /// Too many failures before.
    #[error("too many failed sign-ins; try again in {retry_secs} seconds")]
    TooMany {
        /// When one more try is allowed.
        retry_secs: u64,
    },
    /// Wrong, or a fault.
    #[error(transparent)]
    User(#[from] UserFault),
}

/// The way in. Cheap to clone.
#[derive(Clone)]
pub struct Access {
    users: Users,
    clock: Arc<dyn Clock>,
    by_account: Arc<RateLimit<String>>,
    by_network: Arc<RateLimit<IpAddr>>,
}

impl Access {
    /// With so many failures per minute and account.
    pub fn new(users: Users, clock: Arc<dyn Clock>, failures_per_minute: u32) -> Self {
        Self {
            users,
            clock,
            by_account: Arc::new(RateLimit::per_minute(failures_per_minute)),
            by_network: Arc::new(RateLimit::per_minute(failures_per_minute.saturating_mul(ADDRESS_FACTOR))),
        }
    }

    /// Users and tokens, for those who administer them.
    pub fn users(&self) -> &Users {
        &self.users
    }

    /// Comes in with a password. A try counts before it is judged, so that tries at the same time do not slip through; a success
    /// is forgiven.
    pub async fn sign_in(&self, account: &str, password: String, client: &Client) -> Result<SignedIn, AccessFault> {
        let key: String = account.trim().to_lowercase().chars().take(ACCOUNT_CHARS_MAX).collect();
        let network = client.network();
        let now = self.clock.now().mono;
        let too_many = |retry_secs| AccessFault::TooMany { retry_secs };
        if let Some(retry_secs) = self.by_account.wait_secs(&key, now) {
            return Err(too_many(retry_secs));
        }
        self.by_network.take(&network, now).map_err(too_many)?;
        self.by_account.take(&key, now).map_err(too_many)?;
        let result = self.users.sign_in(account, password, Some(client.address.to_string())).await;
        match &result {
            Err(UserFault::WrongCredentials) => {}
            // A success, and what was not the caller's doing, does not count.
            Ok(_) => {
                self.by_account.forgive(&key);
                self.by_network.give_back(&network);
            }
            Err(_) => {
                self.by_account.give_back(&key);
                self.by_network.give_back(&network);
            }
        }
        Ok(result?)
    }

    /// Who holds this session.
    pub async fn of_session(&self, token: &SessionToken) -> Result<Option<(Actor, User)>, UserFault> {
        self.users.of_session(&token.0).await
    }

    /// For whom a program acts with this token.
    pub async fn of_token(&self, secret: &str) -> Result<Option<Actor>, UserFault> {
        self.users.of_token(secret).await
    }

    /// Leaves.
    pub async fn sign_out(&self, actor: &Actor, token: &SessionToken) -> Result<(), UserFault> {
        self.users.sign_out(actor, &token.0).await
    }
}
