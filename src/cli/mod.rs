//! The command line: what can be asked of the binary, and the exit codes of its answers.

mod config;
mod copies;
mod demo;
mod import;
mod ivr;
mod openapi;
mod routing;
mod serve;
mod simulate;
mod sla;
mod user;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::{Args, Parser, Subcommand};

use crate::config::{Config, Mistake, Sources};

/// Contact centre: telephone exchange, IVR, queues, agents, tickets.
#[derive(Debug, Parser)]
#[command(name = "centralita", version, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    settings: SettingArguments,
    #[command(subcommand)]
    command: Command,
}

/// Where settings and the data are.
#[derive(Debug, Args)]
struct SettingArguments {
    /// Settings file; `centralita config print` writes a sample.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data folder.
    #[arg(long, global = true, value_name = "DIR", default_value = "./data")]
    data: PathBuf,
    /// One setting, stronger than file and environment; may be repeated.
    #[arg(long = "set", global = true, value_name = "SECTION.KEY=VALUE")]
    set: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server until SIGTERM or SIGINT.
    Serve,
    /// Runs the sample centre; an empty data folder is filled with it first.
    Demo,
    /// Makes users, sets passwords, makes tokens for programs. The server must not run on the same data folder.
    #[command(subcommand)]
    User(user::Command),
    /// Brings the database to this version and ends.
    Migrate,
    /// Copies the database into a new file, while a server runs on it or not.
    Backup(copies::Arguments),
    /// Puts a copy in the place of the database; no server may run on it.
    Restore(copies::Arguments),
    /// Reads customers from a file.
    #[command(subcommand)]
    Import(import::Command),
    /// Checks, tests, draws, compares and walks IVR lines.
    Ivr(ivr::Arguments),
    /// Answers and checks files of SLA cases: deadlines over business hours, pauses and clock changes.
    Sla(sla::Arguments),
    /// Tells what a staffing would do: by Erlang C and Erlang A, and on days simulated on the floor that routes calls.
    Simulate(simulate::Arguments),
    /// Makes recorded decisions of the matcher again.
    #[command(subcommand)]
    Routing(routing::Command),
    /// Shows or checks the settings.
    #[command(subcommand)]
    Config(config::Command),
    /// Writes the OpenAPI 3.1 description of the REST interface and of the sockets' messages.
    Openapi(openapi::Command),
}

/// Why a command ended without success; each kind has its exit code.
#[derive(Debug)]
pub enum Failure {
    /// 1: the check found something; it has been told.
    Findings,
    /// 2: usage or settings.
    Settings(Vec<Mistake>),
    /// 3: a port, the data folder or the database cannot be had; a sentence for people.
    Unavailable(String),
    /// 70: a fault of ours.
    Fault(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(cause: anyhow::Error) -> Self {
        Self::Fault(cause)
    }
}

impl SettingArguments {
    fn load(&self) -> Result<Config, Failure> {
        let sources =
            Sources { file: self.config.clone(), environment: std::env::vars().collect(), arguments: self.set.clone() };
        crate::config::load(&sources).map_err(Failure::Settings)
    }
}

/// Does what the command line asks.
pub fn run(cli: Cli) -> ExitCode {
    keep_files_private();
    if !matches!(cli.command, Command::Serve | Command::Demo) {
        end_when_nobody_reads();
    }
    let result = match &cli.command {
        Command::Serve => serve::run(&cli.settings),
        Command::Demo => demo::run(&cli.settings),
        Command::User(command) => user::run(command, &cli.settings),
        Command::Migrate => migrate(&cli.settings),
        Command::Backup(arguments) => copies::backup(arguments, &cli.settings),
        Command::Restore(arguments) => copies::restore(arguments, &cli.settings),
        Command::Import(command) => import::run(command, &cli.settings),
        Command::Ivr(arguments) => ivr::run(arguments, &cli.settings),
        Command::Sla(arguments) => sla::run(arguments),
        Command::Simulate(arguments) => simulate::run(arguments),
        Command::Routing(command) => routing::run(command, &cli.settings),
        Command::Config(command) => config::run(command, &cli.settings),
        Command::Openapi(command) => openapi::run(command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&failure),
    }
}

/// Database, backups, keys and waiting facts are for this user alone: they hold password hashes and customers' data.
fn keep_files_private() {
    // SAFETY: sets one number of this process; no other thread runs yet.
    #[allow(unsafe_code, reason = "the standard library has no umask")]
    unsafe {
        libc::umask(0o077)
    };
}

/// A small command ends like any other when its reader does (`centralita openapi | head -1`). A server does not: it has callers.
fn end_when_nobody_reads() {
    // SAFETY: puts one signal back to what it was before the Rust runtime; no other thread runs yet.
    #[allow(unsafe_code, reason = "the standard library ignores SIGPIPE and has no way back")]
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL)
    };
}

/// Opening the database brings it up to date.
fn migrate(settings: &SettingArguments) -> Result<(), Failure> {
    let config = settings.load()?;
    block_on(async {
        let ground = crate::server::Ground::open(&config, &settings.data).await?;
        eprintln!("The database {} is at this version.", ground.db.place());
        ground.db.close().await;
        Ok(())
    })
}

/// Work on blocking threads that outlives its command may take so long; then the process ends without it.
const BLOCKING_END_MAX: Duration = Duration::from_millis(500);

/// Threads for the commands that wait for something.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(anyhow::Error::from)?;
    let result = runtime.block_on(work);
    runtime.shutdown_timeout(BLOCKING_END_MAX);
    result
}

/// Tells people why, on standard error.
fn report(failure: &Failure) -> ExitCode {
    match failure {
        Failure::Findings => ExitCode::from(1),
        Failure::Settings(mistakes) => {
            for mistake in mistakes {
                eprintln!("{mistake}");
            }
            ExitCode::from(2)
        }
        Failure::Unavailable(sentence) => {
            eprintln!("{sentence}");
            ExitCode::from(3)
        }
        Failure::Fault(cause) => {
            eprintln!("A fault of the server's own: {cause:#}");
            ExitCode::from(70)
        }
    }
}
