//! What makes an entry wrong. Each check notes everything that it finds, with the mend.

use std::collections::{BTreeMap, BTreeSet};

use super::FlowNames;
use crate::{
    app::field_problem::Problems,
    domain::{
        calendar::Calendar,
        directory::{
            AgentProfile, CalendarSource, Centre, Device, Directory, Disposition, Number, NumberTarget, PauseReason, Phone,
            Prefix, Queue, QueueExit, Trunk, WrapUp,
        },
        ticket::TicketType,
    },
    types::QueueId,
};

/// Levels of a disposition tree.
const DEPTH_MAX: usize = 8;
const SCRIPT_CHARS_MAX: usize = 10_000;
/// Reasons that the floor itself sets.
const RESERVED_REASONS: [&str; 2] = ["missed", "device"];

pub(super) fn queue(queue: &Queue, directory: &Directory, problems: &mut Problems) {
    problems.name("name", &queue.name);
    let mut seen = BTreeSet::new();
    for (index, need) in queue.skills.iter().enumerate() {
        let field = format!("skills[{index}]");
        if !directory.skills.contains_key(&need.skill) {
            problems.add(format!("{field}.skill"), format!("there is no skill {}", need.skill), "Make the skill first");
        }
        problems.within(&format!("{field}.level"), need.level, 1, 10);
        problems.unless(seen.insert(&need.skill), &field, "named twice", "Name each skill once");
    }
    problems.within("priority", queue.priority, -100, 100);
    problems.within("ring_secs", queue.ring_secs, 5, 120);
    problems.within("waiting_max", queue.waiting_max, 1, 10_000);
    problems.within("wait_secs_max", queue.wait_secs_max, 10, 86_400);
    problems.within("service_level_secs", queue.service_level_secs, 1, 3_600);
    problems.within("service_level_percent", queue.service_level_percent, 1, 100);
    problems.within("short_abandon_secs", queue.short_abandon_secs, 0, 120);
    if queue.position_every_secs != 0 {
        problems.within("position_every_secs", queue.position_every_secs, 10, 600);
    }
    if let Some(calendar) = queue.calendar.as_ref().filter(|id| !directory.calendars.contains_key(*id)) {
        problems.add(
            "calendar",
            format!("there is no calendar {calendar}"),
            "Make the calendar first, or none for always open",
        );
    }
    match queue.wrap_up {
        WrapUp::None => {}
        WrapUp::Timed { secs } | WrapUp::UntilDisposition { secs } => problems.within("wrap_up.secs", secs, 5, 3_600),
    }
    for (field, exit) in exits(queue) {
        queue_exit(queue, field, exit, directory, problems);
    }
    for (index, id) in queue.dispositions.iter().enumerate() {
        if !directory.dispositions.contains_key(id) {
            problems.add(format!("dispositions[{index}]"), format!("there is no disposition {id}"), "Make it first");
        }
    }
    let is_type = serde_json::from_value::<TicketType>(serde_json::Value::String(queue.ticket_type.clone())).is_ok();
    problems.unless(
        is_type,
        "ticket_type",
        "not a type of ticket",
        "Use request, complaint, return, enquiry, incident, suggestion or callback",
    );
    caller_number("caller_number", queue.caller_number.as_deref(), problems);
    for (language, text) in &queue.script {
        let field = format!("script.{language}");
        problems.unless(is_language(language), &field, "not a language of the console", "Use es or en");
        problems.unless(text.chars().count() <= SCRIPT_CHARS_MAX, &field, "too long", "Write at most 10,000 characters");
    }
}

/// The branches of a queue by their fields' names.
pub(super) fn exits(queue: &Queue) -> impl Iterator<Item = (&'static str, &QueueExit)> {
    [
        ("on_no_agents", &queue.on_no_agents),
        ("on_max_wait", &queue.on_max_wait),
        ("on_full", &queue.on_full),
        ("on_closed", &queue.on_closed),
    ]
    .into_iter()
}

