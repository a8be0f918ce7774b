//! Plan files: TOML text → a plan, or every mistake at its line.

use std::{collections::BTreeSet, fmt, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::plan::{
    AGENTS, AgentGroup, CALLS_PER_HOUR_MAX, HANDLE_SECS, PATIENCE_SECS_MAX, Plan, PlannedQueue, ServiceLevel, WRAP_UP_SHARE,
};
use crate::types::{QueueId, SkillId};

/// Queues of one plan.
const QUEUES_MAX: usize = 50;
/// Groups of agents of one plan.
const GROUPS_MAX: usize = 200;
/// Priorities that queues of a centre have, with room.
const PRIORITY_MAX: i64 = 1_000;

const QUEUE_KEYS: [&str; 7] =
    ["key", "calls_per_hour", "handle_seconds", "wrap_up_seconds", "patience_seconds", "priority", "skills"];
const AGENT_KEYS: [&str; 4] = ["count", "skills", "from", "to"];

type Value<'i> = Spanned<DeValue<'i>>;

/// What is wrong with a plan file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanMistake {
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub mend: String,
}

impl fmt::Display for PlanMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}. {}", self.line, self.message, self.mend)
    }
}

/// Reads a plan for a day of so many hours, or tells everything that is wrong with it, in order of lines.
pub fn read_plan(text: &str, hours: u32, goal: ServiceLevel, answer_ms: u64) -> Result<Plan, Vec<PlanMistake>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader { text, hours, mistakes: Vec::new() };
    for error in &errors {
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        reader.wrong(&error.span().unwrap_or(0..0), message, "Write it as TOML: text in quotes, `key = value`, lists in [ ]");
    }
    let (mut queues, mut agents) = (Vec::new(), Vec::new());
    if errors.is_empty() {
        let file = document.get_ref();
        reader.known_keys(file, &["queue", "agents"], "a plan");
        queues = reader.tables(file, "queue", QUEUES_MAX, Reader::queue);
        agents = reader.tables(file, "agents", GROUPS_MAX, Reader::group);
        if reader.mistakes.is_empty() {
            reader.together(&queues, &agents);
        }
    }
    let mut mistakes = reader.mistakes;
    mistakes.sort_by_key(|mistake| mistake.line);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let queues = queues.into_iter().map(|(queue, _)| queue).collect();
    let agents = agents.into_iter().map(|(group, _)| group).collect();
    Ok(Plan { queues, agents, hours, goal, answer_ms })
}

struct Reader<'t> {
    text: &'t str,
    hours: u32,
    mistakes: Vec<PlanMistake>,
}

