//! One newtype per kind of thing. Two families: *minted* ids (calls, tickets, customers: sortable, made from our clock and
//! generator) and *keys* (queues, agents, lines: short words chosen by an administrator, readable in flows and URLs).

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::{Rng, Timestamp};

/// Text that is not an id of the asked kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidId {
    /// What was expected, for a message to people.
    pub expected: &'static str,
}

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not {}", self.expected)
    }
}

impl std::error::Error for InvalidId {}

macro_rules! minted_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        /// Written as 26 characters of Crockford base 32, which sort by time of making.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Ulid);

        impl $name {
            /// A new id: 48 bits of milliseconds, 80 bits from the generator.
            pub fn mint(at: Timestamp, rng: &mut Rng) -> Self {
                let millis = u64::try_from(at.as_millis()).unwrap_or(0);
                Self(Ulid::from_parts(millis, rng.next_u128()))
            }

            /// The same with 32 of the 80 bits from `place`, so that what one thing has in its order keeps it within a millisecond.
            pub fn mint_in_order(at: Timestamp, place: u32, rng: &mut Rng) -> Self {
                let millis = u64::try_from(at.as_millis()).unwrap_or(0);
                Self(Ulid::from_parts(millis, (u128::from(place) << 48) | u128::from(rng.next_u64() >> 16)))
            }

            /// When it was made, by the clock of whoever did.
            pub fn minted_at(self) -> Timestamp {
                Timestamp::from_millis(i64::try_from(self.0.timestamp_ms()).unwrap_or(i64::MAX))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Ulid::from_string(text).map(Self).map_err(|_| InvalidId { expected: "an id of 26 letters and digits" })
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> { text.parse() }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String { id.to_string() }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> { String::schema() }
        }
        impl utoipa::ToSchema for $name {}
    )*};
}

macro_rules! key {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        /// Written as 1 to 40 of `a-z 0-9 - _ .`, beginning with a letter or digit.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The key as text.
            pub fn as_str(&self) -> &str { &self.0 }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                if is_key(text) { Ok(Self(text.into())) } else {
                    Err(InvalidId { expected: "a key: 1 to 40 of a-z 0-9 - _ . beginning with a letter or digit" })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> { text.parse() }
        }

        impl From<$name> for String {
            fn from(key: $name) -> String { key.0.as_ref().to_owned() }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> { String::schema() }
        }
        impl utoipa::ToSchema for $name {}
    )*};
}

minted_id! {
    /// One call from its arrival or dialling to its end, with all its legs.
    CallId,
    /// One party's connection to us within a call, or an agent's standing media leg.
    LegId,
    /// What is recorded of one leg, in as many parts as it takes.
    RecordingId,
    /// A copy of one call's audio for one outside system.
    ForkId,
    /// A customer: a person or an organisation that we serve.
    CustomerId,
    /// One contact with a customer, as it stands on the timeline.
    InteractionId,
    /// A ticket. People read its number, programs its id.
    TicketId,
    /// One console socket or web phone session.
    SessionId,
    /// A promise to call somebody back.
    CallbackId,
    /// Something that an agent is to do beside calls, such as hearing a message.
    WorkItemId,
    /// A threshold that was passed, from there until all is well again.
    AlertId,
    /// One message for an outside system, however often it is tried.
    DeliveryId,
    /// What a supervisor told agents.
    BroadcastId,
}

key! {
    /// A node of the installation.
    NodeId,
    /// A queue where callers wait.
    QueueId,
    /// A skill that calls ask for and agents have.
    SkillId,
    /// A published IVR service; numbers map to lines.
    LineId,
    /// A business calendar.
    CalendarId,
    /// A trunk to a carrier or another exchange.
    TrunkId,
    /// A route for calls out.
    RouteId,
    /// An outside system that gets calls' audio.
    MediaForkId,
    /// An agent: the key of the user who takes calls.
    AgentId,
    /// Someone who signs in.
    UserId,
    /// A leaf or branch of the disposition tree.
    DispositionId,
    /// An SLA policy.
    SlaPolicyId,
    /// A rule by which an alert is raised.
    AlertRuleId,
    /// An outside system that is told of alerts.
    WebhookId,
    /// A department of the organisation.
    DepartmentId,
    /// A state of a ticket by its name in the workflow.
    StatusKey,
    /// A field that the workflow adds to tickets.
    FieldKey,
}

impl StatusKey {
    /// A key out of a word of our own, which is one by its spelling.
    pub fn of_word(word: &'static str) -> Self {
        debug_assert!(is_key(word), "{word} is no key");
        Self(word.into())
    }
}

impl From<UserId> for AgentId {
    /// An agent carries the key of the user that takes the calls.
    fn from(user: UserId) -> Self {
        Self(user.0)
    }
}

impl From<AgentId> for UserId {
    /// The user behind an agent.
    fn from(agent: AgentId) -> Self {
        Self(agent.0)
    }
}

fn is_key(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_plain = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (1..=40).contains(&bytes.len())
        && bytes.first().is_some_and(is_plain)
        && bytes.iter().all(|b| is_plain(b) || matches!(b, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_refused_with_the_rule_it_breaks() {
        assert!("support".parse::<QueueId>().is_ok());
        for bad in ["", "Support", "-x", "a b", &"x".repeat(41), "ñ"] {
            assert!(bad.parse::<QueueId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn minted_ids_sort_by_time_and_survive_text() {
        let mut rng = Rng::seeded(7);
        let early = CallId::mint(Timestamp::from_millis(1_000), &mut rng);
        let late = CallId::mint(Timestamp::from_millis(2_000), &mut rng);
        assert!(early < late);
        assert_eq!(early.to_string().parse(), Ok(early));
        assert_eq!(early.minted_at(), Timestamp::from_millis(1_000));
    }

    #[test]
    fn ids_of_one_millisecond_sort_by_their_place() {
        let mut rng = Rng::seeded(7);
        let now = Timestamp::from_millis(1_000);
        let ids: Vec<_> = [1, 2, 255, 256, u32::MAX].map(|place| InteractionId::mint_in_order(now, place, &mut rng)).into();
        assert!(ids.is_sorted());
        assert!(ids.iter().all(|id| *id < InteractionId::mint(Timestamp::from_millis(1_001), &mut rng)), "time goes first");
        assert_ne!(ids[0], InteractionId::mint_in_order(now, 1, &mut rng));
    }
}
