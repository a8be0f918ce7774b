//! `centralita routing`: the decisions of a recorded day, made again.

use std::path::{Path, PathBuf};

use jiff::{civil::Date, tz::TimeZone};
use serde_json::json;

use super::{Failure, SettingArguments};
use crate::{
    app::{
        replay::{Again, Asked, Counts, replay},
        what_if::{self, Comparison, read_changes},
    },
    config::{Config, Mistake},
    domain::{
        centre::{Setup, Verdict},
        directory::Directory,
    },
    store::{StoreFault, peek::Look, recorded::recorded, sights::SIGHT_DAYS},
    types::{QueueId, Timestamp},
};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Makes every decision of a recorded day again, by what the matcher saw then, and tells where one comes out otherwise. Reads only;
    /// a server may run on the database.
    Replay(Arguments),
}

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The day, in the centre's time zone.
    #[arg(long, value_name = "YYYY-MM-DD", required_unless_present = "from", conflicts_with_all = ["from", "to"])]
    day: Option<Date>,
    /// The first moment, for example 2026-03-02T08:00:00Z.
    #[arg(long, value_name = "TIME", requires = "to")]
    from: Option<Timestamp>,
    /// The moment before which it ends.
    #[arg(long, value_name = "TIME", requires = "from")]
    to: Option<Timestamp>,
    /// Tells of the decisions of this queue only.
    #[arg(long, value_name = "QUEUE")]
    queue: Option<QueueId>,
    /// Goes through the time with other queues and agents instead, and compares: TOML with [[queue]] and [[agents]], see the README.
    #[arg(long, value_name = "FILE", conflicts_with = "queue")]
    what_if: Option<PathBuf>,
    /// Seed of what is drawn where nothing is recorded, such as the patience of callers who were answered.
    #[arg(long, value_name = "N", default_value = "1")]
    seed: u64,
    /// JSON lines on standard output: one for each decision, then the counts.
    #[arg(long)]
    json: bool,
}

pub fn run(command: &Command, settings: &SettingArguments) -> Result<(), Failure> {
    let Command::Replay(arguments) = command;
    let config = settings.load()?;
    super::block_on(async {
        let mut look = open(&config, settings).await?;
        let result = carry_out(arguments, &mut look).await;
        look.close().await.map_err(unavailable)?;
        result
    })
}

async fn open(config: &Config, settings: &SettingArguments) -> Result<Look, Failure> {
    let look = Look::open(&config.store, &settings.data).await.map_err(unavailable)?;
    look.ok_or_else(|| {
        let folder = settings.data.display();
        Failure::Unavailable(format!("There is no database in {folder}. Name the folder of the server with --data."))
    })
}

async fn carry_out(arguments: &Arguments, look: &mut Look) -> Result<(), Failure> {
    let directory = look.directory().await.map_err(unavailable)?;
    let zone = TimeZone::get(&directory.centre.time_zone).unwrap_or(TimeZone::UTC);
    let asked = asked(arguments, &zone)?;
    if let Some(file) = &arguments.what_if {
        let comparison = compare(look, &directory, &asked, file, arguments.seed).await?;
        if arguments.json {
            println!("{}", json!(comparison));
        } else {
            print!("{comparison}");
        }
        return Ok(());
    }
    if let Some(queue) = asked.queue.as_ref().filter(|queue| !directory.queues.contains_key(*queue)) {
        // A queue that is no more may have had calls then.
        eprintln!("No queue {queue} is set up now; its recorded decisions are told if there are any.");
    }
    let is_json = arguments.json;
    let counts = replay(look, &asked, |again| if is_json { println!("{}", json!(again)) } else { println!("{}", line(again)) });
    let counts = counts.await.map_err(unavailable)?;
    if is_json {
        println!("{}", json!(counts));
    }
    eprintln!("{}", summary(counts));
    if counts.differ > 0 {
        Err(Failure::Findings)
    } else if counts.unknown > 0 && counts.identical == 0 {
        Err(Failure::Unavailable(format!(
            "Of none of these decisions it is written down what the matcher saw: that is kept for {SIGHT_DAYS} days, and not by earlier versions."
        )))
    } else {
        Ok(())
    }
}

/// The recorded time, gone through as it was and as it would be.
async fn compare(look: &mut Look, directory: &Directory, asked: &Asked, file: &Path, seed: u64) -> Result<Comparison, Failure> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| {
        let mend = "Name a TOML file with [[queue]] or [[agents]]";
        Failure::Settings(vec![mistake(&name, format!("cannot be read: {error}"), mend)])
    })?;
    let found = recorded(look, asked.from, asked.to).await.map_err(unavailable)?;
    let found =
        found.ok_or_else(|| Failure::Unavailable("Too much is recorded of this time. Ask for a shorter one.".into()))?;
    if found.visits.is_empty() {
        return Err(Failure::Unavailable("Nobody came to a queue in this time.".into()));
    }
    let setup = found.setup.clone().unwrap_or_else(|| {
        eprintln!("What was set up then is not written down; the queues and agents of now are taken.");
        Setup::of(directory)
    });
    let changed = read_changes(&text, &setup).map_err(|mistakes| {
        let placed = mistakes.into_iter();
        Failure::Settings(placed.map(|wrong| mistake(&format!("{name}:{}", wrong.line), wrong.message, &wrong.mend)).collect())
    })?;
    Ok(what_if::compare(&found, setup, &changed, (asked.from, asked.to), seed))
}

fn asked(arguments: &Arguments, zone: &TimeZone) -> Result<Asked, Failure> {
    let queue = arguments.queue.clone();
    if let (Some(from), Some(to)) = (arguments.from, arguments.to) {
        if from >= to {
            let message = format!("{from} is not before --to {to}");
            return Err(Failure::Settings(vec![mistake("--from", message, "Give the earlier moment as --from")]));
        }
        return Ok(Asked { from, to, queue });
    }
    // clap has asked for one of both.
    let day = arguments.day.unwrap_or_default();
    let border = |day: Date| Some(Timestamp::from_millis(day.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond()));
    let borders = border(day).zip(day.tomorrow().ok().and_then(border));
    let (from, to) = borders.ok_or_else(|| {
        Failure::Settings(vec![mistake("--day", format!("{day} is out of range"), "Name a day on which calls were taken")])
    })?;
    Ok(Asked { from, to, queue })
}

fn line(again: &Again) -> String {
    let Again { at, call, queue, agent, verdict } = again;
    let said = match verdict {
        Verdict::Identical => "OK".to_owned(),
        Verdict::Differs { what, recorded, replayed } => format!("DIFFERS {what}: recorded {recorded}, replayed {replayed}"),
        Verdict::Unknown { why } => format!("UNKNOWN {why}"),
    };
    format!("{at} {call} {queue} -> {agent}: {said}")
}

fn summary(counts: Counts) -> String {
    let Counts { decisions, identical, differ, unknown } = counts;
    let cannot = if unknown > 0 { format!(", {unknown} cannot be made again") } else { String::new() };
    format!("{decisions} decisions, {identical} identical, {differ} differ{cannot}")
}

fn mistake(place: &str, message: String, mend: &str) -> Mistake {
    Mistake { place: place.into(), message, mend: mend.into() }
}

fn unavailable(fault: StoreFault) -> Failure {
    let text = fault.to_string();
    if text.contains("routing_sight") {
        let mend = "Run `centralita migrate`, or start this version on it";
        return Failure::Unavailable(format!(
            "The database is of an earlier version, which does not keep what the matcher saw. {mend}."
        ));
    }
    Failure::Unavailable(format!("The journal cannot be read: {text}."))
}
