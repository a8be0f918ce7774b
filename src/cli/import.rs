//! `centralita import customers`: the same import as the console's, for large files and scripts.

use std::path::PathBuf;

use super::{Failure, SettingArguments};
use crate::{
    app::{
        actor::Actor,
        import::{ImportFault, import_customers},
        spoken::Tongue,
    },
    config::Mistake,
    server::Ground,
};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Reads customers from a CSV file. The server must not run on the same data folder; while it runs, import in the console.
    Customers {
        /// First line: names of the columns.
        #[arg(value_name = "FILE.csv")]
        file: PathBuf,
        /// Only says what would become of each row.
        #[arg(long)]
        dry_run: bool,
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
}

pub fn run(command: &Command, settings: &SettingArguments) -> Result<(), Failure> {
    let Command::Customers { file, dry_run, json } = command;
    let config = settings.load()?;
    let wrong = |message: String, mend: &str| {
        Failure::Settings(vec![Mistake { place: file.display().to_string(), message, mend: mend.into() }])
    };
    let bytes = std::fs::read(file).map_err(|error| wrong(format!("cannot be read: {error}"), "Name an existing CSV file"))?;
    let report = super::block_on(async {
        let ground = Ground::open(&config, &settings.data).await?;
        let operator = Actor::operator().map_err(anyhow::Error::from)?;
        let result = import_customers(&ground.customers, &operator, &bytes, *dry_run, Tongue::English).await;
        ground.db.close().await;
        result.map_err(|fault| match fault {
            ImportFault::File(problem) => wrong(problem.message, &problem.mend),
            ImportFault::Stopped { .. } => Failure::Unavailable(format!("The import {fault}.")),
            ImportFault::Forbidden(_) => Failure::Fault(anyhow::anyhow!("{fault}")),
        })
    })?;
    if *json {
        println!("{}", serde_json::to_string(&report).map_err(anyhow::Error::from)?);
    }
    let verb = if report.is_dry_run { "would be stored" } else { "stored" };
    eprintln!(
        "{} rows: {} {verb}, {} left out as duplicates, {} as wrong.",
        report.rows, report.taken, report.duplicates, report.wrong
    );
    if let Some(rows) = &report.error_file {
        let beside = file.with_extension("errors.csv");
        std::fs::write(&beside, rows).map_err(anyhow::Error::from)?;
        eprintln!("The rows left out, each with its reason, are in {}.", beside.display());
    }
    if report.duplicates + report.wrong > 0 { Err(Failure::Findings) } else { Ok(()) }
}
