//! Telephones that watch others (SUBSCRIBE, NOTIFY) at the real server, with SIPp as the telephones.

use std::net::{SocketAddr, TcpListener, UdpSocket};

use centralita::protocol::media::Codec;

use crate::support::{centre::Centre, database::Database, directory, rest::Rest, sipp::Sipp, tone_peer::TonePeer};

/// Where the trunk's calls come from.
const TRUNK: &str = "127.0.0.2";
/// Where the agent's telephone is.
const TELEPHONE: &str = "127.0.0.3";
/// Where the one is that watches it.
const WATCHER: &str = "127.0.0.4";

/// The first agent works with a telephone, which registers: its port.
async fn desk_phone(centre: &Centre, admin: &Rest) -> String {
    directory::give_desk_phone(admin, "agent1").await;

    let free = UdpSocket::bind((TELEPHONE, 0)).and_then(|socket| socket.local_addr()).expect("a free port");
    let (port, password) = (free.port().to_string(), centre.phone_password("101"));
    let register = ["-p", &port, "-m", "1", "-s", "101", "-au", "101", "-ap", &password];
    Sipp::start_at(TELEPHONE, "uac_register", centre.sip, &register).succeeds().await;
    port
}

/// How many there are now, as the metrics say.
async fn subscriptions(metrics: SocketAddr) -> String {
    let page = reqwest::get(format!("http://{metrics}/metrics")).await.expect("answered").text().await.expect("text");
    let line = page.lines().find_map(|line| line.strip_prefix("centralita_sip_subscriptions{} "));
    line.expect("the gauge").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_colleagues_telephone_sees_a_call_ring_and_be_talked_on() {
    let metrics = TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a free port");
    let centre = Centre::start_with(Database::Embedded, &[&format!("metrics.listen={metrics}")]).await;
    let admin = centre.sign_in("admin").await;
    let port = desk_phone(&centre, &admin).await;
    let media = TonePeer::at(TELEPHONE, Codec::Pcmu, 880.0);
    let rtp = media.address().port().to_string();
    // It rings for so long that the watcher's interval has passed.
    let answers = ["-p", &port, "-m", "1", "-d", "1500", "-key", "mport", &rtp];
    let telephone = Sipp::start_at(TELEPHONE, "uas_far_end", centre.sip, &answers);

    let password = centre.phone_password("102");
    let watches = ["-m", "1", "-au", "102", "-ap", &password];
    let watcher = Sipp::start_at(WATCHER, "uac_watch", centre.sip, &watches);
    let is_watched = async || (subscriptions(metrics).await == "1").then_some(());
    centre.until("the subscription", is_watched).await;

    let agent = centre.sign_in("agent1").await;
    agent.put("/agents/agent1/presence", serde_json::json!({ "state": "ready" })).await;
    let peer = TonePeer::at(TRUNK, Codec::Pcmu, 620.0);
    let mport = peer.address().port().to_string();
    let arguments = ["-s", "1001", "-m", "1", "-d", "4000", "-key", "mport", &mport];
    Sipp::start_at(TRUNK, "uac_caller_bye", centre.sip, &arguments).succeeds().await;
    telephone.succeeds().await;
    watcher.succeeds().await;
    let is_over = async || (subscriptions(metrics).await == "0").then_some(());
    centre.until("the subscription's end", is_over).await;
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blinking_key_picks_up_what_rings_at_a_colleague() {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    let port = desk_phone(&centre, &admin).await;
    let telephone = Sipp::start_at(TELEPHONE, "uas_picked_up", centre.sip, &["-p", &port, "-m", "1"]);
    let agent = centre.sign_in("agent1").await;
    agent.put("/agents/agent1/presence", serde_json::json!({ "state": "ready" })).await;
    // Nothing is offered to the colleague, who is there nevertheless.
    let colleague = centre.sign_in("agent2").await;
    colleague.put("/agents/agent2/presence", serde_json::json!({ "state": "paused", "reason": "lunch" })).await;

    let peer = TonePeer::at(TRUNK, Codec::Pcmu, 620.0);
    let mport = peer.address().port().to_string();
    let arguments = ["-s", "1001", "-m", "1", "-d", "6000", "-key", "mport", &mport];
    let caller = Sipp::start_at(TRUNK, "uac_caller_bye", centre.sip, &arguments);
    let rings = async || {
        let events = admin.events().await;
        events.iter().any(|event| event["area"] == "call" && event["event"]["kind"] == "offered").then_some(())
    };
    centre.until("the ringing", rings).await;

    let media = TonePeer::at(WATCHER, Codec::Pcmu, 880.0);
    let (rtp, password) = (media.address().port().to_string(), centre.phone_password("102"));
    let picks = ["-m", "1", "-au", "102", "-ap", &password, "-key", "mport", &rtp];
    let picker = Sipp::start_at(WATCHER, "uac_pick_up", centre.sip, &picks);
    telephone.succeeds().await;
    caller.succeeds().await;
    picker.succeeds().await;
    let pick_up = async || {
        let events = admin.events().await;
        let of = |kind: &str| events.iter().find(|event| event["area"] == "call" && event["event"]["kind"] == kind);
        Some((of("offer_missed")?["event"].clone(), of("connected")?["event"].clone()))
    };
    let (missed, talk) = centre.until("the pick-up in the history", pick_up).await;
    assert_eq!(missed["cause"], "picked_up");
    assert_eq!(talk["agent"], "agent2");
    assert!(centre.stop().await.success());
}
