//! What makes a route for calls out wrong, a trunk's rules for numbers, callers, headers and audio, or what may be dialled.

use std::collections::BTreeSet;

use super::{FlowNames, checks::shared_prompt};
use crate::{
    app::field_problem::{Flaw, Problems},
    domain::directory::{
        AnswerRules, DiallingRules, Directory, HeaderRule, NumberRule, OutboundRoute, RecordingPolicy, RecordingRules,
        TRUNK_CODECS, Thing, Trunk,
    },
    protocol::sip::{is_structural_header, is_token},
    types::AnswerDetectFault,
};

/// Entries of a list, such as the trunks of a route.
const ENTRIES_MAX: usize = 50;
const COST_MAX: i64 = 1_000_000;
const WEIGHT_MAX: i64 = 100;
const CALLS_PER_SEC_MAX: i64 = 1_000;
/// Messages that agents may leave on machines.
const MESSAGES_MAX: usize = 20;
const LINES_MAX: i64 = 100;
const PAUSE_SECS_MAX: i64 = 3_600;
const KEEP_DAYS_MAX: i64 = 3_650;
const CALLS_PER_DAY_MAX: i64 = 100_000;
const PATTERN_CHARS_MAX: usize = 20;
const PREPENDED_CHARS_MAX: usize = 15;
const HEADER_NAME_CHARS_MAX: usize = 60;
const HEADER_CHARS_MAX: i64 = 200;

pub(super) fn route(route: &OutboundRoute, directory: &Directory, problems: &mut Problems) {
    problems.name("name", &route.name);
    if !route.prefix.is_empty() {
        prefix("prefix", &route.prefix, problems);
    }
    let other = directory.outbound_routes.values().find(|other| other.id != route.id && other.prefix == route.prefix);
    if let Some(other) = other {
        problems.add("prefix", Flaw::TakenBy { thing: Thing::OutboundRoute, key: other.id.to_string() });
    }
    problems.unless(!route.trunks.is_empty(), "trunks", Flaw::Empty);
    few("trunks", route.trunks.len(), problems);
    let mut seen = BTreeSet::new();
    for (index, one) in route.trunks.iter().enumerate() {
        let field = format!("trunks[{index}].trunk");
        match directory.trunks.get(&one.trunk) {
            None => problems.add(&field, Flaw::unknown(Thing::Trunk, &one.trunk)),
            Some(trunk) => problems.unless(trunk.peer.is_some(), &field, Flaw::TrunkWithoutPeer),
        }
        problems.unless(seen.insert(&one.trunk), &field, Flaw::Repeated);
        problems.within(&format!("trunks[{index}].cost"), one.cost, 0, COST_MAX);
        problems.within(&format!("trunks[{index}].weight"), one.weight, 1, WEIGHT_MAX);
    }
}

/// What may be dialled outside.
pub(super) fn dialling(rules: &DiallingRules, directory: &Directory, problems: &mut Problems) {
    for (field, begins) in [("dialling.allowed", &rules.allowed), ("dialling.denied", &rules.denied)] {
        few(field, begins.len(), problems);
        for (index, text) in begins.iter().enumerate() {
            prefix(&format!("{field}[{index}]"), text, problems);
        }
    }
    problems.within("dialling.calls_max", rules.calls_max, 1, LINES_MAX);
    problems.within("dialling.calls_per_day_max", rules.calls_per_day_max, 1, CALLS_PER_DAY_MAX);
    if let Some(calendar) = rules.calendar.as_ref().filter(|id| !directory.calendars.contains_key(*id)) {
        problems.add("dialling.calendar", Flaw::unknown(Thing::Calendar, calendar));
    }
}

/// Which calls the centre records, and what becomes of recordings.
pub(super) fn recording(rules: &RecordingRules, problems: &mut Problems) {
    recorded("recording.inbound", rules.inbound, problems);
    recorded("recording.outbound", rules.outbound, problems);
    problems.within("recording.pause_secs_max", rules.pause_secs_max, 10, PAUSE_SECS_MAX);
    problems.within("recording.keep_days", rules.keep_days, 1, KEEP_DAYS_MAX);
}

