//! The numbers of the sample centre, called over a trunk at the real server.

use centralita::protocol::media::Codec;
use serde_json::Value;

use crate::support::{centre::Centre, console::Console, database::Database, sipp::Sipp, tone_peer::TonePeer};

/// Where the trunk's calls come from.
const TRUNK: &str = "127.0.0.2";
/// Share of the energy at the tone's frequency below which it is not the tone.
const PURE: f64 = 0.7;
/// An agent's tone, and a caller's.
const AGENT_HERTZ: f64 = 880.0;
const CALLER_HERTZ: f64 = 620.0;

/// Calls a number; the caller stays for this long, or until the server hangs up.
fn call(centre: &Centre, number: &str, stays_ms: Option<u64>) -> (Sipp, TonePeer) {
    let peer = TonePeer::at(TRUNK, Codec::Pcmu, CALLER_HERTZ);
    let (port, stays) = (peer.address().port().to_string(), stays_ms.unwrap_or(0).to_string());
    let scenario = if stays_ms.is_some() { "uac_caller_bye" } else { "uac_server_bye" };
    let arguments = ["-s", number, "-m", "1", "-d", &stays, "-key", "mport", &port];
    (Sipp::start_at(TRUNK, scenario, centre.sip, &arguments), peer)
}

/// The kinds of events of the only call there was.
async fn kinds(centre: &Centre) -> Vec<String> {
    let admin = centre.sign_in("admin").await;
    // How it sounded is said behind its end.
    let is_over = |events: &[Value]| {
        let has = |wanted: &str| events.iter().any(|event| kind(event) == wanted && event["area"] == "call");
        has("ended") && has("audio_measured")
    };
    let events = centre.until("the call's end", async || Some(admin.events().await).filter(|events| is_over(events))).await;
    events.iter().filter(|event| event["area"] == "call").map(kind).collect()
}

fn kind(event: &Value) -> String {
    event["event"]["kind"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn number_1009_echoes() {
    let centre = Centre::start(Database::Embedded).await;
    let (sipp, mut peer) = call(&centre, "1009", Some(3_000));
    let heard = tokio::task::spawn_blocking(move || {
        // The echo is silent until someone speaks, so a key is no help here: the server sends comfort first.
        peer.find_server();
        peer.converse(70);
        peer.share_of(CALLER_HERTZ)
    });
    assert!(heard.await.unwrap() > PURE);
    sipp.succeeds().await;
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_pressed_in_the_menu_leads_through_the_queue_to_an_agent_and_both_hear_each_other() {
    for database in Database::each().await {
        let centre = Centre::start(database).await;
        let agent = centre.sign_in("agent1").await;
        let mut console = Console::open(&centre.http, &agent, AGENT_HERTZ).await;
        console.become_ready().await;
        let (sipp, mut peer) = call(&centre, "1000", None);
        let mut peer = tokio::task::spawn_blocking(move || {
            peer.find_server();
            // Into the greeting.
            peer.listen_to(25);
            peer.press("1");
            peer
        })
        .await
        .unwrap();
        let talking = console.answer_next().await;
        assert_eq!(talking.queue.as_ref().map(ToString::to_string).as_deref(), Some("support"));
        assert_eq!(talking.reason.as_deref(), Some("incident"));
        assert!(talking.party.customer.is_some(), "+34911000001 is known: {:?}", talking.party);
        let sing = tokio::task::spawn_blocking(move || {
            peer.forget();
            peer.converse(150);
            peer.share_of(AGENT_HERTZ)
        });
        console.hears(CALLER_HERTZ, PURE).await;
        assert!(sing.await.unwrap() > PURE);
        console.command(centralita::console::wire::ConsoleCommand::HangUp { call: talking.id }).await;
        sipp.succeeds().await;
        let kinds = kinds(&centre).await;
        for expected in ["arrived", "identified", "ivr_entered", "queued", "offered", "connected", "ended"] {
            assert!(kinds.iter().any(|kind| kind == expected), "no {expected} in {kinds:?}");
        }
        drop(console);
        assert!(centre.stop().await.success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn number_1001_waits_with_music_in_support_without_any_agent() {
    let centre = Centre::start(Database::Embedded).await;
    let (sipp, mut peer) = call(&centre, "1001", Some(3_000));
    let loudest = tokio::task::spawn_blocking(move || {
        peer.find_server();
        peer.listen_to(100);
        peer.heard.iter().map(|sample| sample.unsigned_abs()).max()
    });
    assert!(loudest.await.unwrap() > Some(500), "music");
    sipp.succeeds().await;
    // The caller is looked up beside the call, so that event has no place in the order.
    let kinds: Vec<_> = kinds(&centre).await.into_iter().filter(|kind| kind != "identified").collect();
    assert_eq!(kinds, ["arrived", "queued", "abandoned", "ended", "audio_measured"]);
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn number_1002_without_an_agent_promises_to_call_back() {
    let centre = Centre::start(Database::Embedded).await;
    let (sipp, _peer) = call(&centre, "1002", None);
    sipp.succeeds().await;
    assert!(kinds(&centre).await.contains(&"callback_requested".to_owned()));
    let agent = centre.sign_in("agent1").await;
    let callbacks = async || Some(agent.items("/tickets?type=callback").await).filter(|tickets| !tickets.is_empty());
    let tickets = centre.until("a callback ticket", callbacks).await;
    assert_eq!((tickets.len(), &tickets[0]["queue"]), (1, &Value::from("sales")));
    assert!(centre.stop().await.success());
}
