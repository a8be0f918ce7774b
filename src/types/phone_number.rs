//! Telephone numbers as E.164: the one form in which they are stored and compared.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// Digits in an E.164 number, country code included (ITU-T E.164 6.2: at most 15).
const DIGITS_MAX: usize = 15;
/// Shorter digit strings are extensions or service numbers, not subscribers.
const DIGITS_MIN: usize = 7;

/// Why a text is not a telephone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidPhoneNumber {
    /// Letters or signs that no number has.
    Character(char),
    /// Fewer than 7 digits.
    TooShort,
    /// More than 15 digits.
    TooLong,
}

impl fmt::Display for InvalidPhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character(c) => write!(f, "{c:?} does not belong in a telephone number; use digits, +, spaces, - ( ) . /"),
            Self::TooShort => write!(f, "a telephone number has at least {DIGITS_MIN} digits"),
            Self::TooLong => write!(f, "a telephone number has at most {DIGITS_MAX} digits (E.164)"),
        }
    }
}

impl std::error::Error for InvalidPhoneNumber {}

/// A telephone number in E.164 form, `+` and 7 to 15 digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(Arc<str>);

impl PhoneNumber {
    /// Reads what people and carriers write: `+34 911 000 001`, `0034911000001`, or a national number, which gets
    /// `country_code` (digits without `+`, for example `"34"`) in front after its trunk zero is taken off.
    pub fn parse(text: &str, country_code: &str) -> Result<Self, InvalidPhoneNumber> {
        let text = text.trim();
        let is_international = text.starts_with('+');
        let mut digits = String::with_capacity(text.len());
        for c in text.strip_prefix('+').unwrap_or(text).chars() {
            match c {
                '0'..='9' => digits.push(c),
                ' ' | '\u{a0}' | '-' | '(' | ')' | '.' | '/' => {}
                other => return Err(InvalidPhoneNumber::Character(other)),
            }
            if digits.len() > DIGITS_MAX + 2 {
                return Err(InvalidPhoneNumber::TooLong);
            }
        }
        let subscriber = if is_international {
            digits
        } else if let Some(rest) = digits.strip_prefix("00") {
            rest.to_owned()
        } else {
            if digits.len() < DIGITS_MIN {
                return Err(InvalidPhoneNumber::TooShort);
            }
            format!("{country_code}{}", digits.strip_prefix('0').unwrap_or(&digits))
        };
        match subscriber.len() {
            n if n < DIGITS_MIN => Err(InvalidPhoneNumber::TooShort),
            n if n > DIGITS_MAX => Err(InvalidPhoneNumber::TooLong),
            _ => Ok(Self(format!("+{subscriber}").into())),
        }
    }

    /// `+` and digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits from the last to the first, for an index that finds numbers by their end.
    pub fn reversed_digits(&self) -> String {
        self.0.chars().rev().filter(char::is_ascii_digit).collect()
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PhoneNumber {
    /// Only the last two digits: numbers are personal data and debug output lands in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber(…{})", &self.0[self.0.len().saturating_sub(2)..])
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = InvalidPhoneNumber;
    /// Only the stored form, `+` and digits.
    fn try_from(text: String) -> Result<Self, InvalidPhoneNumber> {
        if text.starts_with('+') {
            Self::parse(&text, "")
        } else {
            Err(InvalidPhoneNumber::Character(text.chars().next().unwrap_or(' ')))
        }
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> String {
        number.0.as_ref().to_owned()
    }
}

impl utoipa::PartialSchema for PhoneNumber {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}
impl utoipa::ToSchema for PhoneNumber {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_becomes_one_form() {
        for text in ["+34 911 000 001", "0034911000001", "911-000-001", "(911) 000.001"] {
            assert_eq!(PhoneNumber::parse(text, "34").map(|n| n.to_string()), Ok("+34911000001".into()), "{text}");
        }
        assert_eq!(PhoneNumber::parse("030 901820", "49").map(|n| n.to_string()), Ok("+4930901820".into()));
    }

    #[test]
    fn what_is_no_number_says_why() {
        assert_eq!(PhoneNumber::parse("anonymous", "34"), Err(InvalidPhoneNumber::Character('a')));
        assert_eq!(PhoneNumber::parse("1001", "34"), Err(InvalidPhoneNumber::TooShort));
        assert_eq!(PhoneNumber::parse("+1234567890123456", "34"), Err(InvalidPhoneNumber::TooLong));
    }
}
