//! IVR flows: `script` the model, `flow` the interpreter.
//! A flow decides what a caller hears and where the call goes; it does not know legs, playbacks or queues' inner life.

mod flow;
mod script;

pub use flow::{FlowEffect, FlowEnd, FlowFacts, FlowInput, FlowRun, KnownCaller};
pub use script::{Flow, Fragment, Input, KeyTarget, LanguageStep, Line, Node, Prompt, Recording, ScriptBook, Step};
