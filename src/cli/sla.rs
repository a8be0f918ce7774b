//! `centralita sla`: files of SLA cases, answered and compared.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::json;

use super::Failure;
use crate::{app::sla_cases::CaseFile, config::Mistake, domain::calendar::zone_data_version};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// JSON lines on standard output.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Answers every case of a file, one line each.
    Solve {
        /// Cases in the schema `sla-cases/1`.
        #[arg(value_name = "FILE.json")]
        file: PathBuf,
    },
    /// Answers every case of a file and tells where an answer differs from what the case expects.
    Check {
        /// Cases in the schema `sla-cases/1`.
        #[arg(value_name = "FILE.json")]
        file: PathBuf,
    },
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Solve { file } => solve(&read(file)?, arguments.json),
        Command::Check { file } => check(&read(file)?, arguments.json),
    }
}

fn solve(file: &CaseFile, is_json: bool) -> Result<(), Failure> {
    let answers = file.solve();
    let mut lines = Vec::with_capacity(answers.len());
    for answer in &answers {
        lines.push(if is_json { json_line(answer)? } else { format!("{answer}\n") });
        for kind in &answer.unknown_events {
            eprintln!("{}: no clock knows events of type {kind:?}; passed over", answer.id);
        }
        if let Some(complaint) = &answer.complaint {
            eprintln!("{}: {complaint}", answer.id);
        }
    }
    print!("{}", lines.concat());
    if answers.iter().any(|answer| answer.complaint.is_some()) { Err(Failure::Findings) } else { Ok(()) }
}

fn check(file: &CaseFile, is_json: bool) -> Result<(), Failure> {
    let verdicts = file.check();
    let failed: Vec<_> = verdicts.iter().filter(|verdict| !verdict.passed).collect();
    let counts = format!("{} passed, {} failed", verdicts.len() - failed.len(), failed.len());
    let mut lines = Vec::with_capacity(failed.len() + 1);
    for verdict in &failed {
        if is_json {
            lines.push(json_line(verdict)?);
        } else {
            lines.push(format!("{}: expected {}, got {}", verdict.id, verdict.expected, json_line(&verdict.got)?));
        }
        if let Some(complaint) = &verdict.complaint {
            eprintln!("{}: {complaint}", verdict.id);
        }
    }
    if is_json {
        lines.push(json_line(&json!({ "passed": verdicts.len() - failed.len(), "failed": failed.len() }))?);
        eprintln!("{counts}");
    } else {
        lines.push(format!("{counts}\n"));
    }
    print!("{}", lines.concat());
    if failed.is_empty() { Ok(()) } else { Err(Failure::Findings) }
}

fn read(file: &Path) -> Result<CaseFile, Failure> {
    let wrong = |message: String| {
        let mend = "Name a JSON file with `calendars` and `cases`".into();
        Failure::Settings(vec![Mistake { place: file.display().to_string(), message, mend }])
    };
    let text = std::fs::read_to_string(file).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let cases = CaseFile::read(&text).map_err(|error| wrong(format!("is no file of cases: {error}")))?;
    eprintln!("{} cases, time-zone data {}", cases.len(), zone_data_version());
    Ok(cases)
}

fn json_line(value: &impl Serialize) -> Result<String, Failure> {
    Ok(serde_json::to_string(value).map_err(anyhow::Error::from)? + "\n")
}
