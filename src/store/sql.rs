//! A statement, its values, its rows: the three words of the facade over both engines.

use serde::Serialize;
use sqlx::{
    Arguments, FromRow, postgres::PgArguments, postgres::PgRow, sqlite::SqliteArguments, sqlite::SqliteRow, types::Json,
};

use super::{Dialect, StoreFault};
use crate::types::{
    AgentId, AlertId, AlertRuleId, BroadcastId, CalendarId, CallId, CustomerId, DeliveryId, DispositionId, InteractionId,
    LineId, NodeId, PhoneNumber, QueueId, RecordingId, SessionId, SkillId, SlaPolicyId, TicketId, Timestamp, TrunkId, UserId,
    WebhookId,
};

/// A registered statement: one text for both engines, or a pair where their words differ. Made by `sql!`.
#[derive(Debug)]
pub struct Sql {
    /// Name, for messages and tests.
    pub name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

impl Sql {
    /// One text for both.
    pub(super) const fn one(name: &'static str, text: &'static str) -> Self {
        Self { name, sqlite: text, postgres: text }
    }

    /// A text per engine.
    pub(super) const fn pair(name: &'static str, sqlite: &'static str, postgres: &'static str) -> Self {
        Self { name, sqlite, postgres }
    }

    /// The text for an engine.
    pub const fn text(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
        }
    }

    /// Whether the engines need different words.
    pub fn is_pair(&self) -> bool {
        self.sqlite != self.postgres
    }
}

/// Declares a module's statements and registers them: `sql! { FIND = "…"; CLAIM = ("… sqlite", "… postgres"); }`.
/// Placeholders are `$1`, `$2`, … One block per module; it makes the module's `STATEMENTS`.
///
/// `SAVE = (rows "INSERT INTO t (a, b) SELECT value ->> 0, CAST(value ->> 1 AS BIGINT) FROM" "ON CONFLICT …")` takes
/// [`Val::rows`] as `$1`: one statement and one trip to the database for any number of rows. Between its two texts stand the
/// rows, each an array named `value`; numbers out of it need the cast.
macro_rules! sql {
    ($($(#[$doc:meta])* $name:ident = $text:tt;)*) => {
        $($(#[$doc])* static $name: $crate::store::Sql = $crate::store::sql!(@text $name $text);)*
        /// The statements of this module, for the test that prepares them all.
        #[allow(dead_code, reason = "test modules have statements that are not listed")]
        pub(super) const STATEMENTS: &[&$crate::store::Sql] = &[$(&$name),*];
    };
    (@text $name:ident (rows $before:literal $after:literal)) => {
        $crate::store::Sql::pair(
            stringify!($name),
            concat!($before, " json_each($1) ", $after),
            concat!($before, " jsonb_array_elements($1) AS value ", $after),
        )
    };
    (@text $name:ident ($sqlite:literal, $postgres:literal)) => { $crate::store::Sql::pair(stringify!($name), $sqlite, $postgres) };
    (@text $name:ident $text:literal) => { $crate::store::Sql::one(stringify!($name), $text) };
}
pub(crate) use sql;

/// Values for a statement's placeholders, in order: `binds![id, at, name]`.
macro_rules! binds {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::Val::from($value)),*] };
}
pub(crate) use binds;

/// A value for a placeholder. Integers are 64-bit, times milliseconds, JSON always through `Json`.
#[derive(Debug, Clone, PartialEq)]
pub enum Val {
    /// Integer, or time in milliseconds.
    Int(Option<i64>),
    /// Text, key or id.
    Text(Option<String>),
    /// Truth.
    Bool(Option<bool>),
    /// JSON.
    Json(Option<serde_json::Value>),
}

impl Val {
    /// Anything that serde can write, as JSON.
    pub fn json(value: &impl Serialize) -> Self {
        Self::Json(serde_json::to_value(value).ok())
    }

    /// Many rows as one value, each made by `binds!`, for a statement over `rows`.
    pub fn rows(rows: impl IntoIterator<Item = Vec<Val>>) -> Self {
        Self::Json(Some(
            rows.into_iter().map(|row| row.into_iter().map(Self::into_json).collect::<serde_json::Value>()).collect(),
        ))
    }

    fn into_json(self) -> serde_json::Value {
        match self {
            Self::Int(value) => value.into(),
            Self::Text(value) => value.into(),
            Self::Bool(value) => value.into(),
            Self::Json(value) => value.unwrap_or_default(),
        }
    }

    /// Something or nothing that is written as text.
    pub fn text(value: Option<&impl ToString>) -> Self {
        Self::Text(value.map(ToString::to_string))
    }

    /// The word by which serde calls a plain enum variant, for a text column.
    pub fn word(value: &impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(serde_json::Value::String(word)) => Self::Text(Some(word)),
            _ => Self::Text(None),
        }
    }
}

