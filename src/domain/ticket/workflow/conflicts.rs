//! Two people at one ticket: what they changed apart is put together, what both changed is told to the second with both values.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Ticket;
use crate::domain::ticket::TicketCommand;

/// The name under which words to the customer are kept: a second answer that has not seen the first is a conflict too.
const CONVERSATION: &str = "conversation";

/// A fact that somebody else changed since it was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FieldConflict {
    /// Which: `state`, `owner`, `subject`, `type`, `priority`, `queue`, `customer`, `disposition`, `conversation`, or `field.` and a
    /// field's key.
    pub field: String,
    /// What this change would set.
    #[schema(value_type = Object)]
    pub yours: Value,
    /// What stands there now.
    #[schema(value_type = Object)]
    pub theirs: Value,
}

impl Ticket {
    /// What of a command somebody else changed, to another value, after the version that it saw.
    pub fn conflicts(&self, command: &TicketCommand, seen: i64) -> Vec<FieldConflict> {
        let facts = self.facts();
        let wanted = wanted(command).into_iter();
        let late = wanted.filter(|(field, _)| self.touched.get(field).is_some_and(|version| *version > seen));
        late.map(|(field, yours)| {
            let theirs = facts.get(&field).cloned().unwrap_or(Value::Null);
            FieldConflict { field, yours, theirs }
        })
        .filter(|conflict| conflict.yours != conflict.theirs)
        .collect()
    }

    pub(super) fn facts(&self) -> BTreeMap<String, Value> {
        let mut facts: BTreeMap<String, Value> = [
            ("state", json!(self.status)),
            ("owner", json!(self.owner)),
            ("subject", json!(self.subject)),
            ("type", json!(self.kind)),
            ("priority", json!(self.priority)),
            ("queue", json!(self.queue)),
            ("customer", json!(self.customer)),
            ("disposition", json!(self.disposition)),
            (CONVERSATION, json!(self.contacts.answered_last_at)),
        ]
        .into_iter()
        .map(|(field, value)| (field.to_owned(), value))
        .collect();
        facts.extend(self.fields.iter().map(|(key, value)| (format!("field.{key}"), json!(value))));
        facts
    }

    /// Notes at which version facts changed; the save makes the next one.
    pub(super) fn touch(&mut self, before: &BTreeMap<String, Value>) {
        let now = self.facts();
        let fields: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
        for field in fields.into_iter().filter(|field| before.get(*field) != now.get(*field)) {
            self.touched.insert(field.clone(), self.version + 1);
        }
    }
}

/// What a command would set.
fn wanted(command: &TicketCommand) -> Vec<(String, Value)> {
    let field = |key: &crate::types::FieldKey, value: &Option<String>| (format!("field.{key}"), json!(value));
    match command {
        TicketCommand::Move { to, owner, disposition, fields, .. } => {
            let owner = owner.as_ref().map(|owner| ("owner".to_owned(), json!(owner)));
            let disposition = disposition.as_ref().map(|leaf| ("disposition".to_owned(), json!(leaf)));
            let fields = fields.iter().map(|(key, value)| field(key, value));
            std::iter::once(("state".to_owned(), json!(to))).chain(owner).chain(disposition).chain(fields).collect()
        }
        TicketCommand::Assign { owner } => vec![("owner".into(), json!(owner))],
        TicketCommand::Change { subject, kind, priority, queue, customer, disposition } => {
            let all = [
                ("subject", json!(subject)),
                ("type", json!(kind)),
                ("priority", json!(priority)),
                ("queue", json!(queue)),
                ("customer", json!(customer)),
                ("disposition", json!(disposition)),
            ];
            all.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value)).collect()
        }
        TicketCommand::SetFields { fields } => fields.iter().map(|(key, value)| field(key, value)).collect(),
        TicketCommand::Comment { text, is_public: true } => vec![(CONVERSATION.into(), json!(text))],
        TicketCommand::Comment { is_public: false, .. }
        | TicketCommand::CustomerWrote { .. }
        | TicketCommand::AddCall { .. }
        | TicketCommand::StateTimerDue
        | TicketCommand::TimerDue { .. } => Vec::new(),
    }
}
