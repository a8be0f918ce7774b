//! Time as an argument: wall time for people and records, monotonic time for protocol timers.

use std::{fmt, future::Future, ops::Add, pin::Pin, str::FromStr};

use serde::{Deserialize, Serialize};

/// An instant of wall time: milliseconds since 1970-01-01T00:00:00Z. Columns hold the number; JSON holds RFC 3339 in UTC with
/// milliseconds, the same inside events and at every door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

impl Timestamp {
    /// From epoch milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Epoch milliseconds.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// This instant moved by so many milliseconds; stays at the ends of the range instead of wrapping.
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Reads a date as SIP writes it (RFC 3261 20.17): `Sat, 13 Nov 2010 23:29:00 GMT`.
    pub fn read_rfc_1123(text: &str) -> Option<Self> {
        jiff::fmt::rfc2822::parse(text).ok().map(|instant| Self(instant.timestamp().as_millisecond()))
    }

    /// Milliseconds from `earlier` to this instant, negative if it is later.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 with milliseconds; an instant outside the years -9999 to 9999 as its number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(instant) => write!(f, "{instant:.3}"),
            Err(_) => write!(f, "{}", self.0),
        }
    }
}

impl FromStr for Timestamp {
    type Err = jiff::Error;
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse::<jiff::Timestamp>().map(|instant| Self(instant.as_millisecond()))
    }
}

impl TryFrom<String> for Timestamp {
    type Error = jiff::Error;
    fn try_from(text: String) -> Result<Self, jiff::Error> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(at: Timestamp) -> String {
        at.to_string()
    }
}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))).into()
    }
}
impl utoipa::ToSchema for Timestamp {}

/// An instant of monotonic time in milliseconds. Never goes back while a process runs. Only spans between two instants mean
/// anything; the machine's clock counts on from the wall's time at its start, so that an instant kept by an earlier process is about
/// right in the next one (calls that outlast a restart).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mono(u64);

impl Mono {
    /// From milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// In milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Milliseconds from `earlier` to this instant, 0 if it is later.
    pub const fn millis_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<u64> for Mono {
    type Output = Self;
    /// So many milliseconds later.
    fn add(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

/// Both times, read together once per turn of a loop and passed down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Now {
    /// For people and records.
    pub wall: Timestamp,
    /// For timers.
    pub mono: Mono,
}

impl Now {
    /// Both clocks moved forward by so many milliseconds.
    pub fn plus_millis(self, millis: u64) -> Self {
        Self { wall: self.wall.plus_millis(i64::try_from(millis).unwrap_or(i64::MAX)), mono: self.mono + millis }
    }
}

impl fmt::Display for Mono {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

/// A sleep that a [`Clock`] ends.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Who knows the time. One real implementation (`net/clock.rs`); tests turn the hand themselves.
pub trait Clock: Send + Sync + 'static {
    /// Both times now.
    fn now(&self) -> Now;
    /// Wall time in microseconds since 1970-01-01T00:00:00Z, for what passes faster than milliseconds tell apart.
    fn wall_us(&self) -> i64 {
        self.now().wall.as_millis().saturating_mul(1_000)
    }
    /// Ends when the monotonic time reaches `at`, at once if it has.
    fn sleep_until(&self, at: Mono) -> Sleep;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_travels_as_rfc_3339_with_milliseconds() {
        let at = Timestamp::from_millis(1_766_000_000_007);
        assert_eq!(at.to_string(), "2025-12-17T19:33:20.007Z");
        assert_eq!(at.to_string().parse::<Timestamp>().ok(), Some(at));
    }
}
