use super::*;
use crate::types::Now;

const MENU: &str = r#"
[node.hello]
type = "say"
prompt = "hello"
next = "menu"
[node.menu]
type = "menu"
prompt = "menu"
timeout = "4s"
no_input = "silent"
no_match = "wrong"
max_tries = 3
on_exhausted = "end"
keys = { "1" = { next = "sales", reason = "buy" }, "*" = "menu" }
[node.sales]
type = "queue"
queue = "sales"
prompt = "in-queue"
"#;

#[test]
fn a_caller_who_presses_a_key_is_told_and_queued_with_the_reason() {
    let mut walk = Walk::begin(&line("hello", MENU), "es", World::default());
    assert_eq!(clips_heard(&mut walk), ["test/es/hello"]);
    walk.listen();
    assert_eq!(clips_heard(&mut walk), ["test/es/menu"]);
    walk.listen();
    walk.press('1');
    assert_eq!(clips_heard(&mut walk), ["test/es/in-queue"]);
    assert_eq!(walk.end, None, "the words come first");
    walk.listen();
    assert_eq!(walk.end, queue("sales", Some("buy")));
    assert_eq!(walk.path.join(" "), "hello menu sales");
}

#[test]
fn keys_pressed_during_the_greeting_answer_the_menu_unasked() {
    let mut walk = Walk::begin(&line("hello", MENU), "es", World::default());
    walk.press('1');
    assert!(walk.news.contains(&FlowEffect::StopPlay));
    assert_eq!(clips_heard(&mut walk), ["test/es/hello", "test/es/in-queue"], "the menu's question is not put");
}

#[test]
fn a_question_that_must_be_heard_out_takes_no_key_before_its_end() {
    let nodes = MENU.replace("max_tries = 3", "max_tries = 3\nbarge_in = false");
    let mut walk = Walk::begin(
        &line("menu", &nodes.replace("next = \"menu\"", "next = \"end\"").replace("\"*\" = \"menu\"", "\"*\" = \"hello\"")),
        "es",
        World::default(),
    );
    walk.press('1');
    assert!(walk.is_playing(), "still asking");
    walk.listen();
    walk.press('1');
    walk.listen();
    assert_eq!(walk.end, queue("sales", Some("buy")));
}

#[test]
fn silence_and_wrong_keys_repeat_the_question_and_then_a_person_answers() {
    let mut walk = Walk::begin(&line("hello", MENU), "en", World::default());
    walk.listen();
    walk.stay_silent();
    assert_eq!(clips_heard(&mut walk), ["test/en/hello", "test/en/menu", "test/en/silent test/en/menu"]);
    walk.press('7');
    assert_eq!(clips_heard(&mut walk), ["test/en/wrong test/en/menu"]);
    walk.stay_silent();
    assert_eq!(walk.end, queue("support", None), "three questions, then the exit");
}

#[test]
fn a_key_may_lead_back_and_the_tries_begin_anew() {
    let mut walk = Walk::begin(&line("hello", MENU), "es", World::default());
    for _ in 0..5 {
        walk.press('7');
        walk.press('*');
    }
    assert_eq!(walk.end, None);
}

#[test]
fn outside_the_hours_another_way_is_taken() {
    let nodes = r#"
[node.hours]
type = "hours"
calendar = "office"
open = "end"
closed = "closed"
[node.closed]
type = "hangup"
prompt = "closed"
"#;
    let line = line("hours", nodes);
    assert_eq!(Walk::begin(&line, "es", World::default()).end, queue("support", None));
    let mut walk = Walk::begin(&line, "es", World { closed: ["office".parse().expect("key")].into(), ..World::default() });
    assert_eq!(clips_heard(&mut walk), ["test/es/closed"]);
    walk.listen();
    assert_eq!(walk.end, Some(FlowEnd::HangUp));
}

#[test]
fn a_calendar_that_was_deleted_turns_nobody_away() {
    let nodes = "[node.hours]\ntype = \"hours\"\ncalendar = \"office\"\nopen = \"end\"\nclosed = \"no\"\n[node.no]\ntype = \"hangup\"\n";
    let mut run = FlowRun::new(line("hours", nodes), "es");
    let facts = FlowFacts { caller: None, matches: 0, lookup_done: true, can_call_back: true, is_open: &|_| None };
    let effects = run.handle(FlowInput::Started, &facts, Now::default());
    assert_eq!(effects.last(), queue("support", None).map(FlowEffect::Done).as_ref());
    assert!(run.is_over());
    assert_eq!(run.next_wakeup(), None);
}

