//! Users, sign-in, sessions, tokens of programs. Decides who may come in and who may change whom; every change is an event.
//! Deliberately absent: cookies and rate limits (those are the doors').

mod passwords;
mod sign_in;
#[cfg(test)]
mod tests;
mod tokens;

use std::sync::Arc;

use self::passwords::Passwords;
use super::{
    actor::{Actor, Forbidden, Permission},
    directory::{DirectoryDesk, remove_agent_of, switch_agent_of},
    field_problem::{FieldProblem, Problems, sentences},
};
use crate::{
    domain::{
        access::{AccessEvent, AccessEventKind, Role, User},
        directory::LANGUAGES,
        event::Event,
    },
    net::NoRandomness,
    store::{Db, Lane, NewEvent, StoreFault, users},
    types::{Clock, Timestamp, UserId},
};

pub use sign_in::SignedIn;
pub use tokens::{NewToken, TokenMade};

/// Why a use case did not happen.
#[derive(Debug, thiserror::Error)]
pub enum UserFault {
    /// There is none.
    #[error("no such user")]
    NotFound,
    /// There is no such token.
    #[error("no such token")]
    NoSuchToken,
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// User or password is wrong, or the user is switched off; nobody is told which.
    #[error("user or password is wrong")]
    WrongCredentials,
    /// The key is taken.
    #[error("a user with this key exists already")]
    Taken,
    /// Somebody else saved meanwhile.
    #[error("this user was changed meanwhile; load it again")]
    ChangedMeanwhile,
    /// Nobody could set the centre up any more.
    #[error("this is the last active administrator; make another one first")]
    LastAdministrator,
    /// Values that cannot be saved.
    #[error("{}", sentences(.0))]
    Invalid(Vec<FieldProblem>),
    /// Too many sign-ins at once.
    #[error("too many sign-ins at once; try again in a few seconds")]
    Busy,
    /// No chance for tokens and salts.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// A fault of ours.
    #[error("{0}")]
    Internal(String),
}

/// A user to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// Key, typed at sign-in.
    pub id: UserId,
    /// Shown to colleagues.
    pub name: String,
    /// What this user will be.
    pub role: Role,
    /// `es` or `en`.
    pub language: String,
    /// First password.
    pub password: String,
}

/// What can be changed of a user; the version is the one seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserChange {
    /// The version that was seen.
    pub version: i64,
    /// Shown to colleagues.
    pub name: String,
    /// What this user is.
    pub role: Role,
    /// `es` or `en`.
    pub language: String,
    /// Whether this user may sign in.
    pub is_active: bool,
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct Users {
    db: Db,
    clock: Arc<dyn Clock>,
    passwords: Passwords,
    directory: DirectoryDesk,
}

impl Users {
    /// Over this database; `directory` holds the agents that users are.
    pub fn new(db: Db, clock: Arc<dyn Clock>, directory: DirectoryDesk) -> Self {
        Self { db, clock, passwords: Passwords::new(), directory }
    }

    /// Whether nobody can sign in yet: a new installation.
    pub async fn is_nobody_there(&self) -> Result<bool, UserFault> {
        Ok(users::list(&self.db).await?.is_empty())
    }

