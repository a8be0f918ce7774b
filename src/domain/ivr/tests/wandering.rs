use super::*;
use crate::types::Rng;

/// A line with every kind of node, and ways to go round by keys.
fn everything() -> Arc<Line> {
    let main = flow_text(
        "who",
        r##"
[node.who]
type = "identify"
known = "theirs"
unknown = "ask"
several = "ask"
[node.theirs]
type = "language"
set = "caller"
next = "ticket"
[node.ask]
type = "language"
prompt = "ask-language"
no_match = "wrong"
keys = { "1" = "es", "2" = "en" }
next = "hours"
[node.ticket]
type = "ticket_lookup"
found = "tell"
none = "hours"
[node.tell]
type = "say"
barge_in = false
prompt = ["found", "{ticket.number}", "{ticket.state}"]
next = "hours"
[node.hours]
type = "hours"
calendar = "office"
open = "menu"
closed = "call"
[node.menu]
type = "menu"
prompt = "menu"
no_input = "silent"
keys = { "1" = { next = "end", reason = "help" }, "2" = "bills", "3" = "other", "*" = "menu", "#" = "ask" }
on_exhausted = "end"
[node.other]
type = "language"
set = "next"
next = "menu-again"
[node.menu-again]
type = "menu"
prompt = "again"
max_tries = 1
keys = { "0" = "menu", "9" = "other" }
on_exhausted = "bye"
[node.bills]
type = "subflow"
flow = "bills"
returns = { back = "menu-again", agent = "end" }
[node.call]
type = "callback"
queue = "sales"
no_number = "bye"
[node.bye]
type = "hangup"
prompt = "bye"
"##,
    );
    let bills = r##"
flow = "bills"
schema = 1
start = "ask"
[node.ask]
type = "menu"
prompt = "bills"
barge_in = false
keys = { "1" = "agent", "*" = "back", "#" = "ask" }
on_exhausted = "agent"
[node.agent]
type = "return"
as = "agent"
[node.back]
type = "return"
as = "back"
"##;
    line_of(&[("flow.toml", &main), ("bills.toml", bills)])
}

#[test]
fn a_caller_who_presses_what_chance_says_never_gets_stuck() {
    let line = everything();
    let mut coverage = Coverage::default();
    for seed in 0..400 {
        let walk = wander(&line, &mut Rng::seeded(seed));
        assert!(walk.end.is_some(), "seed {seed}: stuck at {:?}", walk.path.last());
        // The limit of the flow, one playback that was running, and the last words.
        assert!(walk.elapsed_ms <= line.duration_ms_max + 3_500, "seed {seed}: {} ms", walk.elapsed_ms);
        coverage.add(&walk.path);
    }
    assert_eq!(coverage.untouched(&line), Vec::<String>::new(), "chance comes everywhere");
}

#[test]
fn the_same_seed_gives_the_same_walk() {
    let line = everything();
    assert_eq!(wander(&line, &mut Rng::seeded(7)), wander(&line, &mut Rng::seeded(7)));
}
