//! The lines that come with Centralita, and what the commands say about lines that are wrong.

use std::path::PathBuf;

use super::*;
use crate::{
    domain::{
        directory::{CalendarSource, Queue},
        ivr::wander,
    },
    types::Rng,
};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("ivr-scripts")
}

fn ours() -> ScriptFiles {
    ScriptFiles::read(&folder()).expect("the scripts' folder")
}

/// Ours with one text changed.
fn changed(path: &str, change: impl Fn(String) -> String) -> ScriptFiles {
    let mut files = ours();
    let (line, file) = path.split_once('/').expect("line/file");
    let text = files.lines.get_mut(&line.parse::<LineId>().expect("key")).and_then(|l| l.get_mut(file)).expect("a text");
    let before = text.clone();
    *text = change(std::mem::take(text));
    assert_ne!(*text, before, "nothing was changed");
    files
}

/// As the sample centre is: two queues, two calendars.
fn directory() -> Directory {
    let queue = |key: &str| Queue {
        ring_secs: 20,
        position_every_secs: 30,
        ticket_type: "incident".into(),
        ..Queue::new(key.parse().expect("key"), key)
    };
    let calendar = |key: &str| CalendarSource {
        id: key.parse().expect("key"),
        name: key.into(),
        tz: "Europe/Madrid".into(),
        weekly: BTreeMap::new(),
        holidays: vec![],
        overrides: BTreeMap::new(),
        breaks: BTreeMap::new(),
    };
    Directory {
        queues: ["support", "sales"].map(queue).into_iter().map(|q| (q.id.clone(), q)).collect(),
        calendars: ["office", "always"].map(calendar).into_iter().map(|c| (c.id.clone(), c)).collect(),
        ..Directory::default()
    }
}

#[test]
fn our_lines_are_right_in_the_sample_centre() {
    let report = check(&ours(), None, Some(&directory())).expect("lines");
    assert_eq!(report.mistakes, vec![], "{report}");
    assert!(report.is_right());
    let lines: Vec<&str> = report.lines.iter().map(|line| line.line.as_str()).collect();
    assert_eq!(lines, ["main-menu", "office"]);
}

#[test]
fn our_dialogues_go_as_written_and_come_to_every_node() {
    let report = test(&ours(), None).expect("lines");
    assert!(report.is_right(), "{report}");
    assert!(report.passed >= 19, "{report}");
    assert_eq!(report.untouched, BTreeMap::new());
}

#[test]
fn nobody_gets_stuck_in_our_lines() {
    let (book, mistakes) = publish(&ours(), None, &ScriptBook::default());
    assert_eq!(mistakes, vec![]);
    for line in book.lines.values() {
        for seed in 0..200 {
            let walk = wander(line, &mut Rng::seeded(seed));
            assert!(walk.end.is_some(), "{} seed {seed}: stuck at {:?}", line.id, walk.path.last());
            assert!(walk.elapsed_ms <= line.duration_ms_max + 20_000, "{} seed {seed}: {} ms", line.id, walk.elapsed_ms);
        }
    }
}

#[test]
fn a_wrong_line_keeps_its_published_form_and_the_others_go_on() {
    let (book, _) = publish(&ours(), None, &ScriptBook::default());
    let wrong = changed("main-menu/flow.toml", |text| text.replace("next = \"open-ticket\"", "next = \"nowhere\""));
    let (after, mistakes) = publish(&wrong, None, &book);
    assert_eq!(after, book);
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");

    let failing =
        changed("office/dialogue.toml", |text| text.replace("queue = \"support\", reason = \"office\"", "queue = \"sales\""));
    let (after, mistakes) = publish(&failing, None, &ScriptBook::default());
    assert_eq!(after.lines.keys().map(LineId::as_str).collect::<Vec<_>>(), ["main-menu"]);
    assert_eq!(mistakes.len(), 2, "{mistakes:?}");
}