    /// All users, by key.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<User>, UserFault> {
        actor.require(Permission::ManageUsers)?;
        Ok(users::list(&self.db).await?)
    }

    /// One user; one's own without any right.
    pub async fn find(&self, actor: &Actor, id: &UserId) -> Result<User, UserFault> {
        if actor.user != *id {
            actor.require(Permission::ManageUsers)?;
        }
        Ok(users::find(&self.db, id).await?.ok_or(UserFault::NotFound)?.user)
    }

    /// Makes a user.
    pub async fn make(&self, actor: &Actor, new: NewUser) -> Result<User, UserFault> {
        actor.require(Permission::ManageUsers)?;
        let mut problems = Problems::default();
        check(&new.name, &new.language, &mut problems);
        passwords::check(&new.password, &new.id, &mut problems);
        problems.into_result().map_err(UserFault::Invalid)?;
        let hash = self.passwords.hash(new.password).await?;
        let (by, now) = (actor.in_events(), self.now());
        let user = User {
            id: new.id,
            version: 1,
            name: new.name.trim().to_owned(),
            role: new.role,
            language: new.language,
            is_active: true,
            created_at: now,
            updated_at: now,
        };
        self.db
            .write(Lane::People, move |tx| {
                Box::pin(async move {
                    if !users::insert(tx, &user, &hash).await? {
                        return Err(UserFault::Taken);
                    }
                    tx.emit(NewEvent::new(now, by, said(&user.id, AccessEventKind::UserMade { role: user.role }))).await?;
                    Ok(user)
                })
            })
            .await
    }

    /// Changes a user. Switching off ends all sessions and takes the user's agent off the floor, switching on puts back the agent
    /// that was taken off with the user, not one that was off by itself; the last active administrator stays one.
    pub async fn change(&self, actor: &Actor, id: UserId, change: UserChange) -> Result<User, UserFault> {
        actor.require(Permission::ManageUsers)?;
        let mut problems = Problems::default();
        check(&change.name, &change.language, &mut problems);
        problems.into_result().map_err(UserFault::Invalid)?;
        let (by, now) = (actor.in_events(), self.now());
        let (user, directory) = self
            .db
            .write(Lane::People, move |tx| {
                Box::pin(async move {
                    let before = users::load(tx, &id).await?.ok_or(UserFault::NotFound)?.user;
                    let was_active = before.is_active;
                    let remains = change.role == Role::Administrator && change.is_active;
                    if is_administrator(&before) && !remains && users::other_administrators(tx, &id).await? == 0 {
                        return Err(UserFault::LastAdministrator);
                    }
                    let user = User {
                        version: change.version,
                        name: change.name.trim().to_owned(),
                        role: change.role,
                        language: change.language,
                        is_active: change.is_active,
                        updated_at: now,
                        ..before
                    };
                    if !users::update(tx, &user).await? {
                        return Err(UserFault::ChangedMeanwhile);
                    }
                    if !user.is_active {
                        users::delete_sessions_of(tx, &user.id).await?;
                    }
                    let kind = AccessEventKind::UserChanged { role: user.role, is_active: user.is_active };
                    tx.emit(NewEvent::new(now, by.clone(), said(&user.id, kind))).await?;
                    let directory = match (was_active, user.is_active) {
                        (true, true) | (false, false) => None,
                        (true, false) => {
                            let directory = switch_agent_of(tx, &user.id, false, by, now).await?;
                            users::set_agent_rests(tx, &user.id, directory.is_some()).await?;
                            directory
                        }
                        (false, true) if users::agent_rests(tx, &user.id).await? => {
                            users::set_agent_rests(tx, &user.id, false).await?;
                            switch_agent_of(tx, &user.id, true, by, now).await?
                        }
                        (false, true) => None,
                    };
                    Ok::<_, UserFault>((User { version: user.version + 1, ..user }, directory))
                })
            })
            .await?;
        if let Some(directory) = directory {
            self.directory.publish(directory).await;
        }
        Ok(user)
    }

    /// Sets somebody's password; all their sessions end.
    pub async fn set_password(&self, actor: &Actor, id: UserId, password: String) -> Result<(), UserFault> {
        actor.require(Permission::ManageUsers)?;
        self.store_password(actor, id, password).await
    }

    /// Changes one's own password, proving that one knows the old one. All one's sessions end.
    pub async fn change_own_password(&self, actor: &Actor, old: String, new: String) -> Result<(), UserFault> {
        let stored = users::find(&self.db, &actor.user).await?.ok_or(UserFault::NotFound)?;
        if !self.passwords.is_right(old, Some(stored.password_hash)).await? {
            return Err(UserFault::WrongCredentials);
        }
        self.store_password(actor, actor.user.clone(), new).await
    }

    /// Removes a user with sessions, tokens and the agent that the user is; what the user did stays in the history.
    pub async fn remove(&self, actor: &Actor, id: UserId) -> Result<(), UserFault> {
        actor.require(Permission::ManageUsers)?;
        let (by, now) = (actor.in_events(), self.now());
        let directory = self
            .db
            .write(Lane::People, move |tx| {
                Box::pin(async move {
                    let before = users::load(tx, &id).await?.ok_or(UserFault::NotFound)?.user;
                    if is_administrator(&before) && users::other_administrators(tx, &id).await? == 0 {
                        return Err(UserFault::LastAdministrator);
                    }
                    users::delete(tx, &id).await?;
                    tx.emit(NewEvent::new(now, by.clone(), said(&id, AccessEventKind::UserRemoved))).await?;
                    Ok::<_, UserFault>(remove_agent_of(tx, &id, by, now).await?)
                })
            })
            .await?;
        if let Some(directory) = directory {
            self.directory.publish(directory).await;
        }
        Ok(())
    }

    async fn store_password(&self, actor: &Actor, id: UserId, password: String) -> Result<(), UserFault> {
        let mut problems = Problems::default();
        passwords::check(&password, &id, &mut problems);
        problems.into_result().map_err(UserFault::Invalid)?;
        let hash = self.passwords.hash(password).await?;
        let (by, now) = (actor.in_events(), self.now());
        self.db
            .write(Lane::People, move |tx| {
                Box::pin(async move {
                    if !users::set_password(tx, &id, &hash, now).await? {
                        return Err(UserFault::NotFound);
                    }
                    tx.emit(NewEvent::new(now, by, said(&id, AccessEventKind::PasswordChanged))).await?;
                    Ok(())
                })
            })
            .await
    }

    fn now(&self) -> Timestamp {
        self.clock.now().wall
    }
}

fn said(user: &UserId, kind: AccessEventKind) -> Event {
    Event::Access(AccessEvent { user: user.clone(), kind })
}

fn is_administrator(user: &User) -> bool {
    user.role == Role::Administrator && user.is_active
}

fn check(name: &str, language: &str, problems: &mut Problems) {
    problems.name("name", name);
    problems.one_of("language", language, &LANGUAGES);
}
