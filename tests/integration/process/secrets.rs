//! A secret that is being typed as the process dies is nowhere afterwards: in no file of its data, in nothing that it says, in no sound
//! that is kept, and not with the outside system that gets the call's audio. It is asked for again, and then the recording goes on.

use std::{fs, path::Path};

use centralita::protocol::media::Codec;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::support::{
    centre::Centre,
    database::Database,
    directory, files_in,
    outside_system::{Heard, TOKEN, accept},
    rest::Rest,
    sipp::Sipp,
    tone_peer::TonePeer,
    wav::{SECOND, channels, halves_with, keys_in},
};

const TRUNK: &str = "127.0.0.2";
const CALLER_HERTZ: f64 = 1_900.0;
/// What is typed: a question for each key.
const SECRET: &str = "7486";
const QUESTIONS: [&str; 4] = ["first", "second", "third", "fourth"];
/// Keys that sound before the secret is asked for, and after it: they are kept as any sound, and show that the others would be found.
const BEFORE: &str = "5";
const AFTER: &str = "9";
/// The line around the questions.
const LINE: &str = r#"
flow = "main-menu"
schema = 1
lang = { default = "es", also = ["en"] }
start = "greeting"
fallback = "agents"

[node.greeting]
type = "say"
prompt = "shared/all-busy"
barge_in = false
next = "first"

[node.agents]
type = "queue"
queue = "support"
"#;
/// The call's way through it and what becomes of its recording, until the secret is asked for.
const ASKED: [&str; 4] = ["greeting", "recording_started", "first", "recording_paused"];
/// Then to the death: two keys are taken.
const HALF_TOLD: [&str; 2] = ["second", "third"];
/// After it, until the secret is asked for again: the next part begins in the midst of the pause.
const ASKED_AGAIN: [&str; 4] = ["recovered", "greeting", "recording_started", "first"];
/// Then all of them are taken.
const TOLD: [&str; 5] = ["second", "third", "fourth", "agents", "recording_resumed"];

/// A line in the place of the sample's main menu, with the words and the music of all. Only the right key leads on.
async fn secret_line(folder: &Path) {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("ivr-scripts");
    let line = folder.join("main-menu");
    fs::create_dir_all(&line).expect("a folder");
    let mut copy = tokio::process::Command::new("cp");
    let copied = copy.arg("-r").args(["shared", "music"].map(|name| sample.join(name))).arg(folder).status().await;
    assert!(copied.expect("cp").success());
    let question = |(at, key): (usize, char)| {
        let (name, next) = (QUESTIONS[at], QUESTIONS.get(at + 1).unwrap_or(&"agents"));
        format!(
            "\n[node.{name}]\ntype = \"menu\"\nsecret = true\nprompt = \"shared/please-hold\"\nkeys = {{ \"{key}\" = \"{next}\" }}\n\
             on_exhausted = \"agents\"\n"
        )
    };
    let questions: String = SECRET.chars().enumerate().map(question).collect();
    fs::write(line.join("flow.toml"), LINE.to_owned() + &questions).expect("a file");
    // Callers of a line that is wrong hear an apology and nothing else.
    let check = Centre::ends(&["ivr", "--scripts", folder.to_str().expect("a path"), "check"]).await;
    assert_eq!(check.code, Some(0), "{check:?}");
}

/// Every call is recorded and goes to an outside system, from the answer.
async fn with_rules(centre: &Centre, url: &str) -> Rest {
    let admin = centre.sign_in("admin").await;
    directory::take_trunk_calls_from(&admin, &[TRUNK]).await;
    let target = json!({ "kind": "websocket", "url": url });
    let fork = json!({ "id": "words", "name": "Transcription", "target": target, "is_active": true, "password": TOKEN });
    admin.post("/media-forks", fork).await;
    let change = |rules: &mut Value| {
        rules["recording"]["inbound"] = json!({ "mode": "always" });
        rules["recording"]["begins"] = "answered".into();
        rules["forks"]["inbound"] = json!([{ "fork": "words", "percent": 100 }]);
        rules["forks"]["begins"] = "answered".into();
    };
    admin.change("/centre", change).await;
    admin
}