#[test]
fn a_report_says_the_same_to_people_and_to_programs() {
    let wrong = changed("main-menu/flow.toml", |text| text.replace("queue = \"sales\"", "queue = \"sails\""));
    let report = check(&wrong, Some("main-menu"), Some(&directory())).expect("line");
    assert!(!report.is_right());
    let place = "main-menu/flow.toml:";
    let text = report.to_string();
    assert!(text.starts_with(place) && text.contains("there is no queue `sails`"), "{text}");
    assert!(text.ends_with("main-menu: not published\n1 lines, 1 errors, 0 warnings"), "{text}");
    let json = serde_json::to_value(&report).expect("json");
    assert_eq!(json["mistakes"][0]["file"], "main-menu/flow.toml");
    assert_eq!(json["mistakes"][0]["severity"], "error");
    assert!(json["lines"][0]["version"].is_null());
    let none = check(&wrong, Some("mian-menu"), None).expect_err("no such line");
    assert_eq!(none.to_string(), "there is no line `mian-menu`; there are: main-menu, office");
}

#[test]
fn files_that_are_no_text_or_lie_in_no_key_are_told() {
    let files = ScriptFiles::gather([
        ("Main Line/flow.toml".to_owned(), b"x".to_vec()),
        ("main/flow.toml".to_owned(), vec![0xff, 0xfe]),
        ("README.md".to_owned(), vec![]),
    ]);
    let report = check(&files, None, None).expect("lines");
    let said: Vec<String> = report.mistakes.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("Main Line/flow.toml:1:1: error: `Main Line` cannot be the key of a line"));
    assert!(said[1].contains("not text in UTF-8"));
}

#[test]
fn the_schema_accepts_our_flows_and_refuses_what_the_reader_refuses() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).expect("json");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let json = |text: &str| serde_json::to_value(toml::from_str::<toml::Table>(text).expect("toml")).expect("json");
    for (line, texts) in ours().lines {
        for (file, text) in texts.iter().filter(|(file, _)| !crate::domain::ivr::NO_FLOWS.contains(&file.as_str())) {
            let faults: Vec<String> = validator.iter_errors(&json(text)).map(|fault| fault.to_string()).collect();
            assert!(faults.is_empty(), "{line}/{file}: {faults:?}");
        }
    }
    let main = ours().lines[&"main-menu".parse::<LineId>().expect("key")]["flow.toml"].clone();
    for (right, wrong) in [
        ("timeout = \"6s\"", "timeout = 6"),
        ("timeout = \"6s\"", "timout = \"6s\""),
        ("max_tries = 3", "max_tries = 0"),
        ("type = \"say\"", "type = \"says\""),
        ("schema = 1", "schema = 2"),
        ("\"1\" = {", "\"x\" = {"),
        ("queue = \"sales\"", "queue = \"Sales!\""),
    ] {
        let text = main.replace(right, wrong);
        assert!(!validator.is_valid(&json(&text)), "the schema accepts {wrong}");
        let mut files = ours();
        files.lines.get_mut(&"main-menu".parse::<LineId>().expect("key")).expect("line").insert("flow.toml".into(), text);
        assert!(!check(&files, None, None).expect("lines").is_right(), "the reader accepts {wrong}");
    }
}

#[test]
fn a_graph_shows_every_node_and_every_way() {
    let line = line(&ours(), "main-menu").expect("line").expect("right");
    let graph = graph(&line);
    assert!(graph.contains("flowchart LR"));
    let arrows = graph.lines().filter(|line| line.contains("-->")).count();
    let flows = line.subflows.values().chain([&line.main]);
    let ways: usize = flows.clone().flat_map(|flow| flow.nodes.values()).map(|node| node.step.exits().len()).sum();
    assert_eq!(arrows, ways + 2, "one more per flow for its start");
    for node in flows.flat_map(|flow| flow.nodes.keys()) {
        assert!(graph.contains(&format!("<b>{node}</b>")), "{node} is missing");
    }
    assert!(!graph.contains(" end["), "`end` is a word of Mermaid's own");
}

#[test]
fn a_difference_names_node_key_before_and_after() {
    let before = line(&ours(), "main-menu").expect("line").expect("right");
    let other = changed("main-menu/flow.toml", |text| {
        text.replace("timeout = \"6s\"", "timeout = \"8s\"")
            .replace("\"2\" = { next = \"to-sales\"", "\"2\" = { next = \"agents\"")
            .replace("\"3\" = { next = \"billing\"", "\"3\" = { next = \"to-sales\"")
            .replace("\"*\" = \"menu\"", "\"*\" = \"billing\"")
    });
    let after = line_of(&other);
    let said = diff(&before, &after).to_string();
    for wanted in
        ["~ menu ask.timeout_ms: 6000 → 8000", "~ menu keys.2.next: to-sales → agents", "~ menu keys.*.next: menu → billing"]
    {
        assert!(said.contains(wanted), "{wanted} is missing in\n{said}");
    }
    assert_eq!(diff(&before, &before).changes, vec![]);
}

