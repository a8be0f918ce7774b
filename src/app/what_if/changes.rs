//! Files of changes: what would be set up otherwise. `[[queue]]` and `[[agents]]` in TOML, with the fields of the REST interface.

use std::{collections::BTreeMap, ops::Range};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use toml::Spanned;

use crate::{
    domain::{
        centre::Setup,
        directory::{AgentProfile, Queue},
    },
    types::AgentId,
};

/// Agents that one entry may add.
const COUNT_MAX: u64 = 500;
/// What a replay has no use for.
const FIXED: [&str; 2] = ["id", "script"];

/// What is wrong with a file of changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeMistake {
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub mend: String,
}

/// Queues and agents of a replay, and whose shifts further agents have.
#[derive(Debug, Clone, PartialEq)]
pub struct Floor {
    /// What the matcher goes by.
    pub setup: Setup,
    /// Further agents, with the one whose shifts they have.
    pub like: BTreeMap<AgentId, AgentId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    queue: Vec<Spanned<Map<String, Value>>>,
    #[serde(default)]
    agents: Vec<Spanned<Map<String, Value>>>,
}

/// Reads changes of a set-up, or tells everything that is wrong with them, in order of lines.
pub fn read_changes(text: &str, setup: &Setup) -> Result<Floor, Vec<ChangeMistake>> {
    let file: File = toml::from_str(text).map_err(|error| {
        let mend = "Write [[queue]] and [[agents]] tables in TOML: text in quotes, `key = value`";
        vec![mistake(text, &error.span().unwrap_or(0..0), error.message().replace('\n', ", "), mend)]
    })?;
    let mut floor = Floor { setup: setup.clone(), like: BTreeMap::new() };
    let mut mistakes = Vec::new();
    for entry in file.queue {
        let place = entry.span();
        mistakes.extend(queue(&mut floor, entry.into_inner()).err().map(|wrong| mistake(text, &place, wrong.0, wrong.1)));
    }
    for entry in file.agents {
        let place = entry.span();
        mistakes.extend(agents(&mut floor, entry.into_inner()).err().map(|wrong| mistake(text, &place, wrong.0, wrong.1)));
    }
    mistakes.sort_by_key(|mistake| mistake.line);
    if mistakes.is_empty() { Ok(floor) } else { Err(mistakes) }
}

type Wrong = (String, &'static str);

fn queue(floor: &mut Floor, mut changes: Map<String, Value>) -> Result<(), Wrong> {
    let key = key(&mut changes, "key").ok_or(("a queue without `key`".to_owned(), "Give the key of a recorded queue"))?;
    let known: Vec<&str> = floor.setup.queues.iter().map(|queue| queue.id.as_str()).collect();
    let none = format!("no queue `{key}`; there were {}", known.join(", "));
    let found = floor.setup.queues.iter_mut().find(|queue| queue.id.as_str() == key);
    let queue: &mut Queue = found.ok_or((none, "Give the key of a recorded queue"))?;
    *queue = changed(queue, changes)?;
    Ok(())
}

fn agents(floor: &mut Floor, mut changes: Map<String, Value>) -> Result<(), Wrong> {
    let (whose, like) = (key(&mut changes, "key"), key(&mut changes, "like"));
    let count = changes.remove("count");
    let of = match (&whose, &like) {
        (Some(agent), None) | (None, Some(agent)) => agent.clone(),
        _ => {
            return Err((
                "agents with neither or both of `key` and `like`".into(),
                "Name who is changed, or whom further ones are like",
            ));
        }
    };
    let found = floor.setup.agents.iter_mut().find(|agent| agent.id.as_str() == of);
    let agent: &mut AgentProfile = found.ok_or((format!("no agent `{of}`"), "Give the key of a recorded agent"))?;
    if whose.is_some() {
        if count.is_some() {
            return Err(("`count` of a recorded agent".into(), "Write `like` in place of `key` for further agents"));
        }
        *agent = changed(agent, changes)?;
        return Ok(());
    }
    let count = count.map_or(Some(1), |count| count.as_u64()).filter(|count| (1..=COUNT_MAX).contains(count));
    let count = count.ok_or((format!("`count` is no whole number from 1 to {COUNT_MAX}"), "Write how many, such as 2"))?;
    let model: AgentProfile = changed(agent, changes)?;
    let like = agent.id.clone();
    let before = floor.like.len() as u64;
    for number in before + 1..=before + count {
        let Ok(id) = format!("further-{number:03}").parse::<AgentId>() else { continue };
        floor.like.insert(id.clone(), like.clone());
        floor.setup.agents.push(AgentProfile { id, ..model.clone() });
    }
    Ok(())
}

/// The thing with other fields. What is a table of settings is changed field by field, maps of keys are replaced.
fn changed<T: serde::Serialize + DeserializeOwned>(thing: &T, changes: Map<String, Value>) -> Result<T, Wrong> {
    const MEND: &str = "Write fields as the REST interface names them";
    let Ok(Value::Object(mut fields)) = serde_json::to_value(thing) else { return Err(("cannot be changed".into(), MEND)) };
    let (fixed, unknown): (Vec<_>, Vec<_>) = changes
        .keys()
        .filter(|field| FIXED.contains(&field.as_str()) || !fields.contains_key(*field))
        .partition(|field| FIXED.contains(&field.as_str()));
    if let Some(field) = unknown.into_iter().chain(fixed).next() {
        let known: Vec<&str> = fields.keys().map(String::as_str).filter(|field| !FIXED.contains(field)).collect();
        return Err((format!("there is no `{field}` to change; there are {}", known.join(", ")), MEND));
    }
    for (field, value) in changes {
        if field == "routing"
            && let (Some(Value::Object(within)), Value::Object(new)) = (fields.get_mut(&field), &value)
        {
            if let Some(unknown) = new.keys().find(|field| !within.contains_key(*field)) {
                return Err((format!("`routing` has no `{unknown}`"), MEND));
            }
            within.extend(new.clone());
            continue;
        }
        fields.insert(field, value);
    }
    serde_json::from_value(Value::Object(fields)).map_err(|error| (error.to_string(), MEND))
}

fn key(changes: &mut Map<String, Value>, name: &str) -> Option<String> {
    changes.remove(name).and_then(|key| key.as_str().map(str::to_owned))
}

fn mistake(text: &str, place: &Range<usize>, message: String, mend: &str) -> ChangeMistake {
    let line = text.bytes().take(place.start).filter(|byte| *byte == b'\n').count() + 1;
    ChangeMistake { line, message, mend: mend.into() }
}
