//! Users, their sessions and the tokens of programs. Only hashes of secrets come here.

use sqlx::{FromRow, types::Json};

use super::{
    Db, StoreFault, Tx, Val, binds, sql,
    tx::{from_word, parse},
};
use crate::{
    domain::access::{ApiToken, User},
    types::{Timestamp, UserId},
};

sql! {
    LIST = "SELECT id, version, name, role, language, is_active, created_at, updated_at, password_hash, session_epoch
        FROM \"user\" ORDER BY id";
    FIND = "SELECT id, version, name, role, language, is_active, created_at, updated_at, password_hash, session_epoch
        FROM \"user\" WHERE id = $1";
    INSERT = "INSERT INTO \"user\" (id, version, name, role, language, is_active, password_hash, session_epoch, created_at,
            updated_at)
        VALUES ($1, 1, $2, $3, $4, $5, $6, 1, $7, $7) ON CONFLICT (id) DO NOTHING";
    UPDATE = "UPDATE \"user\" SET version = version + 1, name = $3, role = $4, language = $5, is_active = $6, updated_at = $7
        WHERE id = $1 AND version = $2";
    AGENT_RESTS = "SELECT agent_rests FROM \"user\" WHERE id = $1";
    SET_AGENT_RESTS = "UPDATE \"user\" SET agent_rests = $2 WHERE id = $1";
    SET_PASSWORD = "UPDATE \"user\" SET version = version + 1, password_hash = $2, session_epoch = session_epoch + 1,
            updated_at = $3 WHERE id = $1";
    REHASH = "UPDATE \"user\" SET password_hash = $2 WHERE id = $1";
    DELETE = "DELETE FROM \"user\" WHERE id = $1";
    OTHER_ADMINISTRATORS = "SELECT CAST(COUNT(*) AS BIGINT) FROM \"user\"
        WHERE role = 'administrator' AND is_active AND id <> $1";
    INSERT_SESSION = "INSERT INTO session (token_hash, user_id, session_epoch, created_at, seen_at, expires_at)
        VALUES ($1, $2, $3, $4, $4, $5)";
    FIND_SESSION = "SELECT u.id, u.version, u.name, u.role, u.language, u.is_active, u.created_at, u.updated_at,
            u.password_hash, u.session_epoch, s.seen_at, s.expires_at
        FROM session s JOIN \"user\" u ON u.id = s.user_id AND u.session_epoch = s.session_epoch WHERE s.token_hash = $1";
    TOUCH_SESSION = "UPDATE session SET seen_at = $2 WHERE token_hash = $1";
    DELETE_SESSION = "DELETE FROM session WHERE token_hash = $1";
    DELETE_SESSIONS_OF = "DELETE FROM session WHERE user_id = $1";
    DELETE_EXPIRED = "DELETE FROM session WHERE expires_at < $1 OR seen_at < $2";
    INSERT_TOKEN = "INSERT INTO api_token (id, token_hash, user_id, name, scopes, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    LIST_TOKENS = "SELECT id, user_id, name, scopes, created_at, expires_at, used_at FROM api_token ORDER BY created_at, id";
    FIND_TOKEN = "SELECT id, user_id, name, scopes, created_at, expires_at, used_at FROM api_token WHERE token_hash = $1";
    TOUCH_TOKEN = "UPDATE api_token SET used_at = $2 WHERE id = $1";
    DELETE_TOKEN = "DELETE FROM api_token WHERE id = $1 RETURNING user_id";
}

/// A user with what only the sign-in needs.
#[derive(Debug, Clone)]
pub struct StoredUser {
    /// The user.
    pub user: User,
    /// PHC string.
    pub password_hash: String,
    /// Sessions of an earlier epoch are void.
    pub session_epoch: i64,
}

/// A session with its user.
#[derive(Debug, Clone)]
pub struct StoredSession {
    /// Whose.
    pub user: User,
    /// Last used, to a few minutes.
    pub seen_at: Timestamp,
    /// Ends then, used or not.
    pub expires_at: Timestamp,
}

/// All users, by key.
pub async fn list(db: &Db) -> Result<Vec<User>, StoreFault> {
    let rows = db.fetch_all::<UserRow>(&LIST, binds![]).await?;
    rows.into_iter().map(|row| StoredUser::try_from(row).map(|stored| stored.user)).collect()
}