fn line_of(files: &ScriptFiles) -> Arc<Line> {
    line(files, "main-menu").expect("line").unwrap_or_else(|report| panic!("{report}"))
}

#[test]
fn one_can_walk_through_a_line_in_the_terminal() {
    let mut said = Vec::new();
    let typed = "\nknown en 1042 open\n\n2\nnonsense\nquit\n1\n";
    walk(&line_of(&ours()), "es", typed.as_bytes(), &mut said).expect("a walk");
    let said = String::from_utf8(said).expect("text");
    for wanted in [
        "hears    main-menu/es/welcome",
        "speaks   en",
        "hears    main-menu/en/your-ticket · shared/en/digit-1 · shared/en/digit-0 · shared/en/digit-4 · shared/en/digit-2 · shared/en/ticket-state-open",
        "→ to-sales",
        "hears    main-menu/en/to-sales",
    ] {
        assert!(said.contains(wanted), "{wanted} is missing in\n{said}");
    }
    assert!(!said.contains("to-support"), "quit ends it");
}

/// Every recording holds the text that stands in its folder's text file, so a changed text cannot be forgotten.
#[test]
fn every_recording_says_what_is_written() {
    let mut recordings = 0;
    for line in ["shared", "main-menu", "office"] {
        for language in ["es", "en"] {
            let prompts = folder().join(line).join("prompts");
            let texts: toml::Table =
                fs::read_to_string(prompts.join(format!("{language}.toml"))).expect("texts").parse().expect("toml");
            for (name, entry) in &texts {
                let text = entry.as_str().or_else(|| entry.get("text")?.as_str()).expect("a text");
                let wav = fs::read(prompts.join(language).join(format!("{name}.wav")))
                    .unwrap_or_else(|_| panic!("{line}/{language}/{name}.wav is missing"));
                let said = spoken_text(&wav);
                assert_eq!(said.as_deref(), Some(text), "{line}/{language}/{name}.wav: run make_prompts.py");
                let ms = length_ms(&wav).expect("a sound");
                assert!((300..20_000).contains(&ms), "{line}/{language}/{name}.wav lasts {ms} ms");
                recordings += 1;
            }
            let files = fs::read_dir(prompts.join(language)).expect("recordings").count();
            assert_eq!(files, texts.len(), "{line}/{language}: a recording without a text");
        }
    }
    assert!(recordings > 280, "{recordings}");
    assert!(length_ms(&fs::read(folder().join("music/on-hold.wav")).expect("music")).expect("a sound") >= 60_000);
}

/// What a recording says about itself: the comment in its INFO chunk.
fn spoken_text(wav: &[u8]) -> Option<String> {
    let at = wav.windows(4).rposition(|bytes| bytes == b"ICMT")?;
    let size = u32::from_le_bytes(wav.get(at + 4..at + 8)?.try_into().ok()?) as usize;
    let text = wav.get(at + 8..at + 8 + size)?;
    String::from_utf8(text.strip_suffix(&[0]).unwrap_or(text).to_vec()).ok()
}

#[test]
fn what_only_a_centre_can_know_is_never_passed_in_silence() {
    let files = changed("main-menu/flow.toml", |text| text.replace("queue = \"support\"", "queue = \"nowhere\""));
    let alone = check(&files, Some("main-menu"), None).expect("a report");
    assert!(alone.unchecked[0].queues.contains(&"nowhere".to_owned()), "{alone}");
    assert!(alone.to_string().contains("could not be checked without a centre: queue `"), "{alone}");
    let with = check(&files, Some("main-menu"), Some(&directory())).expect("a report");
    assert!(with.unchecked.is_empty() && !with.is_right(), "{with}");
    assert!(with.to_string().contains("there is no queue `nowhere`"), "{with}");
}
