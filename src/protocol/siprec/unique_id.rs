//! What names a session, a participant or a stream to a recorder (RFC 7865 6.10): 16 octets, written in base 64.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

/// A name that is the same whenever it is made of the same things, also by the next process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UniqueId([u8; Self::OCTETS]);

impl UniqueId {
    const OCTETS: usize = 16;

    /// Of something that has an id of ours.
    pub fn of(id: impl fmt::Display) -> Self {
        Self::within(id, "")
    }

    /// Of a part of that something.
    pub fn within(id: impl fmt::Display, part: &str) -> Self {
        let digest = Sha256::digest(format!("{id}/{part}"));
        let mut octets = [0; Self::OCTETS];
        octets.iter_mut().zip(digest).for_each(|(octet, of_digest)| *octet = of_digest);
        Self(octets)
    }
}

impl fmt::Display for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_thing_has_one_name_and_its_parts_have_others() {
        let names =
            [UniqueId::of("01J"), UniqueId::of("01K"), UniqueId::within("01J", "customer"), UniqueId::within("01J", "1")];
        assert_eq!(names[0], UniqueId::of("01J"));
        for (at, name) in names.iter().enumerate() {
            let text = name.to_string();
            assert!(text.len() == 24 && text.ends_with("=="), "{text}");
            assert!(!names[..at].contains(name));
        }
    }
}
