//! What can be wrong with the text of a workflow: a code with its parameters, so that each console says it in its own language, and the
//! same as sentences in English.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is wrong with a workflow's text. Codes are stable; new ones may be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "code", content = "params", rename_all = "snake_case")]
pub enum WorkflowFlaw {
    /// The text is too long.
    TooLong {
        /// Its octets.
        octets: usize,
        /// At most.
        most: usize,
    },
    /// It is no TOML.
    NotToml {
        /// What the reader of TOML says, in English.
        detail: String,
    },
    /// A key that does not belong there.
    UnknownKey {
        /// What it stands in.
        part: WorkflowPart,
        /// The key.
        key: String,
        /// What belongs there.
        choices: Vec<String>,
    },
    /// There is no such type of ticket.
    UnknownType {
        /// As written.
        key: String,
        /// The types.
        choices: Vec<String>,
    },
    /// A type of ticket is not named.
    TypeMissing {
        /// Which.
        key: String,
    },
    /// A type names a field that there is not.
    UnknownField {
        /// Which.
        key: String,
    },
    /// A field has no name.
    FieldWithoutName,
    /// Only fields of kind choice have words to choose from, and they must.
    ChoicesMisfit,
    /// A workflow has no states.
    NoStates,
    /// A workflow has too many states.
    TooManyStates {
        /// Its states.
        count: usize,
        /// At most.
        most: usize,
    },
    /// A workflow has no moves.
    NoMoves,
    /// The moves are no list of tables.
    MovesNoList,
    /// A workflow has too many moves.
    TooManyMoves {
        /// Its moves.
        count: usize,
        /// At most.
        most: usize,
    },
    /// A state has no category.
    NoCategory {
        /// The categories.
        choices: Vec<String>,
    },
    /// A state says after how long it ends or what then, and not both.
    HalfTimer,
    /// Nothing that a guard can ask for.
    NotARequirement {
        /// As written.
        word: String,
    },
    /// A type has no workflow.
    NoWorkflow,
    /// There is no such workflow.
    UnknownWorkflow {
        /// As written.
        key: String,
        /// The workflows.
        choices: Vec<String>,
    },
    /// Something is no table of entries.
    NotATable {
        /// What.
        key: String,
    },
    /// An entry is no table.
    NotAnEntry {
        /// Which.
        key: String,
    },
    /// The names are no table.
    NamesNoTable,
    /// No language, or no name of its length.
    NotAName {
        /// As written.
        key: String,
        /// Characters at most.
        most: usize,
    },
    /// A move does not say from where or where to.
    NoEnd {
        /// Which: `from` or `to`.
        key: String,
    },
    /// No key.
    NotAKey {
        /// As written.
        text: String,
    },
    /// No text where one belongs.
    NotAText {
        /// Of what.
        key: String,
    },
    /// No text where one belongs, or several.
    NotTexts {
        /// Of what.
        key: String,
    },
    /// None of the words that can stand there.
    NotAChoice {
        /// Of what.
        key: String,
        /// As written.
        text: String,
        /// The words.
        choices: Vec<String>,
    },
    /// Neither true nor false.
    NotTrueOrFalse {
        /// What.
        key: String,
    },
    /// No whole number within the bounds.
    NotAWholeNumber {
        /// What.
        key: String,
        /// At least.
        least: i64,
        /// At most.
        most: i64,
    },
    /// A move names a state that there is not.
    UnknownState {
        /// Which.
        key: String,
        /// The states.
        choices: Vec<String>,
    },
    /// A move begins at a state in which tickets are over.
    MoveFromOver {
        /// Which.
        key: String,
    },
    /// A move leads to a state for tickets that nobody has worked on.
    MoveToNew {
        /// Which.
        key: String,
    },
    /// A move leads to a state that is reached by merging only.
    MoveToMerged {
        /// Which.
        key: String,
    },
    /// A move stands there twice.
    MoveTwice {
        /// From where.
        from: String,
        /// Where to.
        to: String,
    },
    /// A guard asks for a field that there is not.
    UnknownGuardField {
        /// Which.
        key: String,
    },
    /// A state ends by itself in no other state.
    TimerToNowhere {
        /// In which.
        key: String,
        /// The states.
        choices: Vec<String>,
    },
    /// A state in which tickets are over does not end by itself.
    OverEndsByItself {
        /// Which.
        key: String,
    },
    /// A workflow has no state of a category that it needs.
    CategoryMissing {
        /// The workflow.
        key: String,
        /// The category.
        category: String,
    },
    /// No move leads to a state.
    Unreached {
        /// Which.
        key: String,
    },
    /// From a state a ticket cannot come to its end.
    NoWayToClosed {
        /// Which.
        key: String,
    },
    /// Moves ask for a field that the type does not have.
    FieldNotOfType {
        /// The type.
        key: String,
        /// The field.
        field: String,
    },
}

/// What of a workflow's text a key stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkflowPart {
    /// The text itself.
    Text,
    /// A field.
    Field,
    /// A workflow.
    Workflow,
    /// A state.
    State,
    /// A move.
    Move,
    /// A type of ticket.
    Type,
}

impl WorkflowPart {
    const fn words(self) -> &'static str {
        match self {
            Self::Text => "the text",
            Self::Field => "a field",
            Self::Workflow => "a workflow",
            Self::State => "a state",
            Self::Move => "a move",
            Self::Type => "a type",
        }
    }
}

