//! Tokens for programs: made for a user, limited to scopes, shown once.

use super::{UserFault, Users, said, sign_in::hash_of};
use crate::{
    app::{
        actor::{Actor, Permission},
        field_problem::{FieldProblem, Flaw, Problems},
    },
    domain::access::{AccessEventKind, ApiToken, Role},
    net::Secrets,
    store::{Lane, NewEvent, StoreFault, users},
    types::{Timestamp, UserId},
};

/// Before every token, so that scanners for leaked secrets know one when they see it.
const PREFIX: &str = "cta_";
/// The last use is noted at most so often.
const TOUCH_MS: i64 = 3_600_000;
const TOKEN_LENGTH_MAX: usize = 100;

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// Whose rights it has, at most.
    pub user: UserId,
    /// What it is for.
    pub name: String,
    /// What it may do: words of permissions.
    pub scopes: Vec<String>,
    /// No longer valid from then on.
    pub expires_at: Option<Timestamp>,
}

/// A token that was just made.
#[derive(Debug, Clone)]
pub struct TokenMade {
    /// What it is.
    pub token: ApiToken,
    /// For `Authorization: Bearer`. Shown once, kept nowhere.
    pub secret: String,
}

/// A token has no more rights than its user: what the role lacks would be a promise that no request keeps.
fn check_scopes(scopes: &[String], role: Role) -> Result<(), Vec<FieldProblem>> {
    let allowed = || Permission::ALL.into_iter().filter(|permission| permission.is_of(role));
    let mut problems = Problems::default();
    for (index, word) in scopes.iter().enumerate() {
        let is_of_role = allowed().any(|permission| permission.word() == word);
        let beyond = || Flaw::BeyondRole { role, choices: allowed().map(|permission| permission.word().into()).collect() };
        problems.unless(is_of_role, &format!("scopes[{index}]"), beyond());
    }
    problems.into_result()
}

impl Users {
    /// Makes a token for a user.
    pub async fn make_token(&self, actor: &Actor, new: NewToken) -> Result<TokenMade, UserFault> {
        actor.require(Permission::ManageUsers)?;
        let now = self.now();
        let mut problems = Problems::default();
        problems.name("name", &new.name);
        problems.unless(!new.scopes.is_empty(), "scopes", Flaw::Empty);
        for (index, word) in new.scopes.iter().enumerate() {
            problems.one_of(&format!("scopes[{index}]"), word, &Permission::ALL.map(Permission::word));
        }
        problems.unless(new.expires_at.is_none_or(|at| at > now), "expires_at", Flaw::InThePast);
        problems.into_result().map_err(UserFault::Invalid)?;

        let secret = format!("{PREFIX}{}", Secrets.token()?);
        let secret_hash = hash_of(&secret);
        let id: String = secret_hash.chars().take(16).collect();
        let token = ApiToken {
            id,
            user: new.user,
            name: new.name.trim().to_owned(),
            scopes: new.scopes,
            created_at: now,
            expires_at: new.expires_at,
            used_at: None,
        };
        let by = actor.in_events();
        let token = self
            .db
            .write(Lane::People, move |tx| {
                Box::pin(async move {
                    let owner = users::load(tx, &token.user).await?.ok_or(UserFault::NotFound)?.user;
                    check_scopes(&token.scopes, owner.role).map_err(UserFault::Invalid)?;
                    users::insert_token(tx, &token, &secret_hash).await?;
                    let kind = AccessEventKind::TokenMade { token: token.id.clone(), scopes: token.scopes.clone() };
                    tx.emit(NewEvent::new(now, by, said(&token.user, kind))).await?;
                    Ok::<_, UserFault>(token)
                })
            })
            .await?;
        Ok(TokenMade { token, secret })
    }

    /// All tokens.
    pub async fn tokens(&self, actor: &Actor) -> Result<Vec<ApiToken>, UserFault> {
        actor.require(Permission::ManageUsers)?;
        Ok(users::list_tokens(&self.db).await?)
    }

    /// Takes a token back.
    pub async fn revoke_token(&self, actor: &Actor, id: String) -> Result<(), UserFault> {
        actor.require(Permission::ManageUsers)?;
        let (by, now) = (actor.in_events(), self.now());
        self.db
            .write(Lane::People, move |tx| {
                Box::pin(async move {
                    let user = users::delete_token(tx, &id).await?.ok_or(UserFault::NoSuchToken)?;
                    tx.emit(NewEvent::new(now, by, said(&user, AccessEventKind::TokenRevoked { token: id }))).await?;
                    Ok(())
                })
            })
            .await
    }

    /// Who a program acts for, with the token's scopes as far as the user's role of today has them; `None` when the token is not ours, expired, or its user switched off.
    pub async fn of_token(&self, secret: &str) -> Result<Option<Actor>, UserFault> {
        if secret.len() > TOKEN_LENGTH_MAX || !secret.starts_with(PREFIX) {
            return Ok(None);
        }
        let Some(token) = users::find_token(&self.db, &hash_of(secret)).await? else { return Ok(None) };
        let now = self.now();
        let Some(stored) = users::find(&self.db, &token.user).await?.filter(|stored| stored.user.is_active) else {
            return Ok(None);
        };
        if token.expires_at.is_some_and(|at| now >= at) {
            return Ok(None);
        }
        if token.used_at.is_none_or(|at| now.millis_since(at) >= TOUCH_MS) {
            let id = token.id.clone();
            self.db
                .write(Lane::People, move |tx| Box::pin(async move { users::touch_token(tx, &id, now).await }))
                .await
                .map_err(|fault: StoreFault| UserFault::Store(fault))?;
        }
        // The role may have been lowered since the token was made.
        let role = stored.user.role;
        let scopes = token.scopes.iter().filter_map(|word| Permission::from_word(word)).filter(|one| one.is_of(role)).collect();
        Ok(Some(Actor { user: stored.user.id, role: stored.user.role, scopes: Some(scopes) }))
    }
}
