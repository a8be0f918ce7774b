//! `centralita serve`: runs a node until it is told to stop.

use std::io::IsTerminal as _;

use super::{Failure, SettingArguments};
use crate::{
    config::{Config, Log, LogFormat},
    server::{self, Ground},
};

/// Opens, serves, stops.
pub fn run(settings: &SettingArguments) -> Result<(), Failure> {
    let config = settings.load()?;
    start_log(&config.log)?;
    super::block_on(serve(config, settings))
}

async fn serve(config: Config, settings: &SettingArguments) -> Result<(), Failure> {
    let ground = Ground::open(&config, &settings.data).await?;
    server::serve(config, ground, server::say).await.map(|_| ())
}

/// Logs to standard error, so that standard output stays for programs.
pub fn start_log(log: &Log) -> Result<(), Failure> {
    let filter = tracing_subscriber::EnvFilter::try_new(&log.level).map_err(anyhow::Error::from)?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    started.map_err(|error| Failure::Fault(anyhow::anyhow!("the log cannot be started: {error}")))
}
