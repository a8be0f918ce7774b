//! `centralita simulate`: what another staffing would do, by formula and on the simulated floor.

use std::{ops::RangeInclusive, path::PathBuf};

use super::Failure;
use crate::{
    app::simulation::{
        AGENTS, ANSWER_SECS_MAX, CALLS_MAX, CALLS_PER_HOUR_MAX, DAYS, HANDLE_SECS, HOURS, PATIENCE_SECS_MAX, Plan,
        PlannedQueue, Run, STAFFINGS_MAX, ServiceLevel, Staffings, WRAP_UP_SHARE, agents_needed, read_plan,
    },
    config::Mistake,
    net::SystemClock,
    types::{Clock, QueueId},
};

/// Numbers of agents on both sides of what the formulas say, when none are named.
const AROUND: u32 = 2;
/// A run that takes longer says how far it is, this often.
const PROGRESS_MS: u64 = 2_000;
/// The one queue of a run without a plan.
const QUEUE: &str = "calls";

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Calls an hour of the one queue.
    #[arg(long, value_name = "N", value_parser = calls, required_unless_present = "plan")]
    calls_per_hour: Option<f64>,
    /// Mean handling time of a call in seconds, talk and wrap-up together.
    #[arg(long, value_name = "SECONDS", value_parser = handle, required_unless_present = "plan")]
    handle_seconds: Option<f64>,
    /// The part of it that is wrap-up, in the mean; a sixth of it when not given.
    #[arg(long, value_name = "SECONDS", value_parser = wrap_up)]
    wrap_up_seconds: Option<f64>,
    /// Mean patience of callers in seconds; 0 when nobody hangs up.
    #[arg(long, value_name = "SECONDS", value_parser = patience, default_value = "0")]
    patience_seconds: f64,
    /// How many agents: 14, or a range such as 10..16; around what the formulas say when not given.
    #[arg(long, value_name = "N")]
    agents: Option<Staffings>,
    /// Several queues and groups of agents, in TOML: see the README.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["calls_per_hour", "handle_seconds", "wrap_up_seconds", "patience_seconds", "agents"]
    )]
    plan: Option<PathBuf>,
    /// Seconds that an agent's telephone rings before it is answered.
    #[arg(long, value_name = "SECONDS", value_parser = answer, default_value = "2")]
    answer_seconds: f64,
    /// Hours of a day.
    #[arg(long, value_name = "N", default_value = "8", value_parser = in_range(HOURS))]
    hours: u32,
    /// What is to be reached: percent of all callers answered within so many seconds.
    #[arg(long, value_name = "PERCENT/SECONDS", default_value = "80/20")]
    service_level: ServiceLevel,
    /// Days that are simulated of each staffing.
    #[arg(long, value_name = "N", default_value = "20", value_parser = in_range(DAYS))]
    days: u32,
    /// Seed of the first day; each further day has the next.
    #[arg(long, value_name = "N", default_value = "1")]
    seed: u64,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let run = Run { plans: plans(arguments)?, days: arguments.days, seed: arguments.seed };
    if run.calls() > CALLS_MAX {
        let message = format!("about {:.0} calls would be simulated, and {CALLS_MAX} are the most", run.calls());
        return Err(wrong("--days", message, "Ask for fewer days or numbers of agents"));
    }
    let clock = SystemClock::start();
    let mut told = clock.now().mono;
    let report = run.simulate(|done, all| {
        let now = clock.now().mono;
        if now.millis_since(told) >= PROGRESS_MS {
            told = now;
            eprintln!("{done} of {all} days simulated");
        }
    });
    if arguments.json {
        println!("{}", serde_json::to_string(&report).map_err(anyhow::Error::from)?);
        eprint!("{report}");
    } else {
        print!("{report}");
    }
    let (hours, secs) = (report.simulated_agent_hours, processor_secs());
    eprintln!(
        "{} calls and {hours} agent-hours in {secs:.1} s of processor time: {:.0} agent-hours a second.",
        report.simulated_calls,
        hours as f64 / secs.max(0.01)
    );
    Ok(())
}

