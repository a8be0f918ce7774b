//! IVR flows: what a caller hears before a person answers, and where the call goes.
//!
//! `read` turns the files of a line into the model (`script`; `shape` is the table of its keys), `check` and `silence` find what is
//! wrong with it, `flow` carries it out for one call. `walk` plays a caller, `dialogue` runs the walks that a line must allow;
//! `graph`, `diff` and `schema` show it to people and editors. Nothing here opens a file or knows a leg, a playback or a queue's
//! inner life.

mod check;
mod dialogue;
mod diff;
mod flow;
mod graph;
mod mistake;
mod read;
mod schema;
mod script;
mod shape;
mod silence;
#[cfg(test)]
mod tests;
mod walk;

pub use check::{Checked, FILE_BYTES_MAX, LineFolder, NO_FLOWS, Surroundings, check_line};
pub use dialogue::{DialogueReport, end_text, run_dialogue};
pub use diff::{Change, diff};
pub use flow::{FlowEffect, FlowEnd, FlowFacts, FlowInput, FlowRun, KnownCaller};
pub use graph::mermaid;
pub use mistake::{Mistake, Severity};
pub use schema::json_schema;
pub use script::{
    Exit, Flow, Fragment, Input, KeyTarget, Labels, LanguageStep, Line, Node, Prompt, Recording, ScriptBook, Step,
};
pub use walk::{Coverage, Walk, Wandering, World, wander};
