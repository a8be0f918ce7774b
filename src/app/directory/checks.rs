//! What makes an entry wrong. Each check notes everything that it finds, with the mend.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    FlowNames, callbacks, forks, outward,
    routing::{routing, skills},
    trunk_tls, waiting, work,
};
use crate::{
    app::{
        customers::SEGMENTS,
        field_problem::{Flaw, Problems},
    },
    domain::{
        calendar::Calendar,
        directory::{
            AgentProfile, Answering, CalendarSource, Centre, Device, Directory, Disposition, HoldLimits, LANGUAGES, Number,
            NumberTarget, PauseReason, Phone, Queue, QueueExit, Thing, Trunk, TrunkStir, UNANSWERED_SECS,
        },
        ticket::TicketType,
    },
    protocol::sip::PeerName,
    types::{IpPrefix, LineId, MediaEncryption, QueueId},
};

/// Levels of a disposition tree.
const DEPTH_MAX: i64 = 8;
/// Beginnings of numbers of ours that a trunk lists.
const OWN_NUMBERS_MAX: i64 = 1_000;
const SCRIPT_CHARS_MAX: i64 = 10_000;
/// A customer on hold.
const HOLD_SECS_MAX: i64 = 3_600;
/// Reasons that the floor itself sets.
const RESERVED_REASONS: [&str; 2] = ["missed", "device"];

pub(super) fn queue(queue: &Queue, directory: &Directory, flows: Option<&FlowNames>, problems: &mut Problems) {
    problems.name("name", &queue.name);
    skills("skills", &queue.skills, directory, problems);
    routing(queue, directory, problems);
    waiting::rules(queue, directory, flows, problems);
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
        problems.add("calendar", Flaw::unknown(Thing::Calendar, calendar));
    }
    if let Some(secs) = queue.wrap_up.secs() {
        problems.within("wrap_up.secs", secs, 5, 3_600);
    }
    problems.within("wrap_up_extensions.times", queue.wrap_up_extensions.times, 0, 20);
    problems.within("wrap_up_extensions.secs", queue.wrap_up_extensions.secs, 5, 600);
    for (field, exit) in exits(queue) {
        queue_exit(queue, (field, exit), directory, flows, problems);
    }
    for (index, id) in queue.dispositions.iter().enumerate() {
        if !directory.dispositions.contains_key(id) {
            problems.add(format!("dispositions[{index}]"), Flaw::unknown(Thing::Disposition, id));
        }
    }
    problems.within("missed.wait_secs_min", queue.missed.wait_secs_min, 0, 3_600);
    if let Some(limits) = queue.hold {
        hold(limits, problems);
    }
    problems.one_of("ticket_type", &queue.ticket_type, &TicketType::ALL.map(TicketType::word));
    caller_number("caller_number", queue.caller_number.as_deref(), problems);
    if let Some(policy) = queue.recording {
        outward::recorded("recording", policy, problems);
    }
    if let Some(rules) = &queue.forks {
        forks::these("forks", rules, directory, problems);
    }
    callbacks::rules(&queue.callback, directory, problems);
    work::rules(&queue.work, problems);
    script("script", &queue.script, problems);
    for (segment, rules) in &queue.segments {
        let field = format!("segments.{segment}");
        problems.one_of(&field, segment, &SEGMENTS);
        let other = rules.queue.as_ref().filter(|other| !directory.queues.contains_key(*other));
        if let Some(other) = other.filter(|other| **other != queue.id) {
            problems.add(format!("{field}.queue"), Flaw::unknown(Thing::Queue, other));
        }
        script(&format!("{field}.script"), &rules.script, problems);
    }
}

/// What agents read, by language.
fn script(field: &str, texts: &BTreeMap<String, String>, problems: &mut Problems) {
    for (language, text) in texts {
        let field = format!("{field}.{language}");
        problems.one_of(&field, language, &LANGUAGES);
        problems.length(&field, text, 0, SCRIPT_CHARS_MAX);
    }
}