/// Takes the copy of each process until its connection ends.
fn listen(listener: TcpListener) -> JoinHandle<[Heard; 2]> {
    tokio::spawn(async move {
        let mut copies = [Heard::default(), Heard::default()];
        for heard in &mut copies {
            let mut socket = accept(&listener).await;
            assert!(!heard.until(&mut socket, |_| false).await, "until its end");
        }
        copies
    })
}

/// Waits, talking, until the call has come this way.
async fn comes_to(centre: &Centre, admin: &Rest, ears: &mut TonePeer, way: &[&str]) {
    let step = |record: Value| {
        let event = &record["event"];
        let kind = event["kind"].as_str()?;
        let is_told = ["recovered", "recording_started", "recording_paused", "recording_resumed"].contains(&kind);
        event["node"].as_str().or(is_told.then_some(kind)).map(str::to_owned)
    };
    let is_there = async || {
        ears.converse(10);
        let steps: Vec<String> = admin.events().await.into_iter().filter_map(step).collect();
        (steps.len() >= way.len()).then_some(steps)
    };
    assert_eq!(centre.until("the way through the line", is_there).await, way);
}

/// Types keys, each as an event (RFC 4733) and as a tone, as telephones do that send both.
fn type_keys(ears: &mut TonePeer, keys: &str) {
    for key in keys.chars().map(String::from) {
        ears.press(&key);
        ears.sound_keys(&key);
    }
}

/// What of the secret is typed before the death, and the rest of it.
fn halves() -> (&'static str, &'static str) {
    SECRET.split_at(HALF_TOLD.len())
}

/// Whether any of the secret's keys stands there as a program would write it.
fn tells_keys(octets: &[u8]) -> bool {
    let written = |key: char| {
        [format!("\"{key}\""), format!("'{key}'"), format!("digit={key}"), format!("key={key}"), format!("keys={key}")]
    };
    let (half, rest) = halves();
    let whole = [format!("\"{SECRET}"), format!("\"{half}\""), format!("\"{rest}\"")];
    let mut words = SECRET.chars().flat_map(written).chain(whole);
    words.any(|word| octets.windows(word.len()).any(|window| window == word.as_bytes()))
}

/// The files that tell something of the secret. Recordings are random octets, and are listened to instead.
fn telling_files(centre: &Centre, log: &Path) -> Vec<String> {
    let files = files_in(centre.data()).into_iter().chain([log.to_owned()]);
    let files = files.filter(|file| file.extension().is_none_or(|extension| extension != "rec"));
    let telling = files.filter(|file| tells_keys(&fs::read(file).unwrap_or_default()));
    telling.map(|file| file.display().to_string()).collect()
}

