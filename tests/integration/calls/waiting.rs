//! Callers who wait, over a trunk at the real server: their keys, the place of who calls again, and a wait that would be too long.

use centralita::{console::wire::ConsoleCommand, domain::centre::ConsultTarget, protocol::media::Codec};
use serde_json::{Value, json};

use crate::support::{centre::Centre, console::Console, database::Database, rest::Rest, sipp::Sipp, tone_peer::TonePeer};

const TRUNK: &str = "127.0.0.2";
const CALLER_HERTZ: f64 = 620.0;
const AGENT_HERTZ: f64 = 880.0;

/// Calls support; the caller stays for this long, or until the server hangs up.
fn call_support(centre: &Centre, stays_ms: Option<u64>) -> (Sipp, TonePeer) {
    let peer = TonePeer::at(TRUNK, Codec::Pcmu, CALLER_HERTZ);
    let (port, stays) = (peer.address().port().to_string(), stays_ms.unwrap_or(0).to_string());
    let scenario = if stays_ms.is_some() { "uac_caller_bye" } else { "uac_server_bye" };
    (Sipp::start_at(TRUNK, scenario, centre.sip, &["-s", "1001", "-m", "1", "-d", &stays, "-key", "mport", &port]), peer)
}

/// The events of this kind, once there are so many.
async fn events(centre: &Centre, admin: &Rest, kind: &str, count: usize) -> Vec<Value> {
    let those = async || {
        let all = admin.events().await.into_iter().map(|record| record["event"].clone());
        let found: Vec<Value> = all.filter(|event| event["kind"] == kind).collect();
        (found.len() >= count).then_some(found)
    };
    centre.until(kind, those).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_calls_again_stands_where_they_stood_and_leaves_by_a_key() {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    let rules = json!({ "redial_secs": 60, "keys": { "7": { "does": "leave" } } });
    admin.change("/queues/support", |queue| queue["waiting"] = rules).await;
    let (sipp, _peer) = call_support(&centre, Some(2_000));
    sipp.succeeds().await;
    events(&centre, &admin, "abandoned", 1).await;
    let (sipp, mut peer) = call_support(&centre, None);
    let peer = tokio::task::spawn_blocking(move || {
        peer.find_server();
        // Into the music.
        peer.listen_to(50);
        peer.press("7");
        peer
    });
    let _peer = peer.await.unwrap();
    // The server says goodbye and hangs up.
    sipp.succeeds().await;
    let regained = events(&centre, &admin, "place_regained", 1).await;
    assert!(regained[0]["waited_ms"].as_i64().unwrap() >= 1_900, "{regained:?}");
    let left = events(&centre, &admin, "flowed_out", 1).await;
    assert_eq!((left[0]["cause"].as_str(), left[0]["queue"].as_str()), (Some("key"), Some("support")));
    assert!(left[0]["waited_ms"].as_i64().unwrap() < regained[0]["waited_ms"].as_i64().unwrap() + 2_000, "a wait of its own");
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_would_wait_too_long_by_what_the_calls_before_took_is_told_so_and_who_was_let_in_stays() {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    let rules = json!({ "expected_wait_secs_max": 10, "on_expected_wait": { "then": "message", "prompt": "long-wait" } });
    admin
        .change("/queues/support", |queue| {
            queue["waiting"] = rules;
            queue["wrap_up"] = json!({ "mode": "none" });
        })
        .await;
    // All of the agent's work is for this queue.
    admin.change("/agents/agent1", |agent| agent["skills"] = json!({ "support": 5 })).await;
    let agent = centre.sign_in("agent1").await;
    let mut console = Console::open(&centre.http, &agent, AGENT_HERTZ).await;
    console.become_ready().await;
    for _ in 0..3 {
        let (sipp, _peer) = call_support(&centre, Some(6_000));
        console.answer_next().await;
        sipp.succeeds().await;
    }
    // One is in talk and the next one waits, past the moment at which the line is looked through.
    let (talking, _talker) = call_support(&centre, Some(19_000));
    console.answer_next().await;
    let (waiting, _waiter) = call_support(&centre, Some(17_000));
    events(&centre, &admin, "queued", 5).await;
    let (turned_away, _away) = call_support(&centre, None);
    turned_away.succeeds().await;
    waiting.succeeds().await;
    talking.succeeds().await;
    let left = events(&centre, &admin, "flowed_out", 1).await;
    let queued = events(&centre, &admin, "queued", 6).await;
    let expected: Vec<Value> = queued.iter().map(|event| event["expected"].clone()).collect();
    assert_eq!(left.len(), 1, "{left:?} {expected:?}");
    assert_eq!((&left[0]["cause"], &left[0]["call"]), (&"expected_wait".into(), &queued[5]["call"]));
    assert!(expected[..3].iter().all(Value::is_null) && expected[3..].iter().all(Value::is_object), "{expected:?}");
    assert!(expected[5]["mean_ms"].as_i64().unwrap() > 10_000, "{expected:?}");
    assert!(expected[4]["mean_ms"].as_i64().unwrap() <= 10_000, "{expected:?}");
    let gave_up = events(&centre, &admin, "abandoned", 1).await;
    assert_eq!(gave_up[0]["call"], queued[4]["call"], "whoever was let in has waited until hanging up");
    drop(console);
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_asks_a_queue_whose_agent_takes_the_caller_and_a_supervisor_moves_one_who_waits_there() {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    admin.change("/agents/agent1", |agent| agent["skills"] = json!({ "support": 5 })).await;
    admin.change("/agents/agent2", |agent| agent["skills"] = json!({ "sales": 5 })).await;
    let mut consoles = Vec::new();
    for (agent, hertz) in [("agent1", AGENT_HERTZ), ("agent2", 1_300.0)] {
        let rest = centre.sign_in(agent).await;
        let mut console = Console::open(&centre.http, &rest, hertz).await;
        console.become_ready().await;
        consoles.push(console);
    }
    let [first, second] = &mut consoles[..] else { unreachable!("two consoles") };
    let (talking, mut caller) = call_support(&centre, Some(20_000));
    let call = first.answer_next().await.id;
    let target = ConsultTarget::Queue { queue: "sales".parse().unwrap() };
    first.command(ConsoleCommand::Consult { call, target }).await;
    second.answer_next().await;
    first.hears(1_300.0, 0.5).await;
    // Somebody waits for support meanwhile, where nobody is free.
    let (waiting, _waiter) = call_support(&centre, Some(15_000));
    let waits = events(&centre, &admin, "queued", 2).await[1]["call"].as_str().unwrap().to_owned();
    assert_eq!(admin.put(&format!("/calls/{waits}/ahead"), json!({ "secs": 60 })).await, Value::Null);
    first.command(ConsoleCommand::ConsultComplete { call }).await;
    let hears_second = tokio::task::spawn_blocking(move || {
        caller.find_server();
        (0..6).any(|_| {
            caller.listen_to(50);
            caller.share_of(1_300.0) > 0.5
        })
    });
    assert!(hears_second.await.unwrap(), "the caller talks with the second agent");
    let routing = admin.get(&format!("/calls/{call}/routing")).await;
    let asked: Vec<(&str, &str, bool)> = routing
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["queue"].as_str().unwrap(), one["agent"].as_str().unwrap(), one["is_consult"] == true))
        .collect();
    assert_eq!(asked, [("support", "agent1", false), ("sales", "agent2", true)]);
    let connected = events(&centre, &admin, "connected", 2).await;
    assert_eq!((&connected[1]["queue"], &connected[1]["agent"]), (&json!("sales"), &json!("agent2")));
    admin.post(&format!("/calls/{waits}/move"), json!({ "queue": "sales" })).await;
    let moved = events(&centre, &admin, "flowed_out", 1).await;
    assert_eq!((&moved[0]["cause"], &moved[0]["call"]), (&json!("moved"), &json!(waits)));
    assert_eq!(events(&centre, &admin, "put_ahead", 1).await[0]["secs"], 60);
    waiting.succeeds().await;
    talking.succeeds().await;
    drop(consoles);
    assert!(centre.stop().await.success());
}
