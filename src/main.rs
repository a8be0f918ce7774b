//! Arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    centralita::cli::run(centralita::cli::Cli::parse())
}
