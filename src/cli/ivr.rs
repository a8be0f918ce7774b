//! `centralita ivr`: IVR lines from their files.

use std::{
    fmt::Display,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Serialize;

use super::{Failure, SettingArguments};
use crate::{
    app::ivr::{self, NoSuchLine, ScriptFiles},
    config::Mistake,
    domain::{directory::Directory, ivr::Line},
    store::peek,
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Folder of the lines.
    #[arg(long, global = true, value_name = "DIR", default_value = "ivr-scripts")]
    scripts: PathBuf,
    /// One JSON object on standard output.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Tells what is wrong with the lines, with place and mend. Queues and hours are looked up in the centre of `--data`, whether a
    /// server runs on it or not.
    Check {
        /// Only this line.
        line: Option<String>,
    },
    /// Runs the dialogues that are written beside the lines.
    Test {
        /// Only this line.
        line: Option<String>,
    },
    /// Draws a line as a Mermaid flow chart.
    Graph {
        /// Which.
        line: String,
    },
    /// Compares a line with the same line in another folder.
    Diff {
        /// Which.
        line: String,
        /// The other folder.
        #[arg(value_name = "DIR")]
        after: PathBuf,
    },
    /// Walks through a line in the terminal, in the caller's place.
    Walk {
        /// Which.
        line: String,
        /// Language that the call begins with; the line's first when not given.
        #[arg(long)]
        language: Option<String>,
    },
    /// Writes the JSON Schema of flow files.
    Schema,
}

pub fn run(arguments: &Arguments, settings: &SettingArguments) -> Result<(), Failure> {
    let files = || read(&arguments.scripts);
    match &arguments.command {
        Command::Schema => {
            print!("{}", ivr::schema());
            Ok(())
        }
        Command::Check { line } => {
            let directory = directory(settings)?;
            let report = ivr::check(&files()?, line.as_deref(), directory.as_ref()).map_err(no_such_line)?;
            tell(&report, arguments.json, report.is_right())
        }
        Command::Test { line } => {
            let report = ivr::test(&files()?, line.as_deref()).map_err(no_such_line)?;
            tell(&report, arguments.json, report.is_right())
        }
        Command::Graph { line } => {
            let line = right_line(&files()?, line, arguments.json)?;
            print!("{}", ivr::graph(&line));
            Ok(())
        }
        Command::Diff { line, after } => {
            let before = right_line(&files()?, line, arguments.json)?;
            let after = right_line(&read(after)?, line, arguments.json)?;
            let report = ivr::diff(&before, &after);
            tell(&report, arguments.json, report.changes.is_empty())
        }
        Command::Walk { line, language } => {
            let line = right_line(&files()?, line, arguments.json)?;
            let language = language.clone().or_else(|| line.languages.first().map(ToString::to_string)).unwrap_or_default();
            Ok(ivr::walk(&line, &language, io::stdin().lock(), io::stdout().lock()).map_err(anyhow::Error::from)?)
        }
    }
}

/// What is set up in the centre of the data folder, if there is one.
fn directory(settings: &SettingArguments) -> Result<Option<Directory>, Failure> {
    let config = settings.load()?;
    super::block_on(async {
        let read = peek::directory(&config.store, &settings.data).await;
        read.map_err(|fault| Failure::Unavailable(format!("The centre's queues and hours cannot be read: {fault}.")))
    })
}

fn read(folder: &Path) -> Result<ScriptFiles, Failure> {
    ScriptFiles::read(folder).map_err(|error| {
        Failure::Settings(vec![Mistake {
            place: "--scripts".into(),
            message: format!("the lines cannot be read: {error}"),
            mend: "Name the folder that holds one folder per line".into(),
        }])
    })
}

fn right_line(files: &ScriptFiles, name: &str, is_json: bool) -> Result<Arc<Line>, Failure> {
    match ivr::line(files, name).map_err(no_such_line)? {
        Ok(line) => Ok(line),
        Err(report) => tell(&report, is_json, false).and(Err(Failure::Findings)),
    }
}

/// For programs on standard output, for people on standard error.
fn tell(report: &(impl Serialize + Display), is_json: bool, is_right: bool) -> Result<(), Failure> {
    if is_json {
        println!("{}", serde_json::to_string(report).map_err(anyhow::Error::from)?);
    }
    eprint!("{report}");
    if is_right { Ok(()) } else { Err(Failure::Findings) }
}

fn no_such_line(fault: NoSuchLine) -> Failure {
    Failure::Settings(vec![Mistake {
        place: fault.wanted.clone(),
        message: fault.to_string(),
        mend: "Name one of them".into(),
    }])
}