/// Whether it is found out who answers, by which limits, and what may be left on a machine.
pub(super) fn answers(rules: &AnswerRules, flows: Option<&FlowNames>, problems: &mut Problems) {
    if let Err(AnswerDetectFault { field, value, allowed }) = rules.limits.check() {
        let whole = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
        let flaw = Flaw::OutOfRange { value: whole(value), least: whole(*allowed.start()), most: whole(*allowed.end()) };
        problems.add(format!("answer_detection.limits.{field}"), flaw);
    }
    let most = i64::try_from(MESSAGES_MAX).unwrap_or(i64::MAX);
    problems.unless(rules.messages.len() <= MESSAGES_MAX, "answer_detection.messages", Flaw::TooMany { most });
    let mut seen = BTreeSet::new();
    for (index, prompt) in rules.messages.iter().enumerate() {
        let field = format!("answer_detection.messages[{index}]");
        problems.unless(seen.insert(prompt), &field, Flaw::Repeated);
        shared_prompt(field, prompt, flows, problems);
    }
}

/// Which calls are recorded.
pub(super) fn recorded(field: &str, policy: RecordingPolicy, problems: &mut Problems) {
    if let RecordingPolicy::Percent { percent } = policy {
        problems.within(&format!("{field}.percent"), percent, 1, 99);
    }
}

/// What of a trunk is about the calls by it.
pub(super) fn trunk(trunk: &Trunk, problems: &mut Problems) {
    if let Some(per_sec) = trunk.calls_per_sec {
        problems.within("calls_per_sec", per_sec, 1, CALLS_PER_SEC_MAX);
    }
    let mut seen = BTreeSet::new();
    for (index, codec) in trunk.codecs.iter().enumerate() {
        let field = format!("codecs[{index}]");
        problems.one_of(&field, codec, &TRUNK_CODECS);
        problems.unless(seen.insert(codec), &field, Flaw::Repeated);
    }
    numbers("numbers_in", &trunk.numbers_in, problems);
    numbers("numbers_out", &trunk.numbers_out, problems);
    numbers("numbers_shown", &trunk.numbers_shown, problems);
    if let Some(default) = &trunk.caller.default {
        prefix("caller.default", default, problems);
    }
    few("caller.allowed", trunk.caller.allowed.len(), problems);
    for (index, text) in trunk.caller.allowed.iter().enumerate() {
        prefix(&format!("caller.allowed[{index}]"), text, problems);
    }
    few("headers", trunk.headers.len(), problems);
    for (index, rule) in trunk.headers.iter().enumerate() {
        header(&format!("headers[{index}]"), rule, problems);
    }
}

fn numbers(field: &str, rules: &[NumberRule], problems: &mut Problems) {
    few(field, rules.len(), problems);
    for (index, rule) in rules.iter().enumerate() {
        let begin = rule.pattern.strip_suffix('.').unwrap_or(&rule.pattern);
        let is_key = |b: u8| b.is_ascii_digit() || matches!(b, b'+' | b'*' | b'#');
        let is_pattern = (1..=PATTERN_CHARS_MAX).contains(&rule.pattern.len()) && begin.bytes().all(|b| is_key(b) || b == b'X');
        problems.unless(is_pattern, &format!("{field}[{index}].pattern"), Flaw::NotAPattern);
        // More than the pattern is sure to have cannot be taken off.
        let most = i64::try_from(begin.len()).unwrap_or(0);
        problems.within(&format!("{field}[{index}].strip"), rule.strip, 0, most);
        let is_prepended = rule.prepend.len() <= PREPENDED_CHARS_MAX && rule.prepend.bytes().all(is_key);
        problems.unless(is_prepended, &format!("{field}[{index}].prepend"), Flaw::NotAPrefix);
    }
}

fn header(field: &str, rule: &HeaderRule, problems: &mut Problems) {
    let name = rule.name();
    let name_field = format!("{field}.name");
    if !is_token(name) || name.len() > HEADER_NAME_CHARS_MAX {
        problems.add(&name_field, Flaw::NotAHeader);
    } else if is_structural_header(name) {
        problems.add(&name_field, Flaw::StructuralHeader { name: name.to_owned() });
    }
    if let Some(value) = rule.value() {
        problems.length(&format!("{field}.value"), value, 1, HEADER_CHARS_MAX);
        problems.unless(!value.chars().any(char::is_control), &format!("{field}.value"), Flaw::ControlCharacters);
    }
}

/// What a number begins with: digits, with or without `+`.
fn prefix(field: &str, text: &str, problems: &mut Problems) {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_prefix = (1..=16).contains(&text.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    problems.unless(is_prefix, field, Flaw::NotAPrefix);
}

fn few(field: &str, count: usize, problems: &mut Problems) {
    let most = i64::try_from(ENTRIES_MAX).unwrap_or(i64::MAX);
    problems.unless(count <= ENTRIES_MAX, field, Flaw::TooMany { most });
}