fn queue_exit(queue: &Queue, field: &'static str, exit: &QueueExit, directory: &Directory, problems: &mut Problems) {
    match exit {
        QueueExit::Wait => {
            let can_wait = !matches!(field, "on_full" | "on_closed");
            problems.unless(can_wait, field, "nobody can wait then", "Use a message, another queue, or a callback");
        }
        QueueExit::Message { prompt } => {
            let is_prompt = !prompt.is_empty()
                && prompt.len() <= 100
                && prompt.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'/'));
            problems.unless(is_prompt, &format!("{field}.prompt"), "not the name of a prompt", "Use one such as queue-closed");
        }
        QueueExit::Queue { queue: next } => {
            if !directory.queues.contains_key(next) {
                problems.add(format!("{field}.queue"), format!("there is no queue {next}"), "Make the queue first");
            } else if comes_back(&queue.id, next, field, directory) {
                problems.add(
                    format!("{field}.queue"),
                    "callers would be sent round in a circle",
                    "End the chain with a message or a callback",
                );
            }
        }
        QueueExit::Callback => {}
    }
}

/// Whether the same branch of the queues from `next` on leads back to where the caller was.
fn comes_back(start: &QueueId, next: &QueueId, field: &str, directory: &Directory) -> bool {
    let mut passed = BTreeSet::from([start]);
    let mut here = next;
    while passed.insert(here) {
        let exit = directory.queues.get(here).and_then(|queue| exits(queue).find(|(name, _)| *name == field));
        match exit {
            Some((_, QueueExit::Queue { queue })) => here = queue,
            _ => return false,
        }
    }
    true
}

pub(super) fn agent(agent: &AgentProfile, directory: &Directory, problems: &mut Problems) {
    problems.name("name", &agent.name);
    for (skill, level) in &agent.skills {
        let field = format!("skills.{skill}");
        problems.unless(directory.skills.contains_key(skill), &field, "no such skill", "Make the skill first");
        problems.within(&field, *level, 1, 10);
    }
    match &agent.phone {
        Some(account) => {
            let is_known = directory.phones.contains_key(account.as_str());
            problems.unless(is_known, "phone", "no such SIP phone", "Make the phone first, or none");
            let owner = directory.agents.values().find(|other| other.id != agent.id && other.phone.as_ref() == Some(account));
            if let Some(owner) = owner {
                problems.add("phone", format!("belongs to agent {}", owner.id), "Choose another phone");
            }
        }
        None => problems.unless(
            agent.device != Device::Sip,
            "device",
            "sip without a phone",
            "Name the agent's SIP phone, or use the browser",
        ),
    }
}

pub(super) fn trunk(trunk: &Trunk, directory: &Directory, problems: &mut Problems) {
    problems.name("name", &trunk.name);
    for (index, source) in trunk.sources.iter().enumerate() {
        let field = format!("sources[{index}]");
        if Prefix::parse(source).is_none() {
            problems.add(&field, format!("{source:?} is no address"), "Use one such as 203.0.113.7 or 203.0.113.0/24");
        }
        let other = directory.trunks.values().find(|other| other.id != trunk.id && other.sources.contains(source));
        if let Some(other) = other {
            problems.add(&field, format!("is trunk {} already", other.id), "An address belongs to one trunk");
        }
    }
    if let Some(username) = &trunk.username {
        account("username", username, problems);
        problems.unless(trunk.secret.is_some(), "password", "missing", "Give the password of this account name");
        let is_taken = directory.phones.contains_key(username.as_str())
            || directory.trunks.values().any(|other| other.id != trunk.id && other.username.as_ref() == Some(username));
        problems.unless(!is_taken, "username", "taken by another trunk or phone", "Use another account name");
    }
    if let Some(peer) = &trunk.peer {
        let is_peer = peer.rsplit_once(':').is_some_and(|(host, port)| {
            let is_host = !host.is_empty()
                && host.len() <= 253
                && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']'));
            is_host && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        problems.unless(is_peer, "peer", "not an address with a port", "Use one such as sip.example.com:5060");
    }
    let is_reachable = !trunk.sources.is_empty() || trunk.username.is_some() || trunk.peer.is_some();
    problems.unless(is_reachable, "sources", "nothing could come in or go out", "Give sources, a username, or a peer");
    problems.unless(matches!(trunk.transport.as_str(), "udp" | "tcp"), "transport", "not a transport", "Use udp or tcp");
    problems.within("calls_max", trunk.calls_max, 1, 10_000);
}

pub(super) fn phone(phone: &Phone, directory: &Directory, problems: &mut Problems) {
    account("account", &phone.account, problems);
    problems.name("name", &phone.name);
    problems.unless(phone.secret.is_some(), "password", "missing", "Give the phone's password");
    let is_trunks = directory.trunks.values().any(|trunk| trunk.username.as_ref() == Some(&phone.account));
    problems.unless(!is_trunks, "account", "taken by a trunk", "Use another account name");
}

