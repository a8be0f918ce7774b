//! Who may dial what outside, decided before a call leaves the house: numbers by their beginning, denied unless allowed; lines at a
//! time and calls a day; hours. A password that was guessed must not cost a fortune.

use super::dial::SERVICE_DIGITS_MAX;
use crate::{
    domain::directory::{DiallingRules, Directory},
    types::TrunkId,
};

/// Numbers that any telephone may call at any time, whatever the rules say (3GPP TS 22.101 10.1.1).
const EMERGENCY: [&str; 2] = ["112", "911"];

/// Country codes of more countries than one: what begins with them may be abroad, and dear (ITU-T E.164 6.2.1).
const SHARED_COUNTRY_CODES: [&str; 2] = ["1", "7"];

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

/// Whether this number, as typed, calls for help: it goes whatever the rules, the routes and the limits say.
pub fn is_emergency(number: &str) -> bool {
    EMERGENCY.contains(&number)
}

/// What an agent has made of it so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dialled {
    /// Lines out now.
    pub now: i64,
    /// Calls out today.
    pub today: i64,
}

/// Whether `number` (E.164, or a service number as typed) may be dialled by these trunks. `is_open` says whether the rules' calendar
/// is.
pub fn may_dial(
    directory: &Directory,
    number: &str,
    ways: &[TrunkId],
    dialled: Dialled,
    is_open: bool,
) -> Result<(), DiallingProblem> {
    let rules = &directory.centre.dialling;
    let is_allowed = |number: &str| is_number_allowed(rules, &directory.centre.country_code, number);
    if is_emergency(number) {
        Ok(())
    } else if !is_allowed(number) || !readings(directory, number, ways).all(|reading| is_allowed(&reading)) {
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

/// The international numbers for which the carriers of these trunks could take `number`, as it is written there: zeros behind the
/// country code are an international prefix once the country code is taken off.
fn readings(directory: &Directory, number: &str, ways: &[TrunkId]) -> impl Iterator<Item = String> {
    let prefix = international_prefix(&directory.centre.country_code);
    let trunks = ways.iter().filter_map(|way| directory.trunks.get(way));
    let forms = trunks.flat_map(move |trunk| trunk.national_forms(number));
    forms.filter_map(move |form| {
        let abroad = ["+", "00", prefix].into_iter().find_map(|prefix| form.strip_prefix(prefix))?;
        Some(format!("+{abroad}"))
    })
}

/// What is dialled before numbers of other countries (ITU-T E.164 7.3.2, where most follow its advice).
fn international_prefix(country_code: &str) -> &'static str {
    match country_code {
        "1" => "011",
        "7" => "810",
        _ => "00",
    }
}

/// The longest beginning decides; of equals, the denied one. With no beginning allowed by name, the own country and service numbers
/// are, or service numbers only where other countries have the same code. A denied beginning fits as well when a trunk zero was left behind the own country code.
fn is_number_allowed(rules: &DiallingRules, country_code: &str, number: &str) -> bool {
    let longest = |begins: &[String], number: &str| {
        begins.iter().filter(|begin| number.starts_with(begin.as_str())).map(String::len).max()
    };
    let is_service = number.len() <= SERVICE_DIGITS_MAX && number.bytes().all(|b| b.is_ascii_digit());
    let national = number.strip_prefix('+').and_then(|digits| digits.strip_prefix(country_code));
    let is_home = || is_service || (national.is_some() && !SHARED_COUNTRY_CODES.contains(&country_code));
    let bare = national.map(|national| format!("+{country_code}{}", national.trim_start_matches('0')));
    let allowed = if rules.allowed.is_empty() { is_home().then_some(0) } else { longest(&rules.allowed, number) };
    let denied = longest(&rules.denied, number).max(bare.and_then(|bare| longest(&rules.denied, &bare)));
    allowed.is_some_and(|allowed| denied.is_none_or(|denied| denied < allowed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::directory::{Centre, NumberRule, Trunk};

    fn directory(allowed: &[&str], denied: &[&str]) -> Directory {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let dialling = DiallingRules { allowed: texts(allowed), denied: texts(denied), ..DiallingRules::default() };
        Directory { centre: Centre { dialling, ..Centre::default() }, ..Directory::default() }
    }

    fn is_allowed(directory: &Directory, number: &str) -> bool {
        may_dial(directory, number, &[], Dialled::default(), true).is_ok()
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
    fn a_country_code_that_other_countries_share_is_no_home() {
        for (country_code, number) in [("1", "+18765551234"), ("1", "+12125551234"), ("7", "+77012345678")] {
            let mut directory = directory(&[], &[]);
            directory.centre.country_code = country_code.into();
            assert!(!is_allowed(&directory, number) && is_allowed(&directory, "411"), "{number}");
            directory.centre.dialling.allowed = vec![number.get(..5).unwrap().into()];
            assert!(is_allowed(&directory, number), "{number}");
        }
    }

    #[test]
    fn zeros_behind_the_country_code_lead_neither_abroad_nor_past_what_is_denied() {
        let is_allowed_by = |country_code: &str, allowed: &[&str], prepend: &str, number: &str| {
            let mut directory = directory(allowed, &["+49900"]);
            directory.centre.country_code = country_code.into();
            let pattern = format!("+{country_code}.");
            let strip = i64::try_from(country_code.len()).unwrap() + 1;
            let numbers_out = vec![NumberRule { pattern, strip, prepend: prepend.into() }];
            let trunk = Trunk { numbers_out, ..Trunk::new("carrier".parse().unwrap(), "Carrier") };
            let way = trunk.id.clone();
            directory.trunks.insert(way.clone(), trunk);
            may_dial(&directory, number, &[way], Dialled::default(), true).is_ok()
        };
        for (country_code, allowed, prepend, number, may) in [
            ("34", &[][..], "", "+340015551234567", false),
            ("34", &[], "9", "+340015551234567", false),
            ("34", &["+34", "+1"], "", "+340015551234567", true),
            ("34", &[], "", "+34911222333", true),
            ("34", &["+34911"], "34", "+34911222333", true),
            ("49", &[], "0", "+49015551234567", false),
            ("49", &[], "0", "+4930901820", true),
            ("49", &[], "0", "+490900123456", false),
            ("39", &["+3906"], "", "+390612345678", true),
            ("1", &["+1"], "", "+1011442012345678", false),
            ("1", &["+1555"], "1", "+15551234567", true),
        ] {
            assert_eq!(is_allowed_by(country_code, allowed, prepend, number), may, "{number} with {prepend:?}");
        }
    }

    #[test]
    fn limits_and_hours_hold_for_everything_but_an_emergency() {
        let directory = directory(&[], &["+", "1"]);
        for number in EMERGENCY {
            let busy = Dialled { now: 1_000, today: 1_000_000 };
            assert_eq!(may_dial(&directory, number, &[], busy, false), Ok(()));
        }
        let directory = self::directory(&[], &[]);
        let rules = &directory.centre.dialling;
        let (many, full) = (Dialled { now: rules.calls_max, today: 0 }, Dialled { now: 0, today: rules.calls_per_day_max });
        let said = |number: &str, dialled, is_open| may_dial(&directory, number, &[], dialled, is_open).err();
        assert_eq!(said("+34911222333", many, true), Some(DiallingProblem::TooManyAtOnce));
        assert_eq!(said("+34911222333", full, true), Some(DiallingProblem::TooManyToday));
        assert_eq!(said("+34911222333", Dialled::default(), false), Some(DiallingProblem::Closed));
        assert_eq!(said("061", Dialled::default(), true), None);
    }
}