macro_rules! val_from {
    ($($from:ty => $variant:ident, $value:ident => $make:expr;)*) => {$(
        impl From<$from> for Val {
            fn from($value: $from) -> Self { Self::$variant(Some($make)) }
        }
        impl From<Option<$from>> for Val {
            fn from(value: Option<$from>) -> Self { Self::$variant(value.map(|$value| $make)) }
        }
    )*};
}

val_from! {
    i64 => Int, value => value;
    Timestamp => Int, value => value.as_millis();
    bool => Bool, value => value;
    String => Text, value => value;
    &str => Text, value => value.to_owned();
    &String => Text, value => value.clone();
    serde_json::Value => Json, value => value;
    CallId => Text, value => value.to_string();
    RecordingId => Text, value => value.to_string();
    CustomerId => Text, value => value.to_string();
    InteractionId => Text, value => value.to_string();
    TicketId => Text, value => value.to_string();
    SessionId => Text, value => value.to_string();
    AlertId => Text, value => value.to_string();
    DeliveryId => Text, value => value.to_string();
    BroadcastId => Text, value => value.to_string();
    &AlertRuleId => Text, value => value.to_string();
    &WebhookId => Text, value => value.to_string();
    &NodeId => Text, value => value.to_string();
    &QueueId => Text, value => value.to_string();
    &SkillId => Text, value => value.to_string();
    &LineId => Text, value => value.to_string();
    &CalendarId => Text, value => value.to_string();
    &TrunkId => Text, value => value.to_string();
    &AgentId => Text, value => value.to_string();
    &UserId => Text, value => value.to_string();
    &DispositionId => Text, value => value.to_string();
    &SlaPolicyId => Text, value => value.to_string();
    &PhoneNumber => Text, value => value.to_string();
}

/// A row that reads the same from both engines: `#[derive(sqlx::FromRow)]` on a plain struct is enough.
pub trait Record: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T> Record for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// U+0000 is no text to PostgreSQL. It is left out for both engines, so that they hold the same and neither refuses.
fn without_nul(value: Val) -> Val {
    match value {
        Val::Text(Some(text)) if text.contains('\0') => Val::Text(Some(text.replace('\0', ""))),
        Val::Json(Some(mut json)) => {
            leave_out_nul(&mut json);
            Val::Json(Some(json))
        }
        other => other,
    }
}

fn leave_out_nul(json: &mut serde_json::Value) {
    match json {
        serde_json::Value::String(text) if text.contains('\0') => text.retain(|c| c != '\0'),
        serde_json::Value::Array(items) => items.iter_mut().for_each(leave_out_nul),
        serde_json::Value::Object(fields) => fields.values_mut().for_each(leave_out_nul),
        _ => {}
    }
}

/// Binds values in order for SQLite.
pub(super) fn sqlite_arguments(values: Vec<Val>) -> Result<SqliteArguments, StoreFault> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        match without_nul(value) {
            Val::Int(value) => arguments.add(value),
            Val::Text(value) => arguments.add(value),
            Val::Bool(value) => arguments.add(value),
            Val::Json(value) => arguments.add(value.map(Json)),
        }
        .map_err(|error| StoreFault::Unreadable(error.to_string()))?;
    }
    Ok(arguments)
}

/// Binds values in order for PostgreSQL.
pub(super) fn postgres_arguments(values: Vec<Val>) -> Result<PgArguments, StoreFault> {
    let mut arguments = PgArguments::default();
    for value in values {
        match without_nul(value) {
            Val::Int(value) => arguments.add(value),
            Val::Text(value) => arguments.add(value),
            Val::Bool(value) => arguments.add(value),
            Val::Json(value) => arguments.add(value.map(Json)),
        }
        .map_err(|error| StoreFault::Unreadable(error.to_string()))?;
    }
    Ok(arguments)
}
