//! A mistake in a flow file: where, what, and how to mend it.

use std::{fmt, ops::Range};

use serde::Serialize;
use utoipa::ToSchema;

/// Something in a file that must or should be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Mistake {
    /// The file, from the folder of all lines: `main-menu/flow.toml`.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// A line with an error is not published; a warning is only said.
    pub severity: Severity,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub mend: String,
}

/// How bad a mistake is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The line is not published.
    Error,
    /// It works, but perhaps not as meant.
    Warning,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}:{}:{}: {severity}: {}; {}", self.file, self.line, self.column, self.what, self.mend)
    }
}

/// Gathers the mistakes of one file and turns byte positions into lines and columns.
#[derive(Debug)]
pub(super) struct Notes<'a> {
    file: String,
    text: &'a str,
    pub(super) mistakes: Vec<Mistake>,
}

impl<'a> Notes<'a> {
    pub(super) fn new(file: String, text: &'a str) -> Self {
        Self { file, text, mistakes: Vec::new() }
    }

    pub(super) fn error(&mut self, span: &Range<usize>, what: impl Into<String>, mend: impl Into<String>) {
        self.add(Severity::Error, span, what.into(), mend.into());
    }

    pub(super) fn warning(&mut self, span: &Range<usize>, what: impl Into<String>, mend: impl Into<String>) {
        self.add(Severity::Warning, span, what.into(), mend.into());
    }

    fn add(&mut self, severity: Severity, span: &Range<usize>, what: String, mend: String) {
        let before = self.text.get(..span.start.min(self.text.len())).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
        self.mistakes.push(Mistake { file: self.file.clone(), line, column, severity, what, mend });
    }
}

/// ``; did you mean `x`?`` for the candidate that is nearest to what was written, if one is near.
pub(super) fn did_you_mean<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (distance(written, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edits between two words (Levenshtein), on the first 40 characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(40).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().take(40).enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (cb, &above) in b.iter().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(ca != *cb)).min(above + 1).min(left + 1);
            diagonal = above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_another_word_is_not() {
        assert_eq!(did_you_mean("timout", ["prompt", "timeout"]), Some("timeout"));
        assert_eq!(did_you_mean("colour", ["prompt", "timeout"]), None);
    }

    #[test]
    fn a_place_is_counted_in_characters() {
        let text = "a = 1\nñ = ñ2\n";
        let mut notes = Notes::new("x.toml".into(), text);
        let at = text.find('2').unwrap_or(0);
        notes.error(&(at..at + 1), "w", "m");
        assert_eq!(notes.mistakes.first().map(|m| (m.line, m.column)), Some((2, 6)));
    }
}
