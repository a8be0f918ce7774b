//! What is wrong with one value that somebody wants to save. Use cases report all of them at once.

use std::fmt;

/// What is wrong with one field, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// Path in what was sent, for example `skills[1].level`.
    pub field: String,
    /// What is wrong.
    pub problem: String,
    /// What would be right.
    pub mend: String,
}

impl fmt::Display for FieldProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}. {}", self.field, self.problem, self.mend)
    }
}

/// Collects what is wrong.
#[derive(Debug, Default)]
pub struct Problems(Vec<FieldProblem>);

impl Problems {
    /// Notes a problem.
    pub fn add(&mut self, field: impl Into<String>, problem: impl Into<String>, mend: impl Into<String>) {
        self.0.push(FieldProblem { field: field.into(), problem: problem.into(), mend: mend.into() });
    }

    /// Notes a problem unless all is well.
    pub fn unless(&mut self, is_well: bool, field: &str, problem: &str, mend: &str) {
        if !is_well {
            self.add(field, problem, mend);
        }
    }

    /// A name that people read: something, of one line, not endless.
    pub fn name(&mut self, field: &str, text: &str) {
        let length = text.trim().chars().count();
        self.unless((1..=100).contains(&length), field, "not a name", "Write 1 to 100 characters");
        self.unless(!text.chars().any(char::is_control), field, "has control characters", "Write one line of plain text");
    }

    /// A number within bounds.
    pub fn within(&mut self, field: &str, value: i64, least: i64, most: i64) {
        self.unless(
            (least..=most).contains(&value),
            field,
            &format!("{value} is out of range"),
            &format!("Use {least} to {most}"),
        );
    }

    /// Nothing, or everything that is wrong.
    pub fn into_result(self) -> Result<(), Vec<FieldProblem>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}

/// All problems in one sentence per field.
pub fn sentences(problems: &[FieldProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