/// What is kept of the call is on one timeline: the keys before and after the secret, and none of its own.
async fn is_recorded_without_it(centre: &Centre, admin: &Rest, call: &str) {
    let complete = async || {
        let entry = admin.items(&format!("/calls/{call}/recordings")).await.into_iter().next()?;
        (entry["parts"][1]["state"] == "complete").then_some(entry)
    };
    let entry = centre.until("the end of the recording", complete).await;
    let parts = entry["parts"].as_array().expect("parts");
    let states: Vec<&Value> = parts.iter().map(|part| &part["state"]).collect();
    assert_eq!(states, ["cut_off", "complete"], "{entry}");
    assert!(parts[1]["gap_before_ms"].as_i64().is_some_and(|gap_ms| gap_ms > 0), "{entry}");

    let path = format!("/recordings/{}", entry["id"].as_str().expect("an id"));
    let (_, _, wav) = admin.file(&format!("{path}/audio"), None).await;
    let sides = channels(&wav);
    let outline = admin.get(&format!("{path}/outline?buckets=100")).await;
    let pauses = outline["pauses"].as_array().expect("pauses");
    let sample = |ms: &Value| usize::try_from(ms.as_u64().expect("a moment")).expect("a moment") * SECOND / 1_000;
    for pause in pauses {
        // A pause is told in steps of 20 ms, outward.
        let (from, to) = (sample(&pause["from_ms"]) + SECOND / 50, sample(&pause["to_ms"]) - SECOND / 50);
        assert!(sides.iter().all(|side| side[from..to].iter().all(|sample| sample.unsigned_abs() <= 100)), "{pause}");
    }
    let [said, heard] = sides;
    let (second_part, told) = (sample(&parts[1]["at_ms"]), sample(&pauses.last().expect("a pause")["to_ms"]));
    assert!(second_part < told, "{entry}\n{outline}");
    let sung = [&said[..second_part], &said[told..]].map(|stretch| halves_with(stretch, CALLER_HERTZ));
    assert!(sung.iter().all(|halves| *halves >= 4), "the caller is heard before the question and after the answer: {sung:?}");
    let keys = [&said[..second_part], &said[second_part..told], &said[told..], &heard].map(keys_in);
    assert_eq!(keys, [BEFORE, "", AFTER, ""]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_is_typed_as_the_process_dies_is_nowhere_and_is_asked_for_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let (lines, log) = (folder.path().join("lines"), folder.path().join("log"));
    secret_line(&lines).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("ws://{}/live", listener.local_addr().expect("an address"));
    let scripts = format!("ivr.scripts={}", lines.display());
    let mut centre = Centre::start_logged(Database::Embedded, &[&scripts, "log.level=debug"], &log).await;
    let admin = with_rules(&centre, &url).await;
    let copies = listen(listener);
    assert_eq!(telling_files(&centre, &log), Vec::<String>::new(), "nothing that would be taken for it stands there anyway");

    let mut ears = TonePeer::at(TRUNK, Codec::Pcmu, CALLER_HERTZ);
    let mport = ears.address().port().to_string();
    let arguments = ["-aa", "-s", "1000", "-m", "1", "-d", "20000", "-key", "mport", &mport];
    let caller = Sipp::start_at(TRUNK, "uac_asked_back", centre.sip, &arguments);
    ears.find_server();
    ears.converse(25);
    ears.sound_keys(BEFORE);
    let mut way = ASKED.to_vec();
    comes_to(&centre, &admin, &mut ears, &way).await;
    // Until what came before the question is on the disk.
    ears.converse(125);
    let (half, rest) = halves();
    type_keys(&mut ears, half);
    way.extend(HALF_TOLD);
    comes_to(&centre, &admin, &mut ears, &way).await;
    centre.kill().await;
    assert_eq!(telling_files(&centre, &log), Vec::<String>::new());

    ears.forget();
    centre.restart().await;
    ears.find_server();
    // Who was typing goes on, and learns only then that the line has begun again.
    type_keys(&mut ears, rest);
    way.extend(ASKED_AGAIN);
    comes_to(&centre, &admin, &mut ears, &way).await;
    type_keys(&mut ears, SECRET);
    way.extend(TOLD);
    comes_to(&centre, &admin, &mut ears, &way).await;
    // Past the pause's last moment.
    ears.converse(100);
    ears.sound_keys(AFTER);
    ears.converse(150);
    caller.succeeds().await;

    let call = admin.items("/calls").await[0]["id"].as_str().expect("a call").to_owned();
    is_recorded_without_it(&centre, &admin, &call).await;
    for (copy, keys) in copies.await.expect("both copies").iter().zip([BEFORE, AFTER]) {
        assert!(!copy.has_text("digit"), "{:?}", copy.texts);
        assert_eq!(copy.channels.each_ref().map(|side| keys_in(side)), [keys, ""]);
    }
    let of_call = admin.events().await.into_iter().filter(|record| record["event"]["call"] == call.as_str());
    assert!(!tells_keys(Value::from_iter(of_call).to_string().as_bytes()));
    assert!(centre.terminate().await.success());
    assert_eq!(telling_files(&centre, &log), Vec::<String>::new());
    assert!(fs::metadata(&log).is_ok_and(|log| log.len() > 0), "it says something");
}
