use super::*;

/// What is said about these nodes, one line each.
fn said(start: &str, nodes: &str) -> Vec<String> {
    said_of(&[("flow.toml", &flow_text(start, nodes))])
}

fn said_of(files: &[(&str, &str)]) -> Vec<String> {
    let checked = check(files);
    assert_eq!(checked.line.is_some(), checked.mistakes.iter().all(|m| m.severity != Severity::Error));
    checked.mistakes.iter().map(ToString::to_string).collect()
}

fn assert_said(said: &[String], wanted: &[&str]) {
    assert_eq!(said.len(), wanted.len(), "{said:#?}");
    for (said, wanted) in said.iter().zip(wanted) {
        assert!(said.contains(wanted), "\n wanted: {wanted}\n   said: {said}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_each_with_place_and_mend() {
    let text = r#"flow = "tets"
schema = 2
lang = { default = "es", also = ["en", "English"] }
start = "helo"
fallback = "end"

[node.hello]
type = "say"
promt = "hello"
next = "end"

[node.menu]
type = "menu"
prompt = "menu"
timeout = 6
keys = { "12" = "end", "1" = 5, "2" = { to = "end" } }
on_exhausted = "end"
max_tries = 0

[node.x]
type = "say_it"

[node.end]
type = "queue"
queue = "Support Line"
"#;
    assert_said(
        &said_of(&[("flow.toml", text)]),
        &[
            "test/flow.toml:1:8: error: the flow is called `tets`, its folder `test`; write flow = \"test\"",
            "test/flow.toml:2:10: error: this is not a version",
            "test/flow.toml:3:40: error: `English` is no language",
            "test/flow.toml:4:9: error: there is no node `helo` in this file; did you mean `hello`?",
            "test/flow.toml:7:7: error: node `hello` (say) has no `prompt`",
            "test/flow.toml:9:1: error: node `hello` (say) has no key `promt`; did you mean `prompt`?",
            "test/flow.toml:15:11: error: `timeout` is a number; write a duration in quotes",
            "test/flow.toml:16:10: error: `12` is no key of a telephone",
            "test/flow.toml:16:30: error: `1` is a number; write a node's name",
            "test/flow.toml:16:39: error: key `2` has no `next`",
            "test/flow.toml:16:41: error: key `2` has no key `to`",
            "test/flow.toml:18:13: error: `max_tries` is out of bounds; choose 1 to 10",
            "test/flow.toml:21:8: error: there is no kind of node `say_it`",
            "test/flow.toml:25:9: error: `Support Line` is not the key of a queue",
        ],
    );
}

#[test]
fn a_key_written_twice_and_text_that_is_no_toml_are_found() {
    assert_said(
        &said("end", "[node.end]\ntype = \"hangup\"\n"),
        &["test/flow.toml:9:7: error: duplicate key; keep one of the two", "test/flow.toml:10:1: error: duplicate key"],
    );
    assert_said(&said_of(&[("flow.toml", "flow = test\n")]), &["test/flow.toml:1:8: error: "]);
    assert_said(&said_of(&[]), &["test/flow.toml:1:1: error: the line has no flow"]);
}

#[test]
fn a_way_to_nowhere_a_node_that_nobody_reaches_and_a_missing_recording_are_found() {
    let nodes = "[node.a]\ntype = \"say\"\nprompt = \"helo\"\nnext = \"ends\"\n";
    assert_said(
        &said("a", nodes),
        &[
            "nothing is recorded as `test/es/helo`; did you mean `hello`? Else put the recording at test/prompts/es/helo.wav",
            "nothing is recorded as `test/en/helo`",
            "test/flow.toml:12:8: error: there is no node `ends` in this file; did you mean `end`?",
        ],
    );
    let nodes = "[node.b]\ntype = \"say\"\nprompt = \"hello\"\nnext = \"end\"\n";
    assert_said(&said("end", nodes), &["test/flow.toml:9:7: error: no way leads to `b`; lead one there, or delete the node"]);
}

#[test]
fn queues_calendars_and_languages_that_do_not_exist_are_found() {
    let nodes = r#"
[node.h]
type = "hours"
calendar = "ofice"
open = "l"
closed = "q"
[node.l]
type = "language"
set = "fr"
next = "q"
[node.q]
type = "queue"
queue = "suport"
"#;
    assert_said(
        &said("h", nodes),
        &[
            "there is no calendar `ofice`; use one of `office`",
            "the line does not speak `fr`; use one of `es` and `en`",
            "there is no queue `suport`; use one of `sales` and `support`",
        ],
    );
}

#[test]
fn a_circle_without_time_and_a_silent_caller_who_never_arrives_are_found() {
    let nodes = "[node.a]\ntype = \"hours\"\ncalendar = \"office\"\nopen = \"b\"\nclosed = \"end\"\n\
                 [node.b]\ntype = \"language\"\nset = \"next\"\nnext = \"a\"\n";
    assert_said(&said("a", nodes), &["test/flow.toml:9:7: error: a call comes back to `a` without any time passing"]);
    let nodes = "[node.m]\ntype = \"menu\"\nprompt = \"menu\"\nkeys = { \"1\" = \"end\" }\non_exhausted = \"s\"\n\
                 [node.s]\ntype = \"say\"\nprompt = \"sorry\"\nnext = \"m\"\n";
    assert_said(&said("m", nodes), &["a caller who presses nothing comes back to `m` again and again"]);
    let nodes =
        "[node.m]\ntype = \"menu\"\nprompt = \"menu\"\nkeys = { \"1\" = \"end\", \"*\" = \"m\" }\non_exhausted = \"end\"\n";
    assert_said(&said("m", nodes), &[]);
}

#[test]
fn a_caller_kept_too_long_is_a_warning() {
    let nodes = "[node.m]\ntype = \"menu\"\nprompt = \"menu\"\ntimeout = \"1m\"\nmax_tries = 4\nkeys = { \"1\" = \"end\" }\non_exhausted = \"end\"\n";
    assert_said(&said("m", nodes), &["warning: a caller who presses nothing may be in the flow for 246 seconds"]);
}

#[test]
fn a_ticket_is_told_only_where_one_was_found() {
    let nodes = r#"
[node.t]
type = "ticket_lookup"
found = "tell"
none = "tell"
[node.tell]
type = "say"
prompt = ["found", "{ticket.number}"]
next = "end"
"#;
    assert_said(
        &said("t", nodes),
        &["a call may come to `tell` without a ticket having been found; say it only behind `found`"],
    );
    assert_said(&said("t", &nodes.replace("number}", "name}")), &["`{ticket.name}` cannot be said"]);
}

#[test]
fn a_fallback_that_could_go_on_is_refused() {
    let text = flow_text("a", "[node.a]\ntype = \"say\"\nprompt = \"hello\"\nnext = \"end\"\n")
        .replace("fallback = \"end\"", "fallback = \"a\"");
    assert_said(&said_of(&[("flow.toml", &text)]), &["test/flow.toml:4:12: error: the fallback `a` is a `say`"]);
}

#[test]
fn a_language_node_says_which_or_asks() {
    let both = "[node.l]\ntype = \"language\"\nset = \"en\"\nprompt = \"ask-language\"\nnext = \"end\"\n";
    assert_said(&said("l", both), &["a language node either sets or asks"]);
    let neither = "[node.l]\ntype = \"language\"\nnext = \"end\"\n";
    assert_said(&said("l", neither), &["says neither which nor how to ask"]);
}

#[test]
fn what_a_subflow_returns_must_be_known_outside() {
    let main = flow_text("s", "[node.s]\ntype = \"subflow\"\nflow = \"sub\"\nreturns = { don = \"end\" }\n");
    let sub = "flow = \"sub\"\nschema = 1\nstart = \"r\"\n[node.r]\ntype = \"return\"\nas = \"done\"\n";
    assert_said(
        &said_of(&[("flow.toml", &main), ("sub.toml", sub)]),
        &[
            "`sub` may return as `done`, and nothing says where that leads",
            "`sub` never returns as `don`; did you mean `done`?",
        ],
    );
    assert_said(&said_of(&[("flow.toml", &main)]), &["there is no subflow `sub`; write sub.toml in this folder"]);
    let alone = flow_text("end", "");
    assert_said(
        &said_of(&[("flow.toml", &alone), ("sub.toml", sub)]),
        &["test/sub.toml:1:1: error: no node enters this subflow"],
    );
    assert_said(&said("r", "[node.r]\ntype = \"return\"\nas = \"done\"\n"), &["the main flow has nowhere to return to"]);
}

#[test]
fn subflows_that_enter_one_another_are_refused() {
    let main = flow_text("s", "[node.s]\ntype = \"subflow\"\nflow = \"a\"\nreturns = { x = \"end\" }\n");
    let sub = |name: &str, other: &str| {
        format!(
            "flow = \"{name}\"\nschema = 1\nstart = \"go\"\n[node.go]\ntype = \"subflow\"\nflow = \"{other}\"\n\
             returns = {{ x = \"r\" }}\n[node.r]\ntype = \"return\"\nas = \"x\"\n"
        )
    };
    let (a, b) = (sub("a", "b"), sub("b", "a"));
    assert_said(
        &said_of(&[("flow.toml", &main), ("a.toml", &a), ("b.toml", &b)]),
        &["test/b.toml:6:8: error: subflows enter one another in a circle"],
    );
}

#[test]
fn labels_are_told_in_the_languages_of_the_console_and_for_every_reason() {
    let menu = r#"
[node.m]
label = { en = "Menu", es = "Menú" }
type = "menu"
prompt = "menu"
keys = { "1" = { next = "end", reason = "fault" }, "2" = { next = "end", reason = "bill" } }
on_exhausted = "end"
"#;
    let reasons = "label = { en = \"Test\", es = \"Prueba\" }\n[reasons]\nfault = { en = \"Fault\", es = \"Avería\" }\n";
    let text = |head: &str, nodes: &str| flow_text("m", nodes).replace("[node.end]", &format!("{head}[node.end]"));
    let all = format!("{reasons}bill = {{ en = \"Bill\", es = \"Factura\" }}\n");
    let checked = check(&[("flow.toml", &text(&all, menu))]);
    assert_eq!(checked.mistakes, []);
    let line = checked.line.expect("a line");
    assert_eq!(line.label["es"].as_ref(), "Prueba");
    assert_eq!(line.reasons["fault"]["en"].as_ref(), "Fault");
    assert_eq!(line.main.nodes["m"].label["es"].as_ref(), "Menú");
    assert!(line.main.nodes["end"].label.is_empty());

    let with = |head: &str, nodes: &str| said_of(&[("flow.toml", &text(head, nodes))]);
    assert_said(
        &with(reasons, menu),
        &["test/flow.toml:17:58: warning: the reason `bill` has no label; add bill to `reasons` in flow.toml"],
    );
    assert_said(
        &with(&reasons.replace("fault", "falt"), &menu.replace("bill", "fault")),
        &[
            "warning: nothing gives the reason `falt`; delete it",
            "warning: the reason `fault` has no label; did you mean `falt`?",
            "warning: the reason `fault` has no label",
        ],
    );
    assert_said(
        &with("", &menu.replace("es = \"Menú\"", "es = \"Menú\", de = \"Menü\"")),
        &["`de` is no language of the console; use one of `es` and `en`"],
    );
    assert_said(
        &with("", &menu.replace(", es = \"Menú\"", "")),
        &["test/flow.toml:11:9: warning: `label` says nothing in `es`, a language of the console; add es = \"…\""],
    );
    assert_said(&with("", &menu.replace("\"Menu\"", "\"\"")), &["this is no label; write 1 to 60 characters on one line"]);
    assert_said(&with("label = \"Test\"\n", menu), &["`label` is text; write a table: { en = \"…\", es = \"…\" }"]);
}

#[test]
fn a_box_of_a_node_that_is_gone_is_a_warning() {
    let main = flow_text("end", "");
    assert_said(
        &said_of(&[("flow.toml", &main), ("layout.toml", "[test]\nend = [0, 0]\nold = [1, 1]\n")]),
        &["test/layout.toml:3:1: warning: `test` has no node `old`; delete the line"],
    );
}

#[test]
fn the_version_follows_the_meaning_and_not_the_spelling() {
    let one = line("end", "");
    let text = format!("# a remark\n{}", flow_text("end", "").replace(" = ", "="));
    assert_eq!(line_of(&[("flow.toml", &text)]).version, one.version);
    let other = line_of(&[("flow.toml", &text.replace("\"support\"", "\"sales\""))]);
    assert_ne!(other.version, one.version);
    assert_eq!(one.version.len(), 64);
}
