//! The workflow of tickets, as configured: per type its states by name, which of them can follow which, what a move asks for before
//! it is made (guards) and what it does beside (effects). Read from text by `read`; what the text says that cannot work is `check`'s.
//! Deliberately absent: the clocks, which go by the category of a state and not by its name.

mod check;
mod flaw;
mod read;

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use flaw::{WorkflowFlaw, WorkflowPart};
pub use read::{WORKFLOW_BYTES_MAX, WorkflowMistake, read_workflow};

use super::{Priority, TicketState, TicketType};
use crate::types::{FieldKey, StatusKey, UserId};

/// The workflow that holds until an administrator saves another.
pub const BUILT_IN: &str = include_str!("moves/built_in.toml");

static BUILT_IN_WORKFLOW: LazyLock<Arc<Workflow>> = LazyLock::new(|| Arc::new(read_workflow(BUILT_IN).unwrap_or_default()));

/// Names by language, `{"en": …, "es": …}`; empty where the category or the key says enough.
pub type Names = BTreeMap<String, String>;

/// The workflow of all types of tickets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Workflow {
    /// Fields that types add to their tickets.
    pub fields: BTreeMap<FieldKey, FieldRule>,
    /// Every type.
    pub types: BTreeMap<TicketType, TypeRules>,
}

/// The workflow of one type.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct TypeRules {
    /// What people call the type.
    pub names: Names,
    /// Whether new tickets of it can be opened by hand.
    pub is_offered: bool,
    /// Fields that its tickets have.
    pub fields: Vec<FieldKey>,
    /// Days after closing within which a word of the customer opens the ticket again; later it makes a new one.
    pub follow_up_after_days: i64,
    /// Its states, in the order in which they are written.
    pub states: Vec<StateRule>,
    /// Its moves, those from the same state together.
    pub moves: Vec<MoveRule>,
}

/// A state by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StateRule {
    /// Key.
    pub key: StatusKey,
    /// What it counts as.
    pub category: TicketState,
    /// What people call it.
    pub names: Names,
    /// When it ends by itself.
    pub timer: Option<StateTimer>,
}

/// A state that ends by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StateTimer {
    /// Hours in the state, round the clock.
    pub after_hours: i64,
    /// What follows.
    pub to: StatusKey,
}

/// One state can follow another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MoveRule {
    /// From here.
    pub from: StatusKey,
    /// To here.
    pub to: StatusKey,
    /// What the button says.
    pub names: Names,
    /// What must be so before.
    pub guards: Guards,
    /// What it does beside.
    pub effects: Effects,
}

/// What must be so before a move is made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Guards {
    /// Whether it needs a reason.
    pub needs_reason: bool,
    /// The least role of who makes it.
    pub role: Option<Rank>,
    /// Facts that the ticket must have.
    pub requires: Vec<Requirement>,
}

/// What a move does beside.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Effects {
    /// Who works on it from then on.
    pub owner: Option<NewOwner>,
    /// How urgent it is from then on.
    pub priority: Option<Priority>,
}

/// Who works on a ticket after a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NewOwner {
    /// Who made it.
    Mover,
    /// Nobody.
    Nobody,
}

/// How much somebody may do, from the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// Works on tickets.
    Agent,
    /// Leads those who do.
    Supervisor,
    /// Sets everything up.
    Administrator,
}

/// A fact that a ticket must have; written `owner`, `queue`, `customer`, `disposition`, or `field.` and the field's key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Requirement {
    /// Somebody works on it.
    Owner,
    /// It lies in a queue.
    Queue,
    /// It is somebody's.
    Customer,
    /// What it is about, a leaf of the tree.
    Disposition,
    /// A field of the workflow.
    Field(FieldKey),
}

/// A field that the workflow adds to tickets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldRule {
    /// What people call it.
    pub names: Names,
    /// What can stand in it.
    pub kind: FieldKind,
    /// The words that can be chosen, of a choice.
    pub choices: Vec<String>,
}

/// What can stand in a field. Values are text in all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Up to 500 characters.
    Text,
    /// A whole number.
    Number,
    /// `2026-11-23`.
    Date,
    /// One of the field's words.
    Choice,
    /// `yes` or `no`.
    YesNo,
}