fn account(field: &str, text: &str, problems: &mut Problems) {
    let is_account = (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+'));
    problems.unless(is_account, field, "not an account name", "Use 1 to 40 letters, digits, . - _ +");
}

pub(super) fn number(number: &Number, directory: &Directory, flows: Option<&FlowNames>, problems: &mut Problems) {
    let digits = number.number.strip_prefix('+').unwrap_or(&number.number);
    let is_number = (1..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    problems.unless(is_number, "number", "not a number as it arrives", "Use 1 to 15 digits, with + if it arrives so");
    problems.name("name", &number.name);
    match &number.target {
        NumberTarget::Line { line } => {
            if let Some(names) = flows.filter(|names| !names.lines.contains(line)) {
                let lines: Vec<&str> = names.lines.iter().map(|line| line.as_str()).collect();
                problems.add("target.line", format!("there is no line {line}"), format!("Use one of: {}", lines.join(", ")));
            }
        }
        NumberTarget::Queue { queue } => {
            if !directory.queues.contains_key(queue) {
                problems.add("target.queue", format!("there is no queue {queue}"), "Make the queue first");
            }
        }
        NumberTarget::Echo => {}
    }
}

pub(super) fn calendar(source: &CalendarSource, problems: &mut Problems) {
    problems.name("name", &source.name);
    for mistake in Calendar::resolve(source).err().unwrap_or_default() {
        // The sentence holds what is wrong and, behind the semicolon, the mend.
        let sentence = mistake.kind.to_string();
        let (problem, mend) = sentence.split_once("; ").unwrap_or((&sentence, "Give fewer or other windows"));
        problems.add(mistake.place, problem, mend);
    }
}

pub(super) fn disposition(disposition: &Disposition, directory: &Directory, problems: &mut Problems) {
    names(&disposition.names, problems);
    let mut depth = 1;
    let mut next = disposition.parent.as_ref();
    while let Some(id) = next {
        depth += 1;
        if *id == disposition.id || depth > DEPTH_MAX {
            problems.add("parent", "the tree would have a circle or more than 8 levels", "Choose a branch higher up");
            return;
        }
        let Some(above) = directory.dispositions.get(id) else {
            problems.add("parent", format!("there is no disposition {id}"), "Make the branch first, or none for the top");
            return;
        };
        next = above.parent.as_ref();
    }
}

pub(super) fn pause_reason(reason: &PauseReason, problems: &mut Problems) {
    let is_key = reason.id.parse::<QueueId>().is_ok();
    problems.unless(is_key, "id", "not a key", "Use 1 to 40 of a-z 0-9 - _ . beginning with a letter or digit");
    let is_free = !RESERVED_REASONS.contains(&reason.id.as_str());
    problems.unless(is_free, "id", "set by the exchange itself", "Use another key than missed or device");
    names(&reason.names, problems);
}

fn names(names: &BTreeMap<String, String>, problems: &mut Problems) {
    problems.unless(!names.is_empty(), "names", "empty", "Give the name in es, en, or both");
    for (language, name) in names {
        let field = format!("names.{language}");
        problems.unless(is_language(language), &field, "not a language of the console", "Use es or en");
        problems.name(&field, name);
    }
}

pub(super) fn centre(centre: &Centre, problems: &mut Problems) {
    problems.name("name", &centre.name);
    let code = &centre.country_code;
    let is_code = (1..=3).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit()) && !code.starts_with('0');
    problems.unless(is_code, "country_code", "not a country calling code", "Use 1 to 3 digits without +, such as 34");
    problems.unless(is_language(&centre.language), "language", "not a language of ours", "Use es or en");
    let is_zone = jiff::tz::TimeZone::get(&centre.time_zone).is_ok();
    problems.unless(is_zone, "time_zone", "not an IANA time zone", "Use one such as Europe/Madrid");
    caller_number("caller_number", centre.caller_number.as_deref(), problems);
}

fn caller_number(field: &str, number: Option<&str>, problems: &mut Problems) {
    let Some(number) = number else { return };
    let digits = number.strip_prefix('+').unwrap_or(number);
    let is_number = (1..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    problems.unless(is_number, field, "not a number that can be shown", "Use 1 to 15 digits, with + in front if international");
}

fn is_language(text: &str) -> bool {
    matches!(text, "es" | "en")
}