const KNOW: &str = r#"
[node.who]
type = "identify"
by = ["ani"]
timeout = "200ms"
known = "lang"
unknown = "end"
several = "sorry"
[node.sorry]
type = "say"
prompt = "sorry"
next = "end"
[node.lang]
type = "language"
set = "caller"
next = "ticket"
[node.ticket]
type = "ticket_lookup"
found = "tell"
none = "end"
[node.tell]
type = "say"
prompt = ["found", "{ticket.number}", "{ticket.state}"]
next = "end"
"#;

#[test]
fn a_known_caller_hears_the_ticket_in_the_own_language() {
    let world = World { caller: Some(ana("en", &[(1042, "waiting_customer")])), ..World::default() };
    let mut walk = Walk::begin(&line("who", KNOW), "es", world);
    assert!(walk.news.contains(&FlowEffect::Language("en".into())));
    let told =
        "test/en/found shared/en/digit-1 shared/en/digit-0 shared/en/digit-4 shared/en/digit-2 shared/en/ticket-state-waiting";
    assert_eq!(clips_heard(&mut walk), [told]);
    walk.listen();
    assert_eq!(walk.end, queue("support", None));
}

#[test]
fn a_caller_without_open_tickets_or_with_a_strange_language_goes_straight_on() {
    let world = World { caller: Some(ana("de", &[(7, "closed")])), ..World::default() };
    let walk = Walk::begin(&line("who", KNOW), "es", world);
    assert_eq!(walk.language().as_ref(), "es");
    assert_eq!(walk.path.join(" "), "who lang ticket end");
}

#[test]
fn several_customers_with_one_number_have_their_own_way() {
    let walk = Walk::begin(&line("who", KNOW), "es", World { matches: 2, ..World::default() });
    assert_eq!(walk.path.join(" "), "who sorry");
}

#[test]
fn a_look_up_that_comes_late_is_waited_for_and_one_that_never_comes_is_not() {
    let late = World { caller: Some(ana("en", &[(7, "new")])), lookup_done: false, ..World::default() };
    let mut walk = Walk::begin(&line("who", KNOW), "es", late.clone());
    assert_eq!(walk.path.join(" "), "who");
    walk.look_up_answered();
    assert_eq!(walk.path.join(" "), "who lang ticket tell");

    let mut walk = Walk::begin(&line("who", KNOW), "es", late);
    walk.stay_silent();
    assert_eq!(walk.path.join(" "), "who end");
    assert_eq!(walk.elapsed_ms(), 200);
}

#[test]
fn a_caller_is_asked_for_a_language_in_every_language() {
    let nodes = r#"
[node.ask]
type = "language"
prompt = "ask-language"
keys = { "1" = "es", "2" = "en" }
timeout = "4s"
max_tries = 1
next = "hello"
[node.hello]
type = "say"
prompt = "hello"
next = "other"
[node.other]
type = "language"
set = "next"
next = "again"
[node.again]
type = "say"
prompt = "again"
next = "end"
"#;
    let line = line("ask", nodes);
    let mut walk = Walk::begin(&line, "es", World::default());
    walk.press('2');
    walk.listen();
    assert_eq!(clips_heard(&mut walk), ["test/es/ask-language test/en/ask-language", "test/en/hello", "test/es/again"]);
    let mut walk = Walk::begin(&line, "es", World::default());
    walk.stay_silent();
    assert_eq!(walk.language().as_ref(), "es", "silence keeps the language");
}

#[test]
fn a_subflow_returns_to_where_its_enterer_says() {
    let main = flow_text(
        "bills",
        "[node.bills]\ntype = \"subflow\"\nflow = \"bills\"\nreturns = { done = \"end\", back = \"hello\" }\n\
         [node.hello]\ntype = \"hangup\"\nprompt = \"hello\"\n",
    );
    let bills = r#"
flow = "bills"
schema = 1
start = "ask"
[node.ask]
type = "menu"
prompt = "bills"
keys = { "1" = { next = "done", reason = "charge" }, "*" = "back" }
on_exhausted = "done"
[node.done]
type = "return"
as = "done"
[node.back]
type = "return"
as = "back"
"#;
    let line = line_of(&[("flow.toml", &main), ("bills.toml", bills)]);
    let mut walk = Walk::begin(&line, "es", World::default());
    walk.press('1');
    assert_eq!(walk.path.join(" "), "bills bills/ask bills/done end");
    assert_eq!(walk.end, queue("support", Some("charge")));
    let mut walk = Walk::begin(&line, "es", World::default());
    walk.press('*');
    walk.listen();
    assert_eq!(walk.end, Some(FlowEnd::HangUp));
}