impl Reader<'_> {
    fn wrong(&mut self, span: &Range<usize>, message: impl Into<String>, mend: impl Into<String>) {
        let line = self.text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1;
        self.mistakes.push(PlanMistake { line, message: message.into(), mend: mend.into() });
    }

    fn known_keys(&mut self, table: &DeTable<'_>, known: &[&str], whose: &str) {
        for (key, _) in table.iter().filter(|(key, _)| !known.contains(&key.get_ref().as_ref())) {
            let mend = format!("Delete it; here belong {}", known.join(", "));
            self.wrong(&key.span(), format!("{whose} has no `{}`", key.get_ref()), mend);
        }
    }

    /// Every `[[name]]`, read; what could not be read has left its mistakes.
    fn tables<T>(
        &mut self,
        file: &DeTable<'_>,
        name: &str,
        most: usize,
        read: impl Fn(&mut Self, &DeTable<'_>, &Range<usize>) -> Option<T>,
    ) -> Vec<(T, Range<usize>)> {
        let mend = format!("Write [[{name}]] and its keys below it");
        let Some(value) = get(file, name) else {
            self.wrong(&(0..0), format!("the plan has no [[{name}]]"), mend);
            return Vec::new();
        };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(&value.span(), format!("`{name}` is no list of tables"), mend);
            return Vec::new();
        };
        if items.is_empty() {
            self.wrong(&value.span(), format!("the plan has no [[{name}]]"), mend.clone());
        }
        let mut found = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let span = item.span();
            match item.get_ref().as_table() {
                Some(_) if index == most => {
                    self.wrong(&span, format!("more than {most} [[{name}]]"), "Put together those that are alike");
                }
                Some(_) if index > most => {}
                Some(table) => found.extend(read(self, table, &span).map(|read| (read, span))),
                None => self.wrong(&span, format!("`{name}` is no list of tables"), mend.clone()),
            }
        }
        found
    }

    fn queue(&mut self, table: &DeTable<'_>, place: &Range<usize>) -> Option<PlannedQueue> {
        self.known_keys(table, &QUEUE_KEYS, "a queue");
        let key = self.needed(table, "key", place, "Give the queue a key, such as \"support\"");
        let key = key.and_then(|value| self.key::<QueueId>(value, "key"));
        let calls = self.needed(table, "calls_per_hour", place, "Write 120, or a list with a figure for each hour");
        let calls = calls.and_then(|value| self.by_hour(value));
        let handle = self.needed(table, "handle_seconds", place, "Write the mean of talk and wrap-up together, such as 180");
        let handle = handle.and_then(|value| self.number_in(value, "handle_seconds", *HANDLE_SECS.start(), *HANDLE_SECS.end()));
        let wrap_up = get(table, "wrap_up_seconds").map(|value| {
            let read = self.number_in(value, "wrap_up_seconds", 0.0, *HANDLE_SECS.end());
            if let (Some(wrap_up), Some(handle)) = (read, handle)
                && wrap_up >= handle
            {
                self.wrong(
                    &value.span(),
                    format!("wrap_up_seconds {wrap_up} is not less than handle_seconds {handle}, of which it is a part"),
                    "Write talk and wrap-up together in handle_seconds",
                );
            }
            read
        });
        let patience =
            get(table, "patience_seconds").map(|value| self.number_in(value, "patience_seconds", 0.0, PATIENCE_SECS_MAX));
        let priority = get(table, "priority").map(|value| self.whole_in(value, "priority", -PRIORITY_MAX, PRIORITY_MAX));
        let skills = self.skills(table);
        let handle_secs = handle?;
        Some(PlannedQueue {
            key: key?,
            calls_per_hour: calls?,
            handle_secs,
            wrap_up_secs: wrap_up.unwrap_or(Some(handle_secs * WRAP_UP_SHARE))?,
            patience_secs: patience.unwrap_or(Some(0.0)).map(|secs| (secs > 0.0).then_some(secs))?,
            priority: priority.unwrap_or(Some(0))?,
            skills: skills?,
        })
    }

    fn group(&mut self, table: &DeTable<'_>, place: &Range<usize>) -> Option<AgentGroup> {
        self.known_keys(table, &AGENT_KEYS, "a group of agents");
        let hours = i64::from(self.hours);
        let count = self.needed(table, "count", place, "Write how many agents these are, such as 6");
        let count = count.and_then(|value| self.whole_in(value, "count", 1, i64::from(*AGENTS.end())));
        let skills = self.skills(table);
        let from = get(table, "from").map_or(Some(0), |value| self.whole_in(value, "from", 0, hours - 1));
        let to = get(table, "to").map_or(Some(hours), |value| self.whole_in(value, "to", 1, hours));
        if let (Some(from), Some(to), Some(value)) = (from, to, get(table, "to").or_else(|| get(table, "from")))
            && from >= to
        {
            self.wrong(
                &value.span(),
                format!("these agents leave at hour {to} and come at hour {from}"),
                "Hours are counted from the beginning of the day: `from` is less than `to`",
            );
            return None;
        }
        let unsigned = |number: i64| u32::try_from(number).ok();
        Some(AgentGroup { count: unsigned(count?)?, skills: skills?, from_hour: unsigned(from?)?, to_hour: unsigned(to?)? })
    }

    /// What only shows when all queues and agents are known.
    fn together(&mut self, queues: &[(PlannedQueue, Range<usize>)], groups: &[(AgentGroup, Range<usize>)]) {
        let mut keys = BTreeSet::new();
        for (queue, place) in queues {
            if !keys.insert(&queue.key) {
                self.wrong(place, format!("there are two queues `{}`", queue.key), "Give each a key of its own");
            }
            if !groups.iter().any(|(group, _)| group.can_serve(queue)) {
                let skills: Vec<&str> = queue.skills.iter().map(SkillId::as_str).collect();
                self.wrong(
                    place,
                    format!("no agents serve queue `{}`: none have {}", queue.key, skills.join(" and ")),
                    "Give one group of [[agents]] all of these skills",
                );
            }
        }
        for (group, place) in groups {
            for skill in group.skills.iter().filter(|skill| !queues.iter().any(|(queue, _)| queue.skills.contains(*skill))) {
                self.wrong(place, format!("no queue asks for the skill `{skill}`"), "Take it away, or mend its spelling");
            }
            if !queues.iter().any(|(queue, _)| group.can_serve(queue)) {
                self.wrong(place, "these agents serve no queue", "Give them all skills of one queue");
            }
        }
        let agents: u64 = groups.iter().map(|(group, _)| u64::from(group.count)).sum();
        if let Some((_, place)) = groups.first()
            && agents > u64::from(*AGENTS.end())
        {
            self.wrong(place, format!("there are {agents} agents"), format!("At most {} can be simulated", AGENTS.end()));
        }
        let hours = usize::try_from(self.hours).unwrap_or(0);
        let calls = |hour: usize| queues.iter().filter_map(|(queue, _)| queue.calls_per_hour.get(hour)).sum::<f64>();
        if let (Some(hour), Some((_, place))) = ((0..hours).find(|hour| calls(*hour) > CALLS_PER_HOUR_MAX), queues.first()) {
            self.wrong(
                place,
                format!("hour {hour} has {} calls", calls(hour)),
                format!("At most {CALLS_PER_HOUR_MAX} of all queues together can be simulated"),
            );
        }
    }

    fn by_hour(&mut self, value: &Value<'_>) -> Option<Vec<f64>> {
        let hours = usize::try_from(self.hours).ok()?;
        let Some(items) = value.get_ref().as_array() else {
            return Some(vec![self.number_in(value, "calls_per_hour", 0.0, CALLS_PER_HOUR_MAX)?; hours]);
        };
        if items.len() != hours {
            self.wrong(
                &value.span(),
                format!("calls_per_hour has {} figures, the day has {hours} hours", items.len()),
                format!("Write {hours}, or give --hours"),
            );
        }
        let read: Vec<Option<f64>> =
            items.iter().map(|item| self.number_in(item, "calls_per_hour", 0.0, CALLS_PER_HOUR_MAX)).collect();
        read.into_iter().collect::<Option<Vec<f64>>>().filter(|figures| figures.len() == hours)
    }

    fn skills(&mut self, table: &DeTable<'_>) -> Option<BTreeSet<SkillId>> {
        let Some(value) = get(table, "skills") else { return Some(BTreeSet::new()) };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(&value.span(), "`skills` is no list", "Write keys in quotes: [\"billing\", \"english\"]");
            return None;
        };
        let read: Vec<Option<SkillId>> = items.iter().map(|item| self.key(item, "skills")).collect();
        read.into_iter().collect()
    }

    fn needed<'v, 'i>(&mut self, table: &'v DeTable<'i>, key: &str, place: &Range<usize>, mend: &str) -> Option<&'v Value<'i>> {
        let found = get(table, key);
        if found.is_none() {
            self.wrong(place, format!("`{key}` is missing"), mend);
        }
        found
    }

    fn key<T: std::str::FromStr>(&mut self, value: &Value<'_>, name: &str) -> Option<T> {
        let read = value.get_ref().as_str().and_then(|text| text.parse().ok());
        if read.is_none() {
            self.wrong(
                &value.span(),
                format!("`{name}` is no key"),
                "Write in quotes 1 to 40 of a-z 0-9 - _ . beginning with a letter or digit",
            );
        }
        read
    }

    fn number_in(&mut self, value: &Value<'_>, name: &str, least: f64, most: f64) -> Option<f64> {
        let read = match value.get_ref() {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok().map(|whole| whole as f64),
            DeValue::Float(number) => number.as_str().parse::<f64>().ok(),
            DeValue::String(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
        };
        let read = read.filter(|number| (least..=most).contains(number));
        if read.is_none() {
            self.wrong(&value.span(), format!("`{name}` is no number from {least} to {most}"), "Write such a number");
        }
        read
    }

    fn whole_in(&mut self, value: &Value<'_>, name: &str, least: i64, most: i64) -> Option<i64> {
        let read = match value.get_ref() {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            DeValue::Float(_)
            | DeValue::String(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => None,
        };
        let read = read.filter(|number| (least..=most).contains(number));
        if read.is_none() {
            self.wrong(&value.span(), format!("`{name}` is no whole number from {least} to {most}"), "Write such a number");
        }
        read
    }
}

fn get<'v, 'i>(table: &'v DeTable<'i>, key: &str) -> Option<&'v Value<'i>> {
    table.iter().find(|(written, _)| &**written.get_ref() == key).map(|(_, value)| value)
}
