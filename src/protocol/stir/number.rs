//! Numbers as statements about callers name them (RFC 8224 8.3): digits alone, the country code before a national number.

use crate::types::PhoneNumber;

/// The canonical form of a user part: an E.164 number without its `+`; digits that are none (an extension, a service number) as
/// they stand. `None` for what is no number.
pub fn canonical(user: &str, country_code: &str) -> Option<String> {
    // RFC 3966: parameters may hang on the number.
    let number = user.split(';').next().unwrap_or("").trim();
    if let Ok(number) = PhoneNumber::parse(number, country_code) {
        return Some(number.as_str().trim_start_matches('+').to_owned());
    }
    let is_plain = (1..=15).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'*' | b'#'));
    is_plain.then(|| number.to_owned())
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn every_spelling_of_a_number_is_one_row_of_digits() {
        for (user, expected) in [
            ("+34911000001", Some("34911000001")),
            ("0034911000001", Some("34911000001")),
            ("911 000 001", Some("34911000001")),
            ("+34911000001;verstat=TN-Validation-Passed", Some("34911000001")),
            ("1001", Some("1001")),
            ("*21#", Some("*21#")),
            ("ana", None),
            ("", None),
        ] {
            assert_eq!(canonical(user, "34").as_deref(), expected, "{user}");
        }
    }
}
