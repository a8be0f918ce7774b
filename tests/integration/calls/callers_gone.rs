//! A caller who hangs up while it rings: telephone and console fall silent at once, and nobody has missed anything.

use centralita::{
    domain::centre::CallState,
    net::SystemClock,
    protocol::media::Codec,
    types::{Clock, Timestamp},
};
use serde_json::{Value, json};

use crate::support::{
    centre::Centre,
    console::{Console, call_that},
    database::Database,
    directory,
    sipp::Sipp,
    tone_peer::TonePeer,
};

const TRUNK: &str = "127.0.0.2";
const TELEPHONE: &str = "127.0.0.3";
/// From the caller's BYE to our CANCEL, both as they passed our socket.
const CANCELLED_IN_US: i64 = 100_000;
/// From there to the console's message as the test reads it, on a machine that other stories run on as well.
const SILENT_IN_MS: i64 = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_hangs_up_silences_telephone_and_console_at_once() {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    directory::give_desk_phone(&admin, "agent1").await;
    admin.change("/queues/support", |queue| queue["routing"]["rings"] = json!(2)).await;
    let free = std::net::UdpSocket::bind((TELEPHONE, 0)).and_then(|socket| socket.local_addr()).expect("a free port");
    let (port, password) = (free.port().to_string(), centre.phone_password("101"));
    let register = ["-p", &port, "-m", "1", "-s", "101", "-au", "101", "-ap", &password];
    Sipp::start_at(TELEPHONE, "uac_register", centre.sip, &register).succeeds().await;
    let telephone = Sipp::start_at(TELEPHONE, "uas_cancelled", centre.sip, &["-p", &port, "-m", "1"]);
    let agent = centre.sign_in("agent1").await;
    agent.put("/agents/agent1/presence", json!({ "state": "ready" })).await;
    let colleague = centre.sign_in("agent2").await;
    let mut console = Console::open(&centre.http, &colleague, 880.0).await;
    console.become_ready().await;

    let peer = TonePeer::at(TRUNK, Codec::Pcmu, 620.0);
    let mport = peer.address().port().to_string();
    let arguments = ["-s", "1001", "-m", "1", "-d", "1500", "-key", "mport", &mport];
    let caller = Sipp::start_at(TRUNK, "uac_caller_bye", centre.sip, &arguments);
    let call =
        console.until("a ringing call", |message| call_that(message, |state| matches!(state, CallState::Offered { .. }))).await;
    console.until("silence", |message| call_that(message, |state| matches!(state, CallState::Over { .. }))).await;
    let silent_at = SystemClock::start().now().wall;
    caller.succeeds().await;
    // It saw the CANCEL.
    telephone.succeeds().await;

    let signalling = admin.get(&format!("/calls/{}/signalling", call.id)).await;
    let messages = signalling["messages"].as_array().expect("messages");
    let request = |method: &str, is_inbound: bool| {
        let is_it = |message: &&Value| message["method"] == method && message["is_inbound"] == is_inbound;
        messages.iter().position(|message| is_it(&message)).unwrap_or_else(|| panic!("no {method} in {messages:?}"))
    };
    let (bye, cancel) = (request("BYE", true), request("CANCEL", false));
    assert!(bye < cancel, "first the caller's BYE, then our CANCEL");
    let offset = |index: usize| messages[index]["offset_us"].as_i64().expect("microseconds");
    let cancelled_in_us = offset(cancel) - offset(bye);
    let hung_up_at: Timestamp = serde_json::from_value(messages[bye]["at"].clone()).expect("a time");
    let silent_in_ms = silent_at.millis_since(hung_up_at);
    println!("BYE to CANCEL: {cancelled_in_us} us; BYE to the console's message: {silent_in_ms} ms");
    assert!(cancelled_in_us < CANCELLED_IN_US, "{cancelled_in_us} us");
    assert!(silent_in_ms < SILENT_IN_MS, "{silent_in_ms} ms");

    let both_missed = async || {
        let missed = admin.events().await.into_iter().filter(|event| event["event"]["kind"] == "offer_missed");
        let causes: Vec<Value> = missed.map(|event| event["event"]["cause"].clone()).collect();
        Some(causes).filter(|causes| causes.len() == 2)
    };
    let causes = centre.until("both offers in the history", both_missed).await;
    assert_eq!(causes, [json!("caller_gone"), json!("caller_gone")]);
    for who in ["agent1", "agent2"] {
        let presence = admin.get(&format!("/agents/{who}/presence")).await;
        assert_eq!(presence["presence"]["state"], "ready", "no strike: {presence}");
    }
    assert!(centre.stop().await.success());
}
