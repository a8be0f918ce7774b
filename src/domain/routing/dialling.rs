//! Who may dial what outside, decided before a call leaves the house: numbers by their beginning, denied unless allowed; lines at a
//! time and calls a day; hours. A password that was guessed must not cost a fortune.

use super::dial::SERVICE_DIGITS_MAX;
use crate::domain::directory::{DiallingRules, Directory};

/// Numbers that any telephone may call at any time, whatever the rules say (3GPP TS 22.101 10.1.1).
const EMERGENCY: [&str; 2] = ["112", "911"];

/// Why a number may not be dialled now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiallingProblem {
    /// No allowed beginning fits, or a denied one is as long or longer.
    NotAllowed,
    /// The agent has as many lines out as allowed at a time.
    TooManyAtOnce,
    /// The agent has made as many calls out as allowed a day.
    TooManyToday,
    /// Not at this hour.
    Closed,
}

/// What an agent has made of it so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dialled {
    /// Lines out now.
    pub now: i64,
    /// Calls out today.
    pub today: i64,
}

/// Whether `number` (E.164, or a service number as typed) may be dialled. `is_open` says whether the rules' calendar is.
pub fn may_dial(directory: &Directory, number: &str, dialled: Dialled, is_open: bool) -> Result<(), DiallingProblem> {
    let rules = &directory.centre.dialling;
    if EMERGENCY.contains(&number) {
        Ok(())
    } else if !is_number_allowed(rules, &directory.centre.country_code, number) {
        Err(DiallingProblem::NotAllowed)
    } else if !is_open {
        Err(DiallingProblem::Closed)
    } else if dialled.now >= rules.calls_max {
        Err(DiallingProblem::TooManyAtOnce)
    } else if dialled.today >= rules.calls_per_day_max {
        Err(DiallingProblem::TooManyToday)
    } else {
        Ok(())
    }
}

/// The longest beginning decides; of equals, the denied one. With no beginning allowed by name, the own country and service numbers
/// are.
fn is_number_allowed(rules: &DiallingRules, country_code: &str, number: &str) -> bool {
    let longest = |begins: &[String]| begins.iter().filter(|begin| number.starts_with(begin.as_str())).map(String::len).max();
    let is_service = number.len() <= SERVICE_DIGITS_MAX && number.bytes().all(|b| b.is_ascii_digit());
    let is_home = || is_service || number.strip_prefix('+').is_some_and(|digits| digits.starts_with(country_code));
    let allowed = if rules.allowed.is_empty() { is_home().then_some(0) } else { longest(&rules.allowed) };
    allowed.is_some_and(|allowed| longest(&rules.denied).is_none_or(|denied| denied < allowed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::directory::Centre;

    fn directory(allowed: &[&str], denied: &[&str]) -> Directory {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let dialling = DiallingRules { allowed: texts(allowed), denied: texts(denied), ..DiallingRules::default() };
        Directory { centre: Centre { dialling, ..Centre::default() }, ..Directory::default() }
    }

    fn is_allowed(directory: &Directory, number: &str) -> bool {
        may_dial(directory, number, Dialled::default(), true).is_ok()
    }

    #[test]
    fn nothing_abroad_is_allowed_until_somebody_says_so_and_the_longest_beginning_decides() {
        let home = directory(&[], &["+34806", "118"]);
        for (number, may) in [
            ("+34911222333", true),
            ("061", true),
            ("+34806123456", false),
            ("11888", false),
            ("+15551234567", false),
            ("+3", false),
        ] {
            assert_eq!(is_allowed(&home, number), may, "{number}");
        }
        let listed = directory(&["+34", "+1", "+348061"], &["+1900", "+34806", "+348061"]);
        for (number, may) in [
            ("+34911222333", true),
            ("+15551234567", true),
            ("+19005551234", false),
            ("+34806123456", false),
            ("+34806223456", false),
            ("112", true),
            ("061", false),
            ("+4420", false),
        ] {
            assert_eq!(is_allowed(&listed, number), may, "{number}");
        }
    }

    #[test]
    fn limits_and_hours_hold_for_everything_but_an_emergency() {
        let directory = directory(&[], &["+", "1"]);
        for number in EMERGENCY {
            let busy = Dialled { now: 1_000, today: 1_000_000 };
            assert_eq!(may_dial(&directory, number, busy, false), Ok(()));
        }
        let directory = self::directory(&[], &[]);
        let rules = &directory.centre.dialling;
        let (many, full) = (Dialled { now: rules.calls_max, today: 0 }, Dialled { now: 0, today: rules.calls_per_day_max });
        let said = |number: &str, dialled, is_open| may_dial(&directory, number, dialled, is_open).err();
        assert_eq!(said("+34911222333", many, true), Some(DiallingProblem::TooManyAtOnce));
        assert_eq!(said("+34911222333", full, true), Some(DiallingProblem::TooManyToday));
        assert_eq!(said("+34911222333", Dialled::default(), false), Some(DiallingProblem::Closed));
        assert_eq!(said("061", Dialled::default(), true), None);
    }
}
