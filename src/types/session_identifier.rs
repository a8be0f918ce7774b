//! What names a session from one end to the other, through every exchange between (Session-ID, RFC 7989): a UUID of each end. Each
//! side writes its own first, so that the traces of all networks on the way can be laid on each other.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Rng;

/// The name that one end has given the session: 32 hexadecimal digits; all zero while it is not known (RFC 7989 5).
#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionUuid(u128);

impl SessionUuid {
    /// A new name: a random UUID (RFC 9562 5.4).
    pub fn mint(rng: &mut Rng) -> Self {
        Self(rng.next_u128() & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62)
    }

    /// Reads 32 hexadecimal digits, in any case.
    pub fn read(text: &str) -> Option<Self> {
        let is_hex = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        u128::from_str_radix(text, 16).ok().filter(|_| is_hex).map(Self)
    }

    /// Whether it names nothing.
    pub fn is_nil(self) -> bool {
        self.0 == 0
    }

    /// This, or the other if this names nothing.
    pub fn or(self, other: Self) -> Self {
        if self.is_nil() { other } else { self }
    }
}

impl fmt::Display for SessionUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for SessionUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionUuid({self})")
    }
}

impl From<SessionUuid> for String {
    fn from(uuid: SessionUuid) -> Self {
        uuid.to_string()
    }
}

impl TryFrom<String> for SessionUuid {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::read(&text).ok_or("not 32 hexadecimal digits")
    }
}

/// Both ends' names, as seen from our side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionIdentifier {
    /// What we say: the name of whoever is at our end.
    pub local: SessionUuid,
    /// What they say.
    pub remote: SessionUuid,
}

impl SessionIdentifier {
    /// The name that their header gives their end: `uuid;remote=uuid`, or the UUID alone (RFC 7329).
    pub fn read_theirs(value: &str) -> Option<SessionUuid> {
        let uuid = value.split(';').next().unwrap_or_default().trim();
        SessionUuid::read(uuid).filter(|uuid| !uuid.is_nil())
    }
}

/// As we write it.
impl fmt::Display for SessionIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};remote={}", self.local, self.remote)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_in_any_case_and_nothing_else_is_one() {
        let known = "ab30317f1a784dc48ff824d0d3715d86";
        for text in [known, "AB30317F1A784DC48FF824D0D3715D86", &format!(" {known} ;remote=47755a9de7794ba387653f2099600ef2")] {
            assert_eq!(SessionIdentifier::read_theirs(text).map(|uuid| uuid.to_string()).as_deref(), Some(known), "{text}");
        }
        for text in ["", "0", &"0".repeat(32), "+b30317f1a784dc48ff824d0d3715d86", &format!("{known}0"), "ñ"] {
            assert_eq!(SessionIdentifier::read_theirs(text), None, "{text}");
        }
        let minted = SessionUuid::mint(&mut Rng::seeded(1)).to_string();
        assert_eq!((minted.len(), minted.get(12..13)), (32, Some("4")), "{minted}");
    }
}
