//! Who calls, out of what the wire shows: a number in E.164, an extension, a name, or nothing. What callers write about
//! themselves is cut to length and freed of control characters before anyone sees it.

use crate::{domain::centre::CallerLine, protocol::sip::CallSource, types::PhoneNumber};

/// Characters of a caller's own words that are kept.
const LABEL_CHARS_MAX: usize = 64;
/// User parts that carriers and exchanges write for "withheld" (RFC 3323 names the first).
const WITHHELD: [&str; 6] = ["anonymous", "restricted", "unavailable", "unknown", "private", "withheld"];

/// The caller's line. `country_code` goes before national numbers.
pub(super) fn caller_line(source: &CallSource, user: Option<&str>, name: Option<&str>, country_code: &str) -> CallerLine {
    let (trunk, phone) = match source {
        CallSource::Trunk(trunk) => (Some(trunk.clone()), None),
        CallSource::Phone(account) => (None, Some(account.clone())),
    };
    // Parameters may hang on the user part: `+34911…;cpc=ordinary` (RFC 3966).
    let user = user.map(|user| user.split(';').next().unwrap_or_default().trim()).filter(|user| !user.is_empty());
    let is_withheld = user.is_none_or(|user| WITHHELD.iter().any(|word| user.eq_ignore_ascii_case(word)));
    if is_withheld {
        return CallerLine { is_withheld, trunk, phone, ..CallerLine::default() };
    }
    let number = user.and_then(|user| PhoneNumber::parse(user, country_code).ok());
    let name = name.map(clean).filter(|name| !name.is_empty());
    // Without a number the extension is what people recognise; the name comes with it.
    let label = match (&number, user, name) {
        (Some(_), _, name) => name,
        (None, Some(user), Some(name)) if name != user => Some(clean(&format!("{name} ({user})"))),
        (None, user, _) => user.map(clean).filter(|user| !user.is_empty()),
    };
    CallerLine { number, label, is_withheld, trunk, phone, ..CallerLine::default() }
}

fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LABEL_CHARS_MAX).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trunk() -> CallSource {
        CallSource::Trunk("carrier".parse().unwrap())
    }

    #[test]
    fn a_number_in_any_spelling_is_e164_and_the_name_is_the_label() {
        for user in ["+34911000001", "0034911000001", "911000001", "+34911000001;cpc=ordinary"] {
            let line = caller_line(&trunk(), Some(user), Some("Ana\u{7}  "), "34");
            assert_eq!(line.number.map(String::from).as_deref(), Some("+34911000001"), "{user}");
            assert_eq!((line.label.as_deref(), line.is_withheld), (Some("Ana"), false));
        }
    }

    #[test]
    fn an_extension_is_a_label_and_a_withheld_number_is_nothing() {
        let line = caller_line(&CallSource::Phone("101".into()), Some("101"), Some("Desk"), "34");
        assert_eq!((line.number, line.label.as_deref(), line.phone.as_deref()), (None, Some("Desk (101)"), Some("101")));
        for user in [None, Some("Anonymous"), Some("")] {
            let line = caller_line(&trunk(), user, Some("Anonymous"), "34");
            assert!(line.is_withheld && line.number.is_none() && line.label.is_none(), "{user:?}");
        }
        let long = caller_line(&trunk(), Some(&"x".repeat(500)), None, "34");
        assert_eq!(long.label.map(|label| label.len()), Some(LABEL_CHARS_MAX));
    }
}
