//! The Replaces header (RFC 3891): the name of a dialog that another one shall take the place of.

use super::address::param;

/// A dialog, named from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaces {
    /// Call-ID.
    pub call_id: String,
    /// Tag of the side that receives the header.
    pub to_tag: String,
    /// Tag of its peer.
    pub from_tag: String,
    /// Whether an answered dialog must not be replaced.
    pub is_early_only: bool,
}

impl Replaces {
    /// Reads a header's value; `None` if a part is missing (RFC 3891 6.1).
    pub fn parse(value: &str) -> Option<Self> {
        let (call_id, params) = value.trim().split_at_checked(value.trim().find(';')?)?;
        let tag = |name| param(params, name).filter(|tag| !tag.is_empty()).map(str::to_owned);
        let call_id = call_id.trim();
        Some(Self {
            call_id: (!call_id.is_empty()).then(|| call_id.to_owned())?,
            to_tag: tag("to-tag")?,
            from_tag: tag("from-tag")?,
            is_early_only: param(params, "early-only").is_some(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialog_is_named_by_call_id_and_both_tags_in_any_order() {
        let read = Replaces::parse("98asjd8@test.com;from-tag=23431;to-tag=12345;early-only").unwrap();
        assert_eq!(
            (read.call_id.as_str(), read.to_tag.as_str(), read.from_tag.as_str()),
            ("98asjd8@test.com", "12345", "23431")
        );
        assert!(read.is_early_only);
        assert!(!Replaces::parse("a;to-tag=1;from-tag=2").unwrap().is_early_only);
        for broken in ["", "a", "a;to-tag=1", "a;from-tag=1", ";to-tag=1;from-tag=2", "a;to-tag=;from-tag=2"] {
            assert_eq!(Replaces::parse(broken), None, "{broken}");
        }
    }
}
