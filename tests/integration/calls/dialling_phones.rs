//! A telephone of ours dials outside: it learns what the far end does, and is answered when that is.

use centralita::protocol::media::Codec;
use serde_json::json;

use crate::support::{centre::Centre, database::Database, sipp::Sipp, tone_peer::TonePeer};

/// Where the carrier is.
const CARRIER: &str = "127.0.0.3";
/// Where the agent's telephone is.
const TELEPHONE: &str = "127.0.0.4";

fn free_port(address: &str) -> String {
    let socket = std::net::UdpSocket::bind((address, 0)).expect("a socket");
    socket.local_addr().expect("an address").port().to_string()
}

/// A centre whose only trunk leads to this port of the carrier, and whose first agent has a telephone.
async fn centre_with_carrier(port: &str) -> Centre {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    for mut trunk in admin.items("/trunks").await {
        trunk["is_active"] = false.into();
        let id = trunk["id"].as_str().expect("an id").to_owned();
        admin.put(&format!("/trunks/{id}"), trunk).await;
    }
    let trunk = json!({
        "id": "carrier", "name": "Carrier", "sources": [], "username": null, "realm": null,
        "peer": format!("{CARRIER}:{port}"), "transport": "udp", "calls_max": 10, "is_active": true
    });
    admin.post("/trunks", trunk).await;
    let mut agent = admin.get("/agents/agent1").await;
    agent["device"] = "sip".into();
    admin.put("/agents/agent1", agent).await;
    centre
}

/// The telephone dials, and the far end does this.
async fn dial(telephone: &str, far_end: &str, number: &str) {
    let port = free_port(CARRIER);
    let centre = centre_with_carrier(&port).await;
    let (own, password) = (free_port(TELEPHONE), centre.phone_password("101"));
    let register = ["-p", &own, "-m", "1", "-au", "101", "-ap", &password];
    Sipp::start_at(TELEPHONE, "uac_register", centre.sip, &register).succeeds().await;
    let agent = centre.sign_in("agent1").await;
    agent.put("/agents/agent1/presence", json!({ "state": "ready" })).await;
    let media = TonePeer::at(TELEPHONE, Codec::Pcmu, 880.0);
    let rtp = media.address().port().to_string();
    let far_end =
        Sipp::start_at(CARRIER, far_end, centre.sip, &["-p", &port, "-m", "1", "-d", "2500", "-key", "mport", "4000"]);
    let arguments = ["-s", number, "-p", &own, "-m", "1", "-au", "101", "-ap", &password, "-key", "mport", &rtp];
    Sipp::start_at(TELEPHONE, telephone, centre.sip, &arguments).succeeds().await;
    far_end.succeeds().await;
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telephone_that_dials_hears_ringing_and_announcement_reliably_before_the_answer() {
    dial("uac_dials_reliably", "uas_announces", "+34911222333").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_far_end_is_busy_at_the_telephone_that_dialled() {
    dial("uac_dials_busy", "uas_busy", "+34911222333").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telephone_that_gives_up_stops_the_ringing_at_the_far_end() {
    dial("uac_dials_cancels", "uas_cancelled", "+34911222333").await;
}