/// Who asks something of a ticket: nobody for timers and the exchange itself, which no role holds back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct By {
    /// The user.
    pub user: Option<UserId>,
    /// What they may do; `None` for the exchange itself.
    pub rank: Option<Rank>,
}

/// A move that the table holds, and what holds it back now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MoveOption {
    /// The state that follows.
    pub to: StatusKey,
    /// What that counts as.
    pub state: TicketState,
    /// What the button says; empty where the state's name says enough.
    pub names: Names,
    /// All that it asks for.
    pub guards: Guards,
    /// The guards that hold it back now; a reason and missing facts can come with the move itself.
    pub held_by: Vec<Hold>,
}

/// A guard that holds a move back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "guard", rename_all = "snake_case")]
pub enum Hold {
    /// Others may do it.
    Role {
        /// Who at least.
        needs: Rank,
    },
    /// A fact is missing.
    Missing {
        /// Which.
        #[schema(value_type = String)]
        what: Requirement,
    },
}

impl Workflow {
    /// The workflow that holds until an administrator saves another.
    pub fn built_in() -> Arc<Self> {
        Arc::clone(&BUILT_IN_WORKFLOW)
    }

    /// The state of a type by its key.
    pub fn state(&self, kind: TicketType, key: &StatusKey) -> Option<&StateRule> {
        self.types.get(&kind)?.states.iter().find(|state| state.key == *key)
    }

    /// The first state of a type that counts as `category`.
    pub fn first_of(&self, kind: TicketType, category: TicketState) -> Option<&StateRule> {
        self.types.get(&kind)?.states.iter().find(|state| state.category == category)
    }

    /// The moves of a type from a state.
    pub fn moves_from<'a>(&'a self, kind: TicketType, from: &'a StatusKey) -> impl Iterator<Item = &'a MoveRule> {
        self.types.get(&kind).into_iter().flat_map(|rules| &rules.moves).filter(move |rule| rule.from == *from)
    }
}

impl Requirement {
    /// As it is written.
    pub fn word(&self) -> String {
        match self {
            Self::Owner => "owner".into(),
            Self::Queue => "queue".into(),
            Self::Customer => "customer".into(),
            Self::Disposition => "disposition".into(),
            Self::Field(key) => format!("field.{key}"),
        }
    }
}

impl TryFrom<String> for Requirement {
    type Error = String;
    fn try_from(word: String) -> Result<Self, String> {
        match word.as_str() {
            "owner" => Ok(Self::Owner),
            "queue" => Ok(Self::Queue),
            "customer" => Ok(Self::Customer),
            "disposition" => Ok(Self::Disposition),
            other => match other.strip_prefix("field.").map(str::parse) {
                Some(Ok(key)) => Ok(Self::Field(key)),
                Some(Err(_)) | None => Err(format!("`{other}` is no fact of a ticket")),
            },
        }
    }
}

impl From<Requirement> for String {
    fn from(requirement: Requirement) -> Self {
        requirement.word()
    }
}

impl utoipa::PartialSchema for Requirement {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}
impl ToSchema for Requirement {}

impl FieldRule {
    /// Whether a value can stand in the field.
    pub fn takes(&self, value: &str) -> bool {
        match self.kind {
            FieldKind::Text => (1..=FIELD_CHARS_MAX).contains(&value.chars().count()) && !value.trim().is_empty(),
            FieldKind::Number => value.parse::<i64>().is_ok(),
            FieldKind::Date => value.parse::<jiff::civil::Date>().is_ok(),
            FieldKind::Choice => self.choices.iter().any(|choice| choice == value),
            FieldKind::YesNo => matches!(value, "yes" | "no"),
        }
    }
}

/// Characters of a field at most.
pub const FIELD_CHARS_MAX: usize = 500;

impl Rank {
    /// The word that text and JSON use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Administrator => "administrator",
        }
    }
}

impl StatusKey {
    /// The key of the state that is called as its category is.
    pub fn of_category(category: TicketState) -> Self {
        Self::of_word(category.word())
    }
}

impl From<TicketState> for StatusKey {
    fn from(category: TicketState) -> Self {
        Self::of_category(category)
    }
}

#[cfg(test)]
mod tests;