impl WorkflowFlaw {
    /// What is wrong, and what would be right.
    pub(super) fn sentences(&self) -> (String, String) {
        const NAMES: &str = "Write names = { en = \"…\", es = \"…\" }";
        let fixed = |message: &str, mend: &str| (message.to_owned(), mend.to_owned());
        match self {
            Self::TooLong { octets, most } => (format!("the text has {octets} octets"), format!("Write at most {most}")),
            Self::NotToml { detail } => {
                (detail.clone(), "Write it as TOML: text in quotes, `key = value`, lists in [ ]".into())
            }
            Self::UnknownKey { part, key, choices } => {
                (format!("{} has no `{key}`", part.words()), format!("Delete it; here belong {}", choices.join(", ")))
            }
            Self::UnknownType { key, choices } => {
                (format!("there is no type `{key}`"), format!("The types are {}", choices.join(", ")))
            }
            Self::TypeMissing { key } => (
                format!("the type {key} is missing"),
                format!("Write [types.{key}] with its workflow; offered = false keeps it out of menus"),
            ),
            Self::UnknownField { key } => {
                (format!("there is no field `{key}`"), format!("Write [fields.{key}], or take it away"))
            }
            Self::FieldWithoutName => fixed("the field has no name", NAMES),
            Self::ChoicesMisfit => fixed(
                "the kind of the field and its choices do not fit",
                "Give a field of kind \"choice\" its words, choices = [\"…\", \"…\"], and no other",
            ),
            Self::NoStates => fixed("the workflow has no states", "Write states.open = { category = \"open\" } and the others"),
            Self::TooManyStates { count, most } => {
                (format!("the workflow has {count} states"), format!("At most {most} can be"))
            }
            Self::NoMoves => fixed("the workflow has no moves", "Write [[workflows.<key>.moves]] with from and to"),
            Self::MovesNoList => fixed("`moves` is no list of tables", "Write [[workflows.<key>.moves]]"),
            Self::TooManyMoves { count, most } => (format!("the workflow has {count} moves"), format!("At most {most} can be")),
            Self::NoCategory { choices } => {
                ("the state has no category".into(), format!("Write category = one of {}", choices.join(", ")))
            }
            Self::HalfTimer => fixed(
                "only one of after_hours and then",
                "A state that ends by itself has both, after_hours = 168 and then = \"closed\"",
            ),
            Self::NotARequirement { word } => (
                format!("`{word}` is no fact of a ticket"),
                "Write owner, queue, customer, disposition, or field. and a field's key".into(),
            ),
            Self::NoWorkflow => fixed("the type has no workflow", "Write workflow = \"…\", one of [workflows.<key>]"),
            Self::UnknownWorkflow { key, choices } => {
                (format!("there is no workflow `{key}`"), format!("Write one of: {}", choices.join(", ")))
            }
            Self::NotATable { key } => (format!("`{key}` is no table"), format!("Write [{key}.<key>]")),
            Self::NotAnEntry { key } => (format!("`{key}` is no table"), "Write { … } behind it".into()),
            Self::NamesNoTable => fixed("`names` is no table", NAMES),
            Self::NotAName { key, most } => {
                (format!("`{key}` is no name in a language"), format!("{NAMES}, of 1 to {most} characters each"))
            }
            Self::NoEnd { key } => (format!("the move has no `{key}`"), format!("Write {key} = \"open\", or several in [ ]")),
            Self::NotAKey { text } => {
                (format!("`{text}` is no key"), "A key has 1 to 40 of a-z 0-9 - _ . and begins with a letter or digit".into())
            }
            Self::NotAText { key } => (format!("`{key}` is no text"), "Write it in quotes".into()),
            Self::NotTexts { key } => (format!("`{key}` is no text"), "Write it in quotes, several in [ ]".into()),
            Self::NotAChoice { key, text, choices } => {
                (format!("`{key}` cannot be \"{text}\""), format!("Write one of {}", choices.join(", ")))
            }
            Self::NotTrueOrFalse { key } => {
                (format!("`{key}` is neither true nor false"), "Write true or false, without quotes".into())
            }
            Self::NotAWholeNumber { key, least, most } => {
                (format!("`{key}` is not what it can be"), format!("Write a whole number from {least} to {most}"))
            }
            Self::UnknownState { key, choices } => {
                (format!("there is no state `{key}`"), format!("Write one of: {}", choices.join(", ")))
            }
            Self::MoveFromOver { key } => (
                format!("a ticket in `{key}` is over and cannot move"),
                "Take the move away, or give the state another category".into(),
            ),
            Self::MoveToNew { key } => {
                (format!("`{key}` is for tickets that nobody has worked on"), "Move it to open instead".into())
            }
            Self::MoveToMerged { key } => (format!("`{key}` is reached by merging only"), "Take the move away".into()),
            Self::MoveTwice { from, to } => {
                (format!("the move from `{from}` to `{to}` stands there twice"), "Keep one of the two".into())
            }
            Self::UnknownGuardField { key } => (
                format!("the guard asks for a field `{key}` that there is not"),
                format!("Write [fields.{key}], or take it out of requires"),
            ),
            Self::TimerToNowhere { key, choices } => {
                (format!("then = \"{key}\" is no other state"), format!("Write one of: {}", choices.join(", ")))
            }
            Self::OverEndsByItself { key } => {
                (format!("`{key}` is over and does not end by itself"), "Take after_hours and then away".into())
            }
            Self::CategoryMissing { key, category } => (
                format!("the workflow `{key}` has no state of category {category}"),
                format!("Write states.{category} = {{ category = \"{category}\" }}"),
            ),
            Self::Unreached { key } => {
                (format!("no move leads to the state `{key}`"), "Write a move to it, or take the state away".into())
            }
            Self::NoWayToClosed { key } => (
                format!("from the state `{key}` there is no way to closed"),
                "Write moves that lead from it to a state of category closed".into(),
            ),
            Self::FieldNotOfType { key, field } => (
                format!("moves of {key} ask for the field `{field}`, which the type does not have"),
                format!("Write fields = [\"{field}\"] in [types.{key}]"),
            ),
        }
    }
}
