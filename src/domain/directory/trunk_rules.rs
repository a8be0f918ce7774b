//! How numbers, callers and headers are written on a trunk, and what audio is offered there: data, so that a carrier's wishes need no
//! program. Applied by the floor to calls out (`domain/centre/route_advance.rs`) and by the switch to calls in (`switch/hear.rs`).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Trunk;

/// What a trunk may be offered, by its name in RFC 3551.
pub const TRUNK_CODECS: [&str; 3] = ["pcmu", "pcma", "g722"];

/// How a number is rewritten. The first rule whose pattern fits counts; a number that none fits stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NumberRule {
    /// What the number looks like: digits, `+`, `*` and `#` as they are, `X` for any digit, a `.` at the end for whatever follows.
    pub pattern: String,
    /// How many characters are taken off its beginning.
    pub strip: i64,
    /// What is put before the rest.
    pub prepend: String,
}

impl NumberRule {
    /// The number by this rule; `None` if the pattern does not fit.
    pub fn apply(&self, number: &str) -> Option<String> {
        let rest = usize::try_from(self.strip).ok().and_then(|strip| number.get(strip..));
        rest.filter(|_| fits(&self.pattern, number)).map(|rest| format!("{}{rest}", self.prepend))
    }
}

/// Whether a number looks like a pattern.
fn fits(pattern: &str, number: &str) -> bool {
    let (pattern, is_open) = match pattern.strip_suffix('.') {
        Some(begin) => (begin, true),
        None => (pattern, false),
    };
    let has_length = if is_open { number.len() > pattern.len() } else { number.len() == pattern.len() };
    let is_same = |(wanted, found): (u8, u8)| if wanted == b'X' { found.is_ascii_digit() } else { wanted == found };
    has_length && pattern.bytes().zip(number.bytes()).all(is_same)
}

/// The number by the first rule that fits, or as it is.
fn rewrite(rules: &[NumberRule], number: &str) -> String {
    rules.iter().find_map(|rule| rule.apply(number)).unwrap_or_else(|| number.to_owned())
}

/// What number the called party sees on a trunk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallerRules {
    /// Shown where our own number may not be; `None` withholds it then.
    #[serde(default)]
    pub default: Option<String>,
    /// Numbers of ours that may be shown, each by its beginning: `+34911`, `+34911000001`. Empty allows every one.
    #[serde(default)]
    pub allowed: Vec<String>,
    /// Shows none, whatever it is (RFC 3323).
    #[serde(default)]
    pub is_withheld: bool,
}

impl CallerRules {
    /// What is shown of this number of ours; `None` withholds it.
    fn shown<'a>(&'a self, ours: Option<&'a str>) -> Option<&'a str> {
        if self.is_withheld {
            return None;
        }
        let is_allowed =
            |number: &&str| self.allowed.is_empty() || self.allowed.iter().any(|begin| number.starts_with(begin.as_str()));
        ours.filter(is_allowed).or(self.default.as_deref())
    }
}

/// A header line of our first INVITE on a trunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum HeaderRule {
    /// One more line, beside others of the name.
    Add {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// This line in place of all of the name.
    Set {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// No line of the name.
    Remove {
        /// Its name.
        name: String,
    },
}

impl HeaderRule {
    /// The name of its header.
    pub fn name(&self) -> &str {
        match self {
            Self::Add { name, .. } | Self::Set { name, .. } | Self::Remove { name } => name,
        }
    }

    /// What the line says; `None` for one that is removed.
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::Add { value, .. } | Self::Set { value, .. } => Some(value),
            Self::Remove { .. } => None,
        }
    }
}

impl Trunk {
    /// A number that came by this trunk, the caller's or the called one, as this house writes it.
    pub fn number_in(&self, number: &str) -> String {
        rewrite(&self.numbers_in, number)
    }

    /// A number to be called by this trunk, as its carrier writes it.
    pub fn number_out(&self, number: &str) -> String {
        rewrite(&self.numbers_out, number)
    }

    /// How a carrier could read a number that is written without its country code here: with and without what is put before it.
    /// Empty when the country code is there.
    pub fn national_forms(&self, number: &str) -> Vec<String> {
        let rule = self.numbers_out.iter().find(|rule| rule.apply(number).is_some());
        let Some(rule) = rule.filter(|rule| rule.strip > 1 && number.starts_with('+')) else { return Vec::new() };
        let rest = usize::try_from(rule.strip).ok().and_then(|strip| number.get(strip..)).unwrap_or_default();
        let written = Some(self.number_out(number)).filter(|written| !written.ends_with(number.trim_start_matches('+')));
        written.into_iter().chain([rest.to_owned()]).collect()
    }

    /// What a called party is shown of this number of ours, as its carrier writes it; `None` withholds it.
    pub fn caller_out(&self, ours: Option<&str>) -> Option<String> {
        let rules = if self.numbers_shown.is_empty() { &self.numbers_out } else { &self.numbers_shown };
        self.caller_shown(ours).map(|number| rewrite(rules, number))
    }

    /// The same as this house writes it.
    pub fn caller_shown<'a>(&'a self, ours: Option<&'a str>) -> Option<&'a str> {
        self.caller.shown(ours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(pattern: &str, strip: i64, prepend: &str) -> NumberRule {
        NumberRule { pattern: pattern.into(), strip, prepend: prepend.into() }
    }

    #[test]
    fn the_first_rule_that_fits_rewrites_and_a_number_that_none_fits_stays() {
        let out = [rule("+34XXXXXXXXX", 3, ""), rule("+.", 1, "00"), rule("112", 0, "9")];
        for (number, written) in [
            ("+34911222333", "911222333"),
            ("+15551234567", "0015551234567"),
            ("112", "9112"),
            ("+3491122233", "003491122233"),
            ("061", "061"),
            ("+", "+"),
            ("añb", "añb"),
        ] {
            assert_eq!(rewrite(&out, number), written, "{number}");
        }
        let in_ = [rule("00.", 2, "+"), rule("XXXXXXXXX", 0, "+34")];
        assert_eq!(rewrite(&in_, "0034911222333"), "+34911222333");
        assert_eq!(rewrite(&in_, "911222333"), "+34911222333");
        assert_eq!(rule("X.", 9, "").apply("123"), None, "more is taken off than there is");
    }

    #[test]
    fn a_number_that_may_not_be_shown_gives_way_to_the_default_or_to_none() {
        let rules = |default: Option<&str>, allowed: &[&str], is_withheld| CallerRules {
            default: default.map(Into::into),
            allowed: allowed.iter().map(|text| (*text).to_owned()).collect(),
            is_withheld,
        };
        let ours = Some("+34911000001");
        assert_eq!(rules(None, &[], false).shown(ours), ours);
        assert_eq!(rules(Some("+34911"), &["+34922"], false).shown(ours), Some("+34911"));
        assert_eq!(rules(None, &["+34911"], false).shown(ours), ours);
        assert_eq!(rules(None, &["+34922"], false).shown(ours), None);
        assert_eq!(rules(Some("+34911"), &[], false).shown(None), Some("+34911"));
        assert_eq!(rules(Some("+34911"), &[], true).shown(ours), None);
    }
}
