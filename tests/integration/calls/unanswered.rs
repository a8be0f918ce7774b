//! Callers who are not answered before an agent takes them, at the real server, with SIPp as the carrier.

use centralita::{console::wire::ConsoleCommand, protocol::media::Codec};
use serde_json::{Value, json};

use crate::support::{
    centre::Centre,
    console::Console,
    database::Database,
    rest::{BESIDE_THE_MOVES, Rest},
    sipp::Sipp,
    tone_peer::TonePeer,
};

/// Where the trunk's calls come from.
const TRUNK: &str = "127.0.0.2";
/// Share of the energy at the tone's frequency below which it is not the tone.
const PURE: f64 = 0.7;
const AGENT_HERTZ: f64 = 880.0;
const CALLER_HERTZ: f64 = 620.0;

/// The sample centre, whose number 1001 answers like this.
async fn centre_that_answers(answering: Value) -> (Centre, Rest) {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    let mut number = admin.get("/numbers/1001").await;
    number["answering"] = answering;
    admin.put("/numbers/1001", number).await;
    (centre, admin)
}

fn call(centre: &Centre, scenario: &str, stays_ms: &str) -> (Sipp, TonePeer) {
    let peer = TonePeer::at(TRUNK, Codec::Pcmu, CALLER_HERTZ);
    let port = peer.address().port().to_string();
    let arguments = ["-s", "1001", "-m", "1", "-d", stays_ms, "-key", "mport", &port];
    (Sipp::start_at(TRUNK, scenario, centre.sip, &arguments), peer)
}

/// The events of the only call there was, after its end.
async fn events(centre: &Centre, admin: &Rest) -> Vec<Value> {
    let is_end = |event: &Value| event["area"] == "call" && event["event"]["kind"] == "ended";
    let ended = async || Some(admin.events().await).filter(|events| events.iter().any(is_end));
    let events = centre.until("the call's end", ended).await;
    let beside = |event: &Value| BESIDE_THE_MOVES.contains(&event["event"]["kind"].as_str().unwrap_or_default());
    let of_call = events.into_iter().filter(|event| event["area"] == "call" && !beside(event));
    of_call.map(|event| event["event"].clone()).collect()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["kind"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_hears_music_unanswered_until_an_agent_takes_the_call() {
    let (centre, admin) = centre_that_answers(json!({ "mode": "early_media", "secs_max": 60, "then": "answer" })).await;
    let (sipp, mut peer) = call(&centre, "uac_hears_early", "0");
    let mut peer = tokio::task::spawn_blocking(move || {
        peer.find_server();
        peer.listen_to(75);
        assert!(peer.heard.iter().any(|sample| sample.unsigned_abs() > 500), "music before the answer");
        peer
    })
    .await
    .unwrap();
    let agent = centre.sign_in("agent1").await;
    let mut console = Console::open(&centre.http, &agent, AGENT_HERTZ).await;
    console.become_ready().await;
    let talking = console.answer_next().await;
    let sing = tokio::task::spawn_blocking(move || {
        peer.forget();
        peer.converse(150);
        peer.share_of(AGENT_HERTZ)
    });
    console.hears(CALLER_HERTZ, PURE).await;
    assert!(sing.await.unwrap() > PURE);
    console.command(ConsoleCommand::HangUp { call: talking.id }).await;
    sipp.succeeds().await;
    let events = events(&centre, &admin).await;
    assert_eq!(kinds(&events), ["arrived", "queued", "offered", "answered", "connected", "ended"]);
    let unanswered_ms = events[3]["unanswered_ms"].as_i64().unwrap();
    assert!((1_500..60_000).contains(&unanswered_ms), "{unanswered_ms}");
    drop(console);
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_hears_ringing_until_an_agent_takes_the_call() {
    let (centre, admin) = centre_that_answers(json!({ "mode": "ringing", "secs_max": 60, "then": "refuse" })).await;
    let agent = centre.sign_in("agent1").await;
    let mut console = Console::open(&centre.http, &agent, AGENT_HERTZ).await;
    console.become_ready().await;
    let (sipp, mut peer) = call(&centre, "uac_rings_until_taken", "0");
    let talking = console.answer_next().await;
    let sing = tokio::task::spawn_blocking(move || {
        peer.find_server();
        peer.converse(150);
        peer.share_of(AGENT_HERTZ)
    });
    console.hears(CALLER_HERTZ, PURE).await;
    assert!(sing.await.unwrap() > PURE);
    console.command(ConsoleCommand::HangUp { call: talking.id }).await;
    sipp.succeeds().await;
    assert_eq!(kinds(&events(&centre, &admin).await), ["arrived", "queued", "offered", "answered", "connected", "ended"]);
    drop(console);
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_gives_up_unanswered_has_abandoned_and_is_owed_a_callback() {
    let (centre, admin) = centre_that_answers(json!({ "mode": "early_media", "secs_max": 60, "then": "answer" })).await;
    let (sipp, _peer) = call(&centre, "uac_gives_up_early", "1500");
    sipp.succeeds().await;
    let events = events(&centre, &admin).await;
    assert_eq!(kinds(&events), ["arrived", "queued", "abandoned", "ended"]);
    let callbacks = async || Some(admin.items("/tickets?type=callback").await).filter(|tickets| !tickets.is_empty());
    centre.until("a callback ticket", callbacks).await;
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_whom_nobody_takes_in_time_is_refused_unanswered() {
    let (centre, admin) = centre_that_answers(json!({ "mode": "ringing", "secs_max": 10, "then": "refuse" })).await;
    let (sipp, _peer) = call(&centre, "uac_refused_late", "0");
    sipp.succeeds().await;
    let events = events(&centre, &admin).await;
    assert_eq!(kinds(&events), ["arrived", "queued", "flowed_out", "callback_requested", "ended"], "the queue owes a callback");
    assert_eq!((&events[2]["cause"], &events[4]["cause"]), (&json!("max_wait"), &json!("no_answer")));
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_callers_are_answered_is_checked_field_by_field() {
    let (centre, admin) = centre_that_answers(json!({ "mode": "at_once" })).await;
    let wrong = [
        ("1001", json!({ "mode": "ringing", "secs_max": 300, "then": "refuse" }), "answering.secs_max", "out_of_range"),
        ("1009", json!({ "mode": "early_media", "secs_max": 60, "then": "answer" }), "answering.mode", "not_a_choice"),
    ];
    for (key, answering, field, code) in wrong {
        let path = format!("/numbers/{key}");
        let mut number = admin.get(&path).await;
        number["answering"] = answering;
        let (status, problem) = admin.ask(reqwest::Method::PUT, &path, Some(&number)).await;
        assert_eq!(status.as_u16(), 422, "{problem}");
        let errors = problem["errors"].as_array().unwrap();
        assert!(errors.iter().any(|error| error["field"] == field && error["code"] == code), "{problem}");
    }
    assert!(centre.stop().await.success());
}
