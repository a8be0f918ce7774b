//! What changed between two versions of a line, node by node: what a supervisor wants to read before publishing.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{script::Line, walk::node_names};

/// A difference between two versions of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Change {
    /// `subflow/name`, `name`, or `line` for what concerns the whole.
    pub node: String,
    /// The key, `keys.1.next`; `None` when the whole node came or went.
    pub key: Option<String>,
    /// Before; `None` when it was not there.
    pub before: Option<String>,
    /// After; `None` when it is not there any more.
    pub after: Option<String>,
}

/// The differences, by node and key.
pub fn diff(before: &Line, after: &Line) -> Vec<Change> {
    let mut changes = Vec::new();
    let heads = [head(before), head(after)];
    compare("line", &heads[0], &heads[1], "", &mut changes);
    let (old, new) = (node_names(before), node_names(after));
    for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        match (old.get(name), new.get(name)) {
            (Some(old), Some(new)) => {
                let json = |node| serde_json::to_value(node).unwrap_or_default();
                compare(name, &json(*old), &json(*new), "", &mut changes);
            }
            (Some(old), None) => {
                changes.push(Change { node: name.clone(), key: None, before: Some(old.step.kind().into()), after: None });
            }
            (None, Some(new)) => {
                changes.push(Change { node: name.clone(), key: None, before: None, after: Some(new.step.kind().into()) });
            }
            (None, None) => {}
        }
    }
    changes
}

/// Everything of a line but its nodes.
fn head(line: &Line) -> Value {
    let starts: serde_json::Map<String, Value> =
        line.subflows.values().map(|flow| (flow.name.to_string(), Value::from(flow.start.as_ref()))).collect();
    serde_json::json!({
        "label": line.label, "reasons": line.reasons, "lang": line.languages, "start": line.main.start, "fallback": line.fallback,
        "max_duration_ms": line.duration_ms_max, "subflow_start": starts,
    })
}

fn compare(node: &str, before: &Value, after: &Value, key: &str, changes: &mut Vec<Change>) {
    if before == after {
        return;
    }
    if let (Value::Object(old), Value::Object(new)) = (before, after) {
        for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
            let inner = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
            let of = |object: &serde_json::Map<String, Value>| object.get(name).cloned().unwrap_or_default();
            compare(node, &of(old), &of(new), &inner, changes);
        }
        return;
    }
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => Some(value.to_string()),
    };
    changes.push(Change { node: node.into(), key: Some(key.into()), before: text(before), after: text(after) });
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.key, &self.before, &self.after) {
            (None, Some(kind), _) => write!(f, "- {} ({kind})", self.node),
            (None, None, after) => write!(f, "+ {} ({})", self.node, after.as_deref().unwrap_or("")),
            (Some(key), before, after) => {
                let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".into());
                write!(f, "~ {} {key}: {} → {}", self.node, shown(before), shown(after))
            }
        }
    }
}
