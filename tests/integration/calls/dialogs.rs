//! Session timers, UPDATE and reliable ringing at the real server, with SIPp on the other side.

use centralita::protocol::media::Codec;

use crate::support::{centre::Centre, database::Database, directory, rest::Rest, sipp::Sipp, tone_peer::TonePeer};

/// Where the trunk's calls come from.
const TRUNK: &str = "127.0.0.2";
/// Where the agent's telephone is.
const TELEPHONE: &str = "127.0.0.3";
/// A session interval that a story can wait for.
const SHORT: [&str; 2] = ["sip.session_expires=6s", "sip.min_se=6s"];

/// A scenario of a caller, to its end.
async fn run(centre: &Centre, number: &str, scenario: &str) {
    let peer = TonePeer::at(TRUNK, Codec::Pcmu, 620.0);
    let port = peer.address().port().to_string();
    let arguments = ["-s", number, "-m", "1", "-d", "1000", "-key", "mport", &port];
    Sipp::start_at(TRUNK, scenario, centre.sip, &arguments).succeeds().await;
}

/// How the last call of the history ended.
async fn ended(admin: &Rest) -> Option<String> {
    let events = admin.events().await;
    let event = events.iter().rev().find(|event| event["area"] == "call" && event["event"]["kind"] == "ended")?;
    Some(event["event"]["cause"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_are_refreshed_in_every_role_and_end_when_nobody_refreshes_them() {
    let centre = Centre::start_with(Database::Embedded, &SHORT).await;
    let admin = centre.sign_in("admin").await;
    for scenario in ["uac_session_refresher", "uac_session_reinvite"] {
        run(&centre, "1009", scenario).await;
    }
    run(&centre, "1009", "uac_session_refreshed").await;
    let lost = async || ended(&admin).await.filter(|cause| cause == "lost");
    centre.until("the end of the call that nobody refreshed", lost).await;
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telephone_that_rings_reliably_gets_its_prack_and_its_refreshes() {
    let centre = Centre::start_with(Database::Embedded, &SHORT).await;
    let admin = centre.sign_in("admin").await;
    directory::give_desk_phone(&admin, "agent1").await;

    let free = std::net::UdpSocket::bind((TELEPHONE, 0)).and_then(|socket| socket.local_addr()).expect("a free port");
    let (port, password) = (free.port().to_string(), centre.phone_password("101"));
    let register = ["-p", &port, "-m", "1", "-s", "101", "-au", "101", "-ap", &password];
    Sipp::start_at(TELEPHONE, "uac_register", centre.sip, &register).succeeds().await;
    let media = TonePeer::at(TELEPHONE, Codec::Pcmu, 880.0);
    let rtp = media.address().port().to_string();
    let answers = ["-p", &port, "-m", "1", "-key", "mport", &rtp];
    let telephone = Sipp::start_at(TELEPHONE, "uas_prack_refreshed", centre.sip, &answers);

    let agent = centre.sign_in("agent1").await;
    agent.put("/agents/agent1/presence", serde_json::json!({ "state": "ready" })).await;
    run(&centre, "1001", "uac_server_bye").await;
    telephone.succeeds().await;
    assert!(centre.stop().await.success());
}
