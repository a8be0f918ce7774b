//! IVR flows: `script` the model, `check` what makes a script wrong, `flow` the interpreter, `walk` the simulator.

/// Every published flow, by line. Placeholder shape until `script.rs` lands in the next commit of this module.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct ScriptBook {}
