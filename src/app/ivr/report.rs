//! What the `ivr` commands answer: the same facts as lines for people and as JSON for programs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use serde::Serialize;

use crate::{
    app::directory::FlowNames,
    domain::ivr::{Change, Line, Mistake, ScriptBook, Severity},
    types::LineId,
};

/// The answer of `ivr check`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckReport {
    /// Each line that was looked at.
    pub lines: Vec<LineReport>,
    /// Everything found, line by line.
    pub mistakes: Vec<Mistake>,
    /// What the lines name and nobody could look up, when no centre was at hand.
    pub unchecked: Vec<Unchecked>,
}

/// What a line names that only a centre can know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unchecked {
    /// The line's key.
    pub line: String,
    /// Queues to which it sends calls.
    pub queues: Vec<String>,
    /// Hours for which it asks.
    pub calendars: Vec<String>,
}

/// A line in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineReport {
    /// Key.
    pub line: String,
    /// Content hash; `None` for a line with errors.
    pub version: Option<String>,
    /// Nodes, subflows included.
    pub nodes: usize,
    /// Languages.
    pub languages: Vec<String>,
}

/// The answer of `ivr test`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TestReport {
    /// Walks that went as written.
    pub passed: usize,
    /// Walks that did not, and lines that could not be walked.
    pub failed: usize,
    /// Why.
    pub mistakes: Vec<Mistake>,
    /// Nodes that no walk of the line came to.
    pub untouched: BTreeMap<String, Vec<String>>,
}

/// The answer of `ivr diff`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DiffReport {
    /// Version before.
    pub before: String,
    /// Version after.
    pub after: String,
    /// What changed.
    pub changes: Vec<Change>,
}

impl LineReport {
    pub(super) fn of(id: &LineId, line: Option<&Line>) -> Self {
        let nodes = line.map_or(0, |l| l.main.nodes.len() + l.subflows.values().map(|flow| flow.nodes.len()).sum::<usize>());
        Self {
            line: id.to_string(),
            version: line.map(|line| line.version.to_string()),
            nodes,
            languages: line.map(|line| line.languages.iter().map(ToString::to_string).collect()).unwrap_or_default(),
        }
    }
}

impl Unchecked {
    /// The names in a line; `None` when it needs no centre.
    pub(super) fn of(line: &Line) -> Option<Self> {
        let book = ScriptBook { lines: [(line.id.clone(), Arc::new(line.clone()))].into() };
        let FlowNames { queues, calendars, .. } = FlowNames::of(&book, BTreeMap::new(), BTreeSet::new());
        let unchecked = Self {
            line: line.id.to_string(),
            queues: queues.keys().map(ToString::to_string).collect(),
            calendars: calendars.keys().map(ToString::to_string).collect(),
        };
        (!unchecked.queues.is_empty() || !unchecked.calendars.is_empty()).then_some(unchecked)
    }
}

impl CheckReport {
    /// Whether every line can be published. Warnings do not hinder.
    pub fn is_right(&self) -> bool {
        self.mistakes.iter().all(|mistake| mistake.severity != Severity::Error)
    }
}

impl TestReport {
    /// Whether every walk went as written.
    pub fn is_right(&self) -> bool {
        self.failed == 0 && self.mistakes.iter().all(|mistake| mistake.severity != Severity::Error)
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in &self.mistakes {
            writeln!(f, "{mistake}")?;
        }
        for line in &self.lines {
            match &line.version {
                Some(version) => writeln!(
                    f,
                    "{}: right, {} nodes, {}, version {}",
                    line.line,
                    line.nodes,
                    line.languages.join(" "),
                    version.get(..12).unwrap_or(version)
                )?,
                None => writeln!(f, "{}: not published", line.line)?,
            }
        }
        for Unchecked { line, queues, calendars } in &self.unchecked {
            let names = queues.iter().map(|queue| format!("queue `{queue}`"));
            let names: Vec<_> = names.chain(calendars.iter().map(|calendar| format!("calendar `{calendar}`"))).collect();
            writeln!(
                f,
                "{line}: warning: could not be checked without a centre: {}; name its data folder with --data DIR",
                names.join(", ")
            )?;
        }
        let errors = self.mistakes.iter().filter(|m| m.severity == Severity::Error).count();
        write!(f, "{} lines, {errors} errors, {} warnings", self.lines.len(), self.mistakes.len() - errors)
    }
}

impl fmt::Display for TestReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in &self.mistakes {
            writeln!(f, "{mistake}")?;
        }
        for (line, nodes) in &self.untouched {
            writeln!(f, "{line}: no walk comes to {}", nodes.join(", "))?;
        }
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

impl fmt::Display for DiffReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for change in &self.changes {
            writeln!(f, "{change}")?;
        }
        write!(f, "{} changes", self.changes.len())
    }
}