/// A prompt beside the lines, by its name.
pub(super) fn shared_prompt(field: String, prompt: &str, flows: Option<&FlowNames>, problems: &mut Problems) {
    let is_name = !prompt.is_empty()
        && prompt.len() <= 100
        && prompt.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'/'));
    let flaw = match flows {
        Some(names) => names.flaw_of_prompt(prompt),
        None => (!is_name).then_some(Flaw::NotAPrompt),
    };
    if let Some(flaw) = flaw {
        problems.add(field, flaw);
    }
}

/// The branches of a queue by their fields' names.
pub(super) fn exits(queue: &Queue) -> impl Iterator<Item = (&'static str, &QueueExit)> {
    [
        ("on_no_agents", &queue.on_no_agents),
        ("on_max_wait", &queue.on_max_wait),
        ("on_full", &queue.on_full),
        ("on_closed", &queue.on_closed),
        ("waiting.on_expected_wait", &queue.waiting.on_expected_wait),
    ]
    .into_iter()
}

fn queue_exit(
    queue: &Queue,
    (field, exit): (&'static str, &QueueExit),
    directory: &Directory,
    flows: Option<&FlowNames>,
    problems: &mut Problems,
) {
    match exit {
        QueueExit::Wait => {
            let can_wait = !matches!(field, "on_full" | "on_closed");
            problems.unless(can_wait, field, Flaw::NobodyCanWait);
        }
        QueueExit::Message { prompt } => shared_prompt(format!("{field}.prompt"), prompt, flows, problems),
        QueueExit::Queue { queue: next } => {
            if !directory.queues.contains_key(next) {
                problems.add(format!("{field}.queue"), Flaw::unknown(Thing::Queue, next));
            } else if comes_back(&queue.id, next, field, directory) {
                problems.add(format!("{field}.queue"), Flaw::Circle);
            }
        }
        QueueExit::Callback => {}
        QueueExit::Line { line: id } => line(&format!("{field}.line"), id, flows, problems),
        QueueExit::Voicemail { prompt, secs_max } => {
            shared_prompt(format!("{field}.prompt"), prompt, flows, problems);
            problems.within(&format!("{field}.secs_max"), *secs_max, 10, 600);
        }
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
    if let Some(most) = agent.work_items_max {
        work::capacity(most, problems);
    }
    for (skill, level) in &agent.skills {
        let field = format!("skills.{skill}");
        problems.unless(directory.skills.contains_key(skill), &field, Flaw::unknown(Thing::Skill, skill));
        problems.within(&field, *level, 1, 10);
    }
    match &agent.phone {
        Some(account) => {
            let is_known = directory.phones.contains_key(account.as_str());
            problems.unless(is_known, "phone", Flaw::unknown(Thing::Phone, account));
            let owner = directory.agents.values().find(|other| other.id != agent.id && other.phone.as_ref() == Some(account));
            if let Some(owner) = owner {
                problems.add("phone", Flaw::TakenBy { thing: Thing::Agent, key: owner.id.to_string() });
            }
        }
        None => problems.unless(agent.device != Device::Sip, "device", Flaw::PhoneMissing),
    }
}

pub(super) fn trunk(trunk: &Trunk, directory: &Directory, problems: &mut Problems) {
    problems.name("name", &trunk.name);
    for (index, source) in trunk.sources.iter().enumerate() {
        let field = format!("sources[{index}]");
        if IpPrefix::parse(source).is_none() {
            problems.add(&field, Flaw::NotAnAddress);
        }
        let other = directory.trunks.values().find(|other| other.id != trunk.id && other.sources.contains(source));
        if let Some(other) = other {
            problems.add(&field, Flaw::TakenBy { thing: Thing::Trunk, key: other.id.to_string() });
        }
    }
    if let Some(username) = &trunk.username {
        account("username", username, problems);
        problems.unless(trunk.secret.is_some(), "password", Flaw::Missing);
        if let Some(phone) = directory.phones.get(username.as_str()) {
            problems.add("username", Flaw::TakenBy { thing: Thing::Phone, key: phone.account.clone() });
        }
        let other = directory.trunks.values().find(|other| other.id != trunk.id && other.username.as_ref() == Some(username));
        if let Some(other) = other {
            problems.add("username", Flaw::TakenBy { thing: Thing::Trunk, key: other.id.to_string() });
        }
        problems.unless(trunk.realm.is_some() || trunk.peer.is_none(), "realm", Flaw::Missing);
    }
    if let Some(realm) = &trunk.realm {
        problems.name("realm", realm);
        problems.unless(trunk.username.is_some(), "username", Flaw::Missing);
    }
    if let Some(peer) = &trunk.peer {
        problems.unless(is_peer(peer), "peer", Flaw::NotAPeer);
    }
    if trunk.is_registering {
        problems.unless(trunk.peer.is_some(), "peer", Flaw::Missing);
        problems.unless(trunk.username.is_some(), "username", Flaw::Missing);
    }
    problems.within("register_secs", trunk.register_secs, 60, 86_400);
    if let Some(domain) = &trunk.domain {
        problems.unless(is_host(domain), "domain", Flaw::NotAHost);
    }
    trunk_stir(&trunk.stir, problems);
    trunk_tls::check(trunk, problems);
    let has_account = trunk.username.is_some() || trunk.tls.is_required;
    let is_reachable = !trunk.sources.is_empty() || has_account || trunk.peer.is_some();
    problems.unless(is_reachable, "sources", Flaw::TrunkUnreachable);
    let is_encrypted = trunk.media_encryption == MediaEncryption::Required && trunk.peer.is_some();
    // Keys go over TLS alone, so no call could go out by the others.
    let transports: &[&str] = if is_encrypted { &["tls", "auto"] } else { &["udp", "tcp", "tls", "auto"] };
    problems.one_of("transport", &trunk.transport, transports);
    problems.within("calls_max", trunk.calls_max, 1, 10_000);
    outward::trunk(trunk, problems);
}

fn trunk_stir(stir: &TrunkStir, problems: &mut Problems) {
    problems.within("stir.own_numbers", i64::try_from(stir.own_numbers.len()).unwrap_or(i64::MAX), 0, OWN_NUMBERS_MAX);
    for (index, prefix) in stir.own_numbers.iter().enumerate() {
        dialled(&format!("stir.own_numbers[{index}]"), prefix, problems);
    }
}

/// A name or an address, with or without a port: without one a name's servers are looked up (RFC 3263 4.2).
fn is_peer(text: &str) -> bool {
    PeerName::parse(text, None).is_some_and(|peer| {
        let is_name =
            peer.host.len() <= 253 && peer.host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
        (is_name || peer.hop().is_some()) && peer.port != Some(0)
    })
}

pub(super) fn phone(phone: &Phone, directory: &Directory, problems: &mut Problems) {
    account("account", &phone.account, problems);
    problems.name("name", &phone.name);
    problems.unless(phone.secret.is_some(), "password", Flaw::Missing);
    if let Some(trunk) = directory.trunks.values().find(|trunk| trunk.username.as_ref() == Some(&phone.account)) {
        problems.add("account", Flaw::TakenBy { thing: Thing::Trunk, key: trunk.id.to_string() });
    }
}

pub(super) fn is_host(text: &str) -> bool {
    let is_of_it = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
    (1..=253).contains(&text.len()) && text.bytes().all(is_of_it)
}

fn account(field: &str, text: &str, problems: &mut Problems) {
    let is_account = (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+'));
    problems.unless(is_account, field, Flaw::NotAnAccount);
}

pub(super) fn number(number: &Number, directory: &Directory, flows: Option<&FlowNames>, problems: &mut Problems) {
    dialled("number", &number.number, problems);
    problems.name("name", &number.name);
    match &number.target {
        NumberTarget::Line { line: id } => line("target.line", id, flows, problems),
        NumberTarget::Queue { queue } => {
            if !directory.queues.contains_key(queue) {
                problems.add("target.queue", Flaw::unknown(Thing::Queue, queue));
            }
        }
        NumberTarget::Echo => {
            let is_plain = number.answering == Answering::AtOnce;
            problems.unless(is_plain, "answering.mode", Flaw::NotAChoice { choices: vec!["at_once".into()] });
        }
    }
    if let Some((secs, _)) = number.answering.limit() {
        problems.within("answering.secs_max", secs, *UNANSWERED_SECS.start(), *UNANSWERED_SECS.end());
    }
}

/// A line that is there, as far as the flows are known.
pub(super) fn line(field: &str, id: &LineId, flows: Option<&FlowNames>, problems: &mut Problems) {
    if let Some(names) = flows.filter(|names| !names.lines.contains_key(id)) {
        problems.add(field, Flaw::not_one_of(names.lines.keys()));
    }
}

pub(super) fn calendar(source: &CalendarSource, problems: &mut Problems) {
    problems.name("name", &source.name);
    for mistake in Calendar::resolve(source).err().unwrap_or_default() {
        problems.add(mistake.place, mistake.kind);
    }
}

pub(super) fn disposition(disposition: &Disposition, directory: &Directory, problems: &mut Problems) {
    names(&disposition.names, problems);
    let mut depth = 1;
    let mut next = disposition.parent.as_ref();
    while let Some(id) = next {
        depth += 1;
        if *id == disposition.id || depth > DEPTH_MAX {
            problems.add("parent", Flaw::TreeTooDeep { most: DEPTH_MAX });
            return;
        }
        let Some(above) = directory.dispositions.get(id) else {
            problems.add("parent", Flaw::unknown(Thing::Disposition, id));
            return;
        };
        next = above.parent.as_ref();
    }
}

pub(super) fn pause_reason(reason: &PauseReason, problems: &mut Problems) {
    let is_key = reason.id.parse::<QueueId>().is_ok();
    problems.unless(is_key, "id", Flaw::NotAKey);
    let is_free = !RESERVED_REASONS.contains(&reason.id.as_str());
    problems.unless(is_free, "id", Flaw::Reserved { reserved: RESERVED_REASONS.map(Into::into).into() });
    names(&reason.names, problems);
}

pub(super) fn names(names: &BTreeMap<String, String>, problems: &mut Problems) {
    problems.unless(!names.is_empty(), "names", Flaw::Empty);
    for (language, name) in names {
        let field = format!("names.{language}");
        problems.one_of(&field, language, &LANGUAGES);
        problems.name(&field, name);
    }
}

pub(super) fn centre(centre: &Centre, directory: &Directory, flows: Option<&FlowNames>, problems: &mut Problems) {
    problems.name("name", &centre.name);
    let code = &centre.country_code;
    let is_code = (1..=3).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit()) && !code.starts_with('0');
    problems.unless(is_code, "country_code", Flaw::NotACountryCode);
    problems.one_of("language", &centre.language, &LANGUAGES);
    let is_zone = jiff::tz::TimeZone::get(&centre.time_zone).is_ok();
    problems.unless(is_zone, "time_zone", Flaw::UnknownZone);
    caller_number("caller_number", centre.caller_number.as_deref(), problems);
    hold(centre.hold, problems);
    work::capacity(centre.work_items_max, problems);
    outward::dialling(&centre.dialling, directory, problems);
    outward::recording(&centre.recording, problems);
    forks::of_centre(&centre.forks, directory, problems);
    outward::answers(&centre.answer_detection, flows, problems);
}

fn hold(limits: HoldLimits, problems: &mut Problems) {
    problems.within("hold.notice_secs", limits.notice_secs, 0, HOLD_SECS_MAX);
    if limits.recall_secs != 0 {
        let least = limits.notice_secs.saturating_add(1).clamp(1, HOLD_SECS_MAX);
        problems.within("hold.recall_secs", limits.recall_secs, least, HOLD_SECS_MAX);
    }
}

fn caller_number(field: &str, number: Option<&str>, problems: &mut Problems) {
    if let Some(number) = number {
        dialled(field, number, problems);
    }
}

fn dialled(field: &str, number: &str, problems: &mut Problems) {
    let digits = number.strip_prefix('+').unwrap_or(number);
    let is_number = (1..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    problems.unless(is_number, field, Flaw::NotADialledNumber);
}
