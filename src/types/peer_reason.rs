//! Why the other side ends or refuses a call, in its own words (Reason, RFC 3326).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What was said, as it came but for its length: attacker-controlled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PeerReason {
    /// Whose words: `Q.850` for causes of the telephone network, `SIP` for status codes, or another.
    pub protocol: String,
    /// The number: of Q.850 16 for normal clearing, 17 for busy, …; `None` if there is none.
    pub cause: Option<u16>,
    /// The same for people; `None` if there is none, or the cause has a sentence of ours.
    pub text: Option<String>,
}

impl PeerReason {
    /// Longest name of a protocol.
    pub const PROTOCOL_MAX: usize = 32;
    /// Longest text, in characters.
    pub const TEXT_MAX: usize = 120;

    /// As it is kept for ever: free text may name people or numbers, and says nothing more where the cause has a sentence of ours.
    pub fn without_known_text(mut self) -> Self {
        if self.protocol == "Q.850" && self.cause.is_some_and(|cause| KNOWN.contains(&cause)) {
            self.text = None;
        }
        self
    }
}

/// Causes of the telephone network (Q.850) that the console says in a sentence.
const KNOWN: [u16; 45] = [
    1, 2, 3, 16, 17, 18, 19, 20, 21, 22, 23, 25, 26, 27, 28, 29, 31, 34, 38, 41, 42, 43, 44, 47, 50, 55, 57, 58, 63, 65, 69,
    79, 81, 87, 88, 95, 96, 97, 98, 99, 100, 101, 102, 111, 127,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_kept_only_where_no_sentence_says_it() {
        for (protocol, cause, is_kept) in [
            ("Q.850", Some(17), false),
            ("Q.850", Some(77), true),
            ("Q.850", None, true),
            ("SIP", Some(17), true),
            ("X.1", Some(1), true),
        ] {
            let said = PeerReason { protocol: protocol.into(), cause, text: Some("Ana is away".into()) };
            let kept = said.clone().without_known_text();
            assert_eq!(kept, PeerReason { text: said.text.clone().filter(|_| is_kept), ..said }, "{protocol} {cause:?}");
        }
    }

    #[test]
    fn the_causes_known_are_those_with_a_sentence() {
        for words in [
            include_str!("../../web-console/src/features/calls/i18n/en.json"),
            include_str!("../../web-console/src/features/calls/i18n/es.json"),
        ] {
            let words: serde_json::Value = serde_json::from_str(words).unwrap();
            let said = words["peer_reason"]["q850"].as_object().unwrap().keys().map(|cause| cause.parse().unwrap());
            assert_eq!(
                said.collect::<std::collections::BTreeSet<u16>>(),
                KNOWN.into(),
                "each cause with a sentence, and no other"
            );
        }
    }
}