/// One user.
pub async fn find(db: &Db, id: &UserId) -> Result<Option<StoredUser>, StoreFault> {
    db.fetch_optional::<UserRow>(&FIND, binds![id]).await?.map(StoredUser::try_from).transpose()
}

/// One user, within a write.
pub async fn load(tx: &mut Tx, id: &UserId) -> Result<Option<StoredUser>, StoreFault> {
    tx.fetch_optional::<UserRow>(&FIND, binds![id]).await?.map(StoredUser::try_from).transpose()
}

/// A new user; `false` when the key is taken.
pub async fn insert(tx: &mut Tx, user: &User, password_hash: &str) -> Result<bool, StoreFault> {
    let values =
        binds![&user.id, &user.name, Val::word(&user.role), &user.language, user.is_active, password_hash, user.created_at,];
    Ok(tx.execute(&INSERT, values).await? == 1)
}

/// Saves name, role, language and activity; `false` when somebody else saved meanwhile. `user.version` is the one seen.
pub async fn update(tx: &mut Tx, user: &User) -> Result<bool, StoreFault> {
    let values =
        binds![&user.id, user.version, &user.name, Val::word(&user.role), &user.language, user.is_active, user.updated_at,];
    Ok(tx.execute(&UPDATE, values).await? == 1)
}

/// Whether the user's agent was taken off the floor with the user.
pub async fn agent_rests(tx: &mut Tx, id: &UserId) -> Result<bool, StoreFault> {
    Ok(tx.fetch_optional::<(bool,)>(&AGENT_RESTS, binds![id]).await?.is_some_and(|row| row.0))
}

/// Keeps whether the user's agent was taken off the floor with the user.
pub async fn set_agent_rests(tx: &mut Tx, id: &UserId, rests: bool) -> Result<(), StoreFault> {
    tx.execute(&SET_AGENT_RESTS, binds![id, rests]).await.map(|_| ())
}

/// A new password; every session of the user is over.
pub async fn set_password(tx: &mut Tx, id: &UserId, password_hash: &str, at: Timestamp) -> Result<bool, StoreFault> {
    tx.execute(&DELETE_SESSIONS_OF, binds![id]).await?;
    Ok(tx.execute(&SET_PASSWORD, binds![id, password_hash, at]).await? == 1)
}

/// The same password under a stronger hash.
pub async fn rehash(tx: &mut Tx, id: &UserId, password_hash: &str) -> Result<(), StoreFault> {
    tx.execute(&REHASH, binds![id, password_hash]).await.map(|_| ())
}

/// Removes a user with sessions and tokens.
pub async fn delete(tx: &mut Tx, id: &UserId) -> Result<bool, StoreFault> {
    Ok(tx.execute(&DELETE, binds![id]).await? == 1)
}

/// How many active administrators there are besides this user.
pub async fn other_administrators(tx: &mut Tx, id: &UserId) -> Result<i64, StoreFault> {
    Ok(tx.fetch_optional::<(i64,)>(&OTHER_ADMINISTRATORS, binds![id]).await?.map_or(0, |row| row.0))
}

/// A new session.
pub async fn insert_session(
    tx: &mut Tx,
    token_hash: &str,
    user: &StoredUser,
    at: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreFault> {
    let values = binds![token_hash, &user.user.id, user.session_epoch, at, expires_at];
    tx.execute(&INSERT_SESSION, values).await.map(|_| ())
}

/// The session of a token, whatever its age.
pub async fn find_session(db: &Db, token_hash: &str) -> Result<Option<StoredSession>, StoreFault> {
    let Some(row) = db.fetch_optional::<SessionRow>(&FIND_SESSION, binds![token_hash]).await? else { return Ok(None) };
    Ok(Some(StoredSession {
        seen_at: Timestamp::from_millis(row.seen_at),
        expires_at: Timestamp::from_millis(row.expires_at),
        user: StoredUser::try_from(row.user)?.user,
    }))
}

/// The session was used.
pub async fn touch_session(tx: &mut Tx, token_hash: &str, at: Timestamp) -> Result<(), StoreFault> {
    tx.execute(&TOUCH_SESSION, binds![token_hash, at]).await.map(|_| ())
}

/// Ends a session; `false` when there was none.
pub async fn delete_session(tx: &mut Tx, token_hash: &str) -> Result<bool, StoreFault> {
    Ok(tx.execute(&DELETE_SESSION, binds![token_hash]).await? == 1)
}

/// Ends all sessions of a user.
pub async fn delete_sessions_of(tx: &mut Tx, user: &UserId) -> Result<(), StoreFault> {
    tx.execute(&DELETE_SESSIONS_OF, binds![user]).await.map(|_| ())
}

/// Sweeps out sessions that ended before `now`, or were not used since `idle_since`.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp, idle_since: Timestamp) -> Result<u64, StoreFault> {
    tx.execute(&DELETE_EXPIRED, binds![now, idle_since]).await
}

