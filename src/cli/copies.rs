//! `centralita backup` and `centralita restore`.

use std::path::PathBuf;

use super::{Failure, SettingArguments};
use crate::store::backup::{self as copies, BackupFault};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The copy: a new file for a backup, an existing one to restore.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Copies the database into a new file, while a server runs on it or not.
pub fn backup(arguments: &Arguments, settings: &SettingArguments) -> Result<(), Failure> {
    let config = settings.load()?;
    let copied =
        super::block_on(async { copies::backup(&config.store, &settings.data, &arguments.file).await.map_err(failure) })?;
    eprintln!("Saved {} bytes in {}.", copied.bytes, arguments.file.display());
    Ok(())
}

/// Puts a copy in the place of the database; no server may run on it.
pub fn restore(arguments: &Arguments, settings: &SettingArguments) -> Result<(), Failure> {
    let config = settings.load()?;
    let copied =
        super::block_on(async { copies::restore(&config.store, &settings.data, &arguments.file).await.map_err(failure) })?;
    eprintln!("Restored {} bytes from {}.", copied.bytes, arguments.file.display());
    if let Some(replaced) = copied.replaced {
        eprintln!("What was there before is kept as {}.", replaced.display());
    }
    Ok(())
}

fn failure(fault: BackupFault) -> Failure {
    Failure::Unavailable(format!("{fault}."))
}
