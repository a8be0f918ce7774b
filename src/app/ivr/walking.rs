//! `centralita ivr walk`: one walks through a line in the terminal, in the caller's place.

use std::{
    io::{self, BufRead, Write},
    sync::Arc,
};

use crate::domain::ivr::{FlowEffect, KnownCaller, Line, Walk, World, end_text};

const HELP: &str = "\
A key: 0 to 9, * or #. Enter alone: hear it out, then be silent. Before the call: `known LANGUAGE [TICKET STATE]`, `several`,
`withheld`, `closed CALENDAR`, `again` to call once more. `quit` leaves.";

/// Walks until the caller quits or the input ends. `language` is the one that the call begins with.
pub fn walk(line: &Arc<Line>, language: &str, input: impl BufRead, mut out: impl Write) -> io::Result<()> {
    let mut world = World::default();
    writeln!(out, "{} {} · {HELP}", line.id, line.short_version())?;
    let mut walk = Walk::begin(line, language, world.clone());
    tell(&mut walk, &mut out)?;
    for text in input.lines() {
        let text = text?;
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            ["quit" | "exit"] => return Ok(()),
            [] => {
                walk.stay_silent();
            }
            [keys] if keys.chars().all(|c| c.is_ascii_digit() || matches!(c, '*' | '#')) => {
                keys.chars().for_each(|key| walk.press(key));
            }
            other => {
                match other {
                    ["again"] => {}
                    ["known", language] => world.caller = Some(caller(language, None)),
                    ["known", language, number, state] => world.caller = Some(caller(language, Some((number, state)))),
                    ["several"] => (world.caller, world.matches) = (None, 2),
                    ["withheld"] => (world.caller, world.can_call_back) = (None, false),
                    ["closed", calendar] => match calendar.parse() {
                        Ok(calendar) => {
                            world.closed.insert(calendar);
                        }
                        Err(fault) => {
                            writeln!(out, "{calendar}: {fault}")?;
                            continue;
                        }
                    },
                    _ => {
                        writeln!(out, "{HELP}")?;
                        continue;
                    }
                }
                writeln!(out, "— the call begins anew —")?;
                walk = Walk::begin(line, language, world.clone());
            }
        }
        tell(&mut walk, &mut out)?;
    }
    Ok(())
}

fn caller(language: &str, ticket: Option<(&str, &str)>) -> KnownCaller {
    let open_tickets = ticket.and_then(|(number, state)| Some((number.parse().ok()?, Arc::from(state)))).into_iter().collect();
    KnownCaller { name: "caller".into(), language: language.into(), segment: "standard".into(), open_tickets }
}

fn tell(walk: &mut Walk, out: &mut impl Write) -> io::Result<()> {
    for effect in walk.news.drain(..) {
        match effect {
            FlowEffect::Play { clips } => writeln!(out, "  hears    {}", clips.join(" · "))?,
            FlowEffect::StopPlay => writeln!(out, "  (stops listening)")?,
            FlowEffect::Entered { node } => writeln!(out, "→ {node}")?,
            FlowEffect::Language(language) => writeln!(out, "  speaks   {language}")?,
            FlowEffect::Done(end) => writeln!(out, "  the flow is over: {}", end_text(&end))?,
        }
    }
    out.flush()
}