fn plans(arguments: &Arguments) -> Result<Vec<Plan>, Failure> {
    let (hours, goal) = (arguments.hours, arguments.service_level);
    let answer_ms = (arguments.answer_seconds * 1_000.0).round() as u64;
    if let Some(file) = &arguments.plan {
        let name = file.display();
        let text = std::fs::read_to_string(file).map_err(|error| {
            wrong(&name.to_string(), format!("cannot be read: {error}"), "Name a TOML file with [[queue]] and [[agents]]")
        })?;
        let plan = read_plan(&text, hours, goal, answer_ms).map_err(|mistakes| {
            let placed = mistakes.into_iter().map(|mistake| Mistake {
                place: format!("{name}:{}", mistake.line),
                message: mistake.message,
                mend: mistake.mend,
            });
            Failure::Settings(placed.collect())
        })?;
        return Ok(vec![plan]);
    }
    // clap has asked for both.
    let (calls, handle_secs) = (arguments.calls_per_hour.unwrap_or_default(), arguments.handle_seconds.unwrap_or_default());
    let wrap_up_secs = arguments.wrap_up_seconds.unwrap_or(handle_secs * WRAP_UP_SHARE);
    if wrap_up_secs >= handle_secs {
        let message = format!("{wrap_up_secs} is not less than --handle-seconds {handle_secs}, of which it is a part");
        return Err(wrong("--wrap-up-seconds", message, "Give talk and wrap-up together as --handle-seconds"));
    }
    let key: QueueId = QUEUE.parse().map_err(anyhow::Error::from)?;
    let queue = PlannedQueue {
        key,
        calls_per_hour: vec![calls; usize::try_from(hours).unwrap_or(0)],
        handle_secs,
        wrap_up_secs,
        patience_secs: (arguments.patience_seconds > 0.0).then_some(arguments.patience_seconds),
        priority: 0,
        skills: [].into(),
    };
    let staffings = match arguments.agents {
        Some(staffings) => staffings,
        None => around_the_formulas(&queue, goal)?,
    };
    Ok(staffings.each().map(|agents| Plan::of_one_queue(queue.clone(), agents, hours, goal, answer_ms)).collect())
}

fn around_the_formulas(queue: &PlannedQueue, goal: ServiceLevel) -> Result<Staffings, Failure> {
    let needed = agents_needed(queue, goal);
    let both = [needed.erlang_a, needed.erlang_c];
    let range = both.into_iter().flatten().min().zip(both.into_iter().flatten().max());
    let most = *AGENTS.end();
    let Some((least, enough)) = range.filter(|(least, _)| *least <= most) else {
        let message = format!("more than {most} agents would be needed, which are the most that can be simulated");
        return Err(wrong("--calls-per-hour", message, "Ask for less, or name --agents"));
    };
    let from = least.saturating_sub(AROUND).max(*AGENTS.start());
    Ok(Staffings { from, to: (enough + AROUND).min(most).min(from + STAFFINGS_MAX - 1) })
}

fn wrong(place: &str, message: String, mend: &str) -> Failure {
    Failure::Settings(vec![Mistake { place: place.into(), message, mend: mend.into() }])
}

fn in_range(range: RangeInclusive<u32>) -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(i64::from(*range.start())..=i64::from(*range.end()))
}

fn calls(text: &str) -> Result<f64, String> {
    number(text, 0.1..=CALLS_PER_HOUR_MAX)
}

fn handle(text: &str) -> Result<f64, String> {
    number(text, HANDLE_SECS)
}

fn wrap_up(text: &str) -> Result<f64, String> {
    number(text, 0.0..=*HANDLE_SECS.end())
}

fn patience(text: &str) -> Result<f64, String> {
    number(text, 0.0..=PATIENCE_SECS_MAX)
}

fn answer(text: &str) -> Result<f64, String> {
    number(text, 0.0..=ANSWER_SECS_MAX)
}

fn number(text: &str, range: RangeInclusive<f64>) -> Result<f64, String> {
    let read = text.trim().parse().ok().filter(|number| range.contains(number));
    read.ok_or_else(|| format!("write a number from {} to {}", range.start(), range.end()))
}

/// Processor time that this process has had so far, in seconds, all threads together.
fn processor_secs() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes one `timespec` to where one lies.
    #[allow(unsafe_code, reason = "the standard library does not tell it")]
    unsafe {
        libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time)
    };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