/// A new token.
pub async fn insert_token(tx: &mut Tx, token: &ApiToken, token_hash: &str) -> Result<(), StoreFault> {
    let values =
        binds![&token.id, token_hash, &token.user, &token.name, Val::json(&token.scopes), token.created_at, token.expires_at,];
    tx.execute(&INSERT_TOKEN, values).await.map(|_| ())
}

/// All tokens, oldest first.
pub async fn list_tokens(db: &Db) -> Result<Vec<ApiToken>, StoreFault> {
    let rows = db.fetch_all::<TokenRow>(&LIST_TOKENS, binds![]).await?;
    rows.into_iter().map(ApiToken::try_from).collect()
}

/// The token of a secret, whatever its age.
pub async fn find_token(db: &Db, token_hash: &str) -> Result<Option<ApiToken>, StoreFault> {
    db.fetch_optional::<TokenRow>(&FIND_TOKEN, binds![token_hash]).await?.map(ApiToken::try_from).transpose()
}

/// The token was used.
pub async fn touch_token(tx: &mut Tx, id: &str, at: Timestamp) -> Result<(), StoreFault> {
    tx.execute(&TOUCH_TOKEN, binds![id, at]).await.map(|_| ())
}

/// Takes a token back; whose it was.
pub async fn delete_token(tx: &mut Tx, id: &str) -> Result<Option<UserId>, StoreFault> {
    let row = tx.fetch_optional::<(String,)>(&DELETE_TOKEN, binds![id]).await?;
    row.map(|row| parse("user", &row.0)).transpose()
}

#[derive(Debug, FromRow)]
struct UserRow {
    id: String,
    version: i64,
    name: String,
    role: String,
    language: String,
    is_active: bool,
    created_at: i64,
    updated_at: i64,
    password_hash: String,
    session_epoch: i64,
}

#[derive(Debug, FromRow)]
struct SessionRow {
    #[sqlx(flatten)]
    user: UserRow,
    seen_at: i64,
    expires_at: i64,
}

#[derive(Debug, FromRow)]
struct TokenRow {
    id: String,
    user_id: String,
    name: String,
    scopes: Json<Vec<String>>,
    created_at: i64,
    expires_at: Option<i64>,
    used_at: Option<i64>,
}

impl TryFrom<UserRow> for StoredUser {
    type Error = StoreFault;
    fn try_from(row: UserRow) -> Result<Self, StoreFault> {
        Ok(Self {
            user: User {
                id: parse("user", &row.id)?,
                version: row.version,
                name: row.name,
                role: from_word("role", row.role)?,
                language: row.language,
                is_active: row.is_active,
                created_at: Timestamp::from_millis(row.created_at),
                updated_at: Timestamp::from_millis(row.updated_at),
            },
            password_hash: row.password_hash,
            session_epoch: row.session_epoch,
        })
    }
}

impl TryFrom<TokenRow> for ApiToken {
    type Error = StoreFault;
    fn try_from(row: TokenRow) -> Result<Self, StoreFault> {
        Ok(Self {
            id: row.id,
            user: parse("user", &row.user_id)?,
            name: row.name,
            scopes: row.scopes.0,
            created_at: Timestamp::from_millis(row.created_at),
            expires_at: row.expires_at.map(Timestamp::from_millis),
            used_at: row.used_at.map(Timestamp::from_millis),
        })
    }
}
