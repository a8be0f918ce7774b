//! `centralita openapi`: the description from which the console's types are generated.

use std::path::PathBuf;

use anyhow::Context;

use super::Failure;

#[derive(Debug, clap::Args)]
pub struct Command {
    /// Writes here instead of to standard output.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

pub fn run(command: &Command) -> Result<(), Failure> {
    let text = crate::server::openapi_json();
    match &command.file {
        Some(path) => std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))?,
        None => print!("{text}"),
    }
    Ok(())
}