#[test]
fn a_callback_is_promised_only_to_a_number_that_can_be_called() {
    let nodes = "[node.call]\ntype = \"callback\"\nqueue = \"sales\"\nreason = \"closed\"\nno_number = \"bye\"\n\
                 [node.bye]\ntype = \"hangup\"\nprompt = \"bye\"\n";
    let line = line("call", nodes);
    let promised = FlowEnd::Callback { queue: "sales".parse().expect("key"), reason: Some("closed".into()) };
    assert_eq!(Walk::begin(&line, "es", World::default()).end, Some(promised));
    let walk = Walk::begin(&line, "es", World { can_call_back: false, ..World::default() });
    assert_eq!(walk.path.join(" "), "call bye");
}

#[test]
fn the_longest_time_in_a_flow_ends_at_the_fallback() {
    let mut walk = Walk::begin(&line("hello", MENU), "es", World::default());
    while walk.end.is_none() {
        walk.press('*');
        assert!(walk.elapsed_ms() < 601_000);
    }
    assert_eq!(walk.end, queue("support", None));
    assert_eq!(walk.path.last().map(AsRef::as_ref), Some("end"));
}

#[test]
fn a_line_that_was_never_checked_does_not_spin_or_get_stuck() {
    let mut line = Line::clone(&line("hello", MENU));
    let circle = |calendar: &str, to: &str| Node {
        label: Labels::new(),
        step: Step::Hours { calendar: calendar.parse().expect("key"), open: to.into(), closed: to.into() },
    };
    line.main.nodes.insert("a".into(), circle("x", "b"));
    line.main.nodes.insert("b".into(), circle("x", "a"));
    line.main.start = "a".into();
    let walk = Walk::begin(&Arc::new(line.clone()), "es", World::default());
    assert_eq!(walk.end, queue("support", None));
    line.main.start = "nowhere".into();
    line.fallback = "nowhere".into();
    assert_eq!(Walk::begin(&Arc::new(line), "es", World::default()).end, Some(FlowEnd::HangUp));
}

#[test]
fn what_comes_before_the_start_or_after_the_end_changes_nothing() {
    let mut run = FlowRun::new(line("hello", MENU), "es");
    let facts = FlowFacts { caller: None, matches: 0, lookup_done: true, can_call_back: true, is_open: &|_| Some(true) };
    let now = Now::default();
    for input in [FlowInput::Digit('1'), FlowInput::PlayEnded, FlowInput::Timeout, FlowInput::CallerKnown] {
        assert_eq!(run.handle(input, &facts, now), []);
    }
    run.handle(FlowInput::Started, &facts, now);
    run.handle(FlowInput::Digit('1'), &facts, now);
    assert_eq!(run.handle(FlowInput::PlayEnded, &facts, now).len(), 1);
    for input in [FlowInput::Started, FlowInput::Digit('1'), FlowInput::PlayEnded, FlowInput::Timeout] {
        assert_eq!(run.handle(input, &facts, now), []);
    }
}

#[test]
fn a_playback_whose_end_is_never_reported_does_not_hold_the_call() {
    let mut run = FlowRun::new(line("hello", MENU), "es");
    let facts = FlowFacts { caller: None, matches: 0, lookup_done: true, can_call_back: true, is_open: &|_| Some(true) };
    run.handle(FlowInput::Started, &facts, Now::default());
    let wakeup = run.next_wakeup().expect("a deadline");
    let later = Now::default().plus_millis(wakeup.as_millis());
    assert!(matches!(run.handle(FlowInput::Timeout, &facts, later).last(), Some(FlowEffect::Play { .. })));
}

#[test]
fn a_dialogue_passes_or_says_where_it_went_another_way() {
    let dialogue = r#"
[caller.ana]
language = "en"
tickets = [{ number = 7, state = "open" }]

[[walk]]
name = "ana hears her ticket"
caller = "ana"
steps = [{ language = "en" }, { hear = ["found", "shared/digit-7", "shared/ticket-state-open"] }, { node = "end" }, { queue = "support" }]

[[walk]]
name = "a stranger is told nothing"
steps = [{ hear = "found" }, { queue = "support" }]

[[walk]]
name = "bea is nobody"
caller = "ane"
steps = []
"#;
    let report = run_dialogue(&line("who", KNOW), dialogue);
    assert_eq!(report.passed, ["ana hears her ticket"]);
    let said: Vec<String> = report.mistakes.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 2, "{said:#?}");
    assert!(
        said[0].starts_with("test/dialogue.toml:13:10: error: walk \"a stranger is told nothing\": expected to hear `found`"),
        "{}",
        said[0]
    );
    assert!(said[1].contains("there is no caller `ane`; did you mean `ana`?"), "{}", said[1]);
    assert_eq!(report.coverage.untouched(&line("who", KNOW)), ["sorry"]);
}
