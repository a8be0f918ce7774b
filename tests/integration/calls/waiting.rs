//! Callers who wait, over a trunk at the real server: their keys, and the place of who calls again.

use centralita::protocol::media::Codec;
use serde_json::{Value, json};

use crate::support::{centre::Centre, database::Database, rest::Rest, sipp::Sipp, tone_peer::TonePeer};

const TRUNK: &str = "127.0.0.2";
const CALLER_HERTZ: f64 = 620.0;

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
