//! `centralita config`: shows or checks the settings.

use serde_json::json;

use super::{Failure, SettingArguments};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Writes a sample file with every setting, its meaning and its default.
    Print,
    /// Reads the settings as `serve` would and tells every mistake.
    Check {
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
}

pub fn run(command: &Command, settings: &SettingArguments) -> Result<(), Failure> {
    match command {
        Command::Print => {
            print!("{}", crate::config::sample());
            Ok(())
        }
        Command::Check { json: true } => {
            let result = settings.load();
            let mistakes = match &result {
                Err(Failure::Settings(mistakes)) => mistakes.as_slice(),
                _ => &[],
            };
            let lines: Vec<_> =
                mistakes.iter().map(|m| json!({"place": m.place, "message": m.message, "mend": m.mend})).collect();
            println!("{}", json!({"ok": lines.is_empty(), "mistakes": lines}));
            result.map(|_| ())
        }
        Command::Check { json: false } => {
            settings.load()?;
            eprintln!("The settings are good.");
            Ok(())
        }
    }
}
