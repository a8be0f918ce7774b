//! IVR flows: `script` the model, `flow` the interpreter.
//! A flow decides what a caller hears and where the call goes; it does not know legs, playbacks or queues' inner life.

mod check;
mod dialogue;
mod flow;
mod mistake;
mod read;
mod script;
mod shape;
mod silence;
#[cfg(test)]
mod tests;
mod walk;

pub use check::{Checked, FILE_BYTES_MAX, LineFolder, NO_FLOWS, Surroundings, check_line};
pub use dialogue::{DialogueReport, end_text, run_dialogue};
pub use flow::{FlowEffect, FlowEnd, FlowFacts, FlowInput, FlowRun, KnownCaller};
pub use mistake::{Mistake, Severity};
pub use script::{Exit, Flow, Fragment, Input, KeyTarget, LanguageStep, Line, Node, Prompt, Recording, ScriptBook, Step};
pub use walk::{Coverage, Walk, Wandering, World, wander};
