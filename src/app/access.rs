//! Coming in, with the bounds that guessing meets: failures per account, per network, and of both together. Decides how often one may try; whether
//! a password is right is decided by `users`.

use std::{net::IpAddr, sync::Arc};

use super::{
    actor::Actor,
    client::{Client, SessionToken},
    rate_limit::RateLimit,
    users::{SignedIn, UserFault, Users},
};
use crate::{domain::access::User, types::Clock};

/// A network may fail so many times as often, since several people sit behind it; so may an account, over all networks.
const MANY_FACTOR: u32 = 10;
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
    /// Failures of one account from one network: who guesses locks himself out, and not the account's owner elsewhere.
    by_account_and_network: Arc<RateLimit<(String, IpAddr)>>,
    by_account: Arc<RateLimit<String>>,
    by_network: Arc<RateLimit<IpAddr>>,
}

impl Access {
    /// With so many failures per minute of one account from one network.
    pub fn new(users: Users, clock: Arc<dyn Clock>, failures_per_minute: u32) -> Self {
        let many = failures_per_minute.saturating_mul(MANY_FACTOR);
        Self {
            users,
            clock,
            by_account_and_network: Arc::new(RateLimit::per_minute(failures_per_minute)),
            by_account: Arc::new(RateLimit::per_minute(many)),
            by_network: Arc::new(RateLimit::per_minute(many)),
        }
    }

    /// Users and tokens, for those who administer them.
    pub fn users(&self) -> &Users {
        &self.users
    }

    /// Comes in with a password.
    pub async fn sign_in(&self, account: &str, password: String, client: &Client) -> Result<SignedIn, AccessFault> {
        let address = Some(client.address.to_string());
        self.guarded(account, client, self.users.sign_in(account, password, address)).await
    }

    /// Sets the own password. Guessing the old one is slowed down as guessing at the door is.
    pub async fn change_own_password(
        &self,
        actor: &Actor,
        old: String,
        new: String,
        client: &Client,
    ) -> Result<(), AccessFault> {
        self.guarded(actor.user.as_str(), client, self.users.change_own_password(actor, old, new)).await
    }

    /// Does what needs a password. A try counts before it is judged, so that tries at the same time do not slip through; a
    /// success is forgiven.
    async fn guarded<T>(
        &self,
        account: &str,
        client: &Client,
        work: impl Future<Output = Result<T, UserFault>>,
    ) -> Result<T, AccessFault> {
        let account: String = account.trim().to_lowercase().chars().take(ACCOUNT_CHARS_MAX).collect();
        let network = client.network();
        let both = (account.clone(), network);
        let now = self.clock.now().mono;
        let too_many = |retry_secs| AccessFault::TooMany { retry_secs };
        let waits = [self.by_account_and_network.wait_secs(&both, now), self.by_account.wait_secs(&account, now)];
        if let Some(retry_secs) = waits.into_iter().flatten().max() {
            return Err(too_many(retry_secs));
        }
        self.by_network.take(&network, now).map_err(too_many)?;
        self.by_account.take(&account, now).map_err(too_many)?;
        self.by_account_and_network.take(&both, now).map_err(too_many)?;
        let result = work.await;
        match &result {
            Err(UserFault::WrongCredentials) => {}
            // A success, and what was not the caller's doing, does not count.
            Ok(_) => {
                self.by_account_and_network.forgive(&both);
                self.by_account.give_back(&account);
                self.by_network.give_back(&network);
            }
            Err(_) => {
                self.by_account_and_network.give_back(&both);
                self.by_account.give_back(&account);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::{directory::DirectoryDesk, users::NewUser},
        domain::access::Role,
        store::testing::TestDb,
    };

    const PASSWORD: &str = "three green chairs";

    fn from(address: &str) -> Client {
        Client {
            address: address.parse().unwrap(),
            is_secure: true,
            own_origin: None,
            further_origins: Arc::new([]),
            origin: None,
            says_same_origin: true,
            session: None,
        }
    }

    /// The door with one account, and that account's actor.
    async fn door(test: &TestDb) -> (Access, Actor) {
        let clock = Arc::clone(&test.clock) as Arc<dyn Clock>;
        let directory = DirectoryDesk::open(test.db.clone(), clock.clone(), "test").await.unwrap();
        let users = Users::new(test.db.clone(), clock.clone(), directory);
        let ana = NewUser {
            id: "ana".parse().unwrap(),
            name: "Ana".into(),
            role: Role::Agent,
            language: "es".into(),
            password: PASSWORD.into(),
        };
        users.make(&Actor::operator().unwrap(), ana).await.unwrap();
        (Access::new(users, clock, 3), Actor::person("ana".parse().unwrap(), Role::Agent))
    }

    #[tokio::test]
    async fn who_guesses_locks_himself_out_and_not_the_owner_of_the_account() {
        let test = TestDb::sqlite().await;
        let (door, _) = door(&test).await;
        let (guesser, owner) = (from("192.0.2.7"), from("198.51.100.1"));
        for _ in 0..3 {
            let wrong = door.sign_in("ana", "a guess of mine".into(), &guesser).await;
            assert!(matches!(wrong, Err(AccessFault::User(UserFault::WrongCredentials))), "{wrong:?}");
        }
        let right = door.sign_in("ana", PASSWORD.into(), &guesser).await;
        assert!(matches!(right, Err(AccessFault::TooMany { retry_secs: 1.. })), "{right:?}");
        assert!(door.sign_in("ana", PASSWORD.into(), &owner).await.is_ok());
    }

    #[tokio::test]
    async fn the_old_password_cannot_be_guessed_from_a_session_that_was_left_open() {
        let test = TestDb::sqlite().await;
        let (door, ana) = door(&test).await;
        let here = from("192.0.2.7");
        let change = |old: &str| door.change_own_password(&ana, old.into(), "seven blue tables".into(), &here);
        for _ in 0..3 {
            let wrong = change("a guess of mine").await;
            assert!(matches!(wrong, Err(AccessFault::User(UserFault::WrongCredentials))), "{wrong:?}");
        }
        let fault = change(PASSWORD).await;
        assert!(matches!(fault, Err(AccessFault::TooMany { .. })), "{fault:?}");
        test.clock.turn(60_000);
        change(PASSWORD).await.unwrap();
    }
}
