//! A telephone of ours dials outside: it learns what the far end does, and is answered when that is.

use centralita::protocol::media::Codec;
use serde_json::json;

use crate::support::{centre::Centre, database::Database, directory, sipp::Sipp, tone_peer::TonePeer};

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
    directory::give_desk_phone(&admin, "agent1").await;
    centre
}

/// SIPp as a carrier that does this for one call.
fn carrier(scenario: &str, centre: &Centre, port: &str) -> Sipp {
    Sipp::start_at(CARRIER, scenario, centre.sip, &["-p", port, "-m", "1", "-d", "2500", "-key", "mport", "4000"])
}

/// The first agent's telephone registers and dials, with these media.
async fn telephone(scenario: &str, centre: &Centre, number: &str, media: &TonePeer) -> Sipp {
    let (own, password) = (free_port(TELEPHONE), centre.phone_password("101"));
    let register = ["-p", &own, "-m", "1", "-s", "101", "-au", "101", "-ap", &password];
    Sipp::start_at(TELEPHONE, "uac_register", centre.sip, &register).succeeds().await;
    let agent = centre.sign_in("agent1").await;
    agent.put("/agents/agent1/presence", json!({ "state": "ready" })).await;
    let rtp = media.address().port().to_string();
    let arguments = ["-s", number, "-p", &own, "-m", "1", "-au", "101", "-ap", &password, "-key", "mport", &rtp];
    Sipp::start_at(TELEPHONE, scenario, centre.sip, &arguments)
}

/// The telephone dials, and the far end does this.
async fn dial(scenario: &str, far_end: &str, number: &str) {
    let port = free_port(CARRIER);
    let centre = centre_with_carrier(&port).await;
    let media = TonePeer::at(TELEPHONE, Codec::Pcmu, 880.0);
    let far_end = carrier(far_end, &centre, &port);
    telephone(scenario, &centre, number, &media).await.succeeds().await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_carrier_that_announces_and_then_cannot_makes_way_and_the_telephone_hears_ringing_until_the_next_answers() {
    let (first, second) = (free_port(CARRIER), free_port(CARRIER));
    let centre = centre_with_carrier(&first).await;
    let admin = centre.sign_in("admin").await;
    let trunk = json!({
        "id": "other", "name": "Other", "sources": [], "username": null, "realm": null,
        "peer": format!("{CARRIER}:{second}"), "transport": "udp", "calls_max": 10, "is_active": true
    });
    admin.post("/trunks", trunk).await;
    let by = |trunk: &str, cost: u32| json!({ "trunk": trunk, "cost": cost, "weight": 1 });
    let trunks = [by("carrier", 1), by("other", 2)];
    let route = json!({ "id": "route", "name": "Route", "prefix": "+34", "trunks": trunks, "is_active": true });
    admin.post("/outbound-routes", route).await;
    let first = carrier("uas_announces_then_cannot", &centre, &first);
    let second = carrier("uas_far_end", &centre, &second);
    let mut media = TonePeer::at(TELEPHONE, Codec::Pcmu, 880.0);
    let telephone = telephone("uac_dials_reliably", &centre, "+34911222333", &media).await;
    // Neither carrier sends a sound: what the telephone hears in the early dialog that it keeps is ours.
    let heard = tokio::task::spawn_blocking(move || {
        media.find_server();
        // Silence first, for as long as the first carrier takes: at most five seconds.
        (0..250).any(|_| {
            media.listen_to(1);
            media.heard.iter().any(|sample| sample.unsigned_abs() > 500)
        })
    });
    first.succeeds().await;
    assert!(heard.await.expect("ears"), "our ringing tone between the two");
    telephone.succeeds().await;
    second.succeeds().await;
    let sent = async || {
        let events = admin.events().await.into_iter().filter(|event| event["event"]["kind"] == "sent_out");
        let sent: Vec<_> = events.map(|event| (event["event"]["trunk"].clone(), event["event"]["attempt"].clone())).collect();
        Some(sent).filter(|sent| sent.len() == 2)
    };
    let sent = centre.until("both attempts", sent).await;
    assert_eq!(sent, [(json!("carrier"), json!(1)), (json!("other"), json!(2))]);
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telephone_that_dials_what_it_may_not_hears_403_and_is_noted_with_its_address() {
    let centre = centre_with_carrier(&free_port(CARRIER)).await;
    let admin = centre.sign_in("admin").await;
    let media = TonePeer::at(TELEPHONE, Codec::Pcmu, 880.0);
    telephone("uac_dials_forbidden", &centre, "+15551234567", &media).await.succeeds().await;
    let noted = async || {
        let events = admin.events().await;
        events.into_iter().find(|event| event["event"]["kind"] == "dialling_refused")
    };
    let noted = &centre.until("the note", noted).await["event"];
    let expected = (&json!("agent1"), &json!("number"), &json!(TELEPHONE));
    assert_eq!((&noted["user"], &noted["rule"], &noted["address"]), expected);
    assert!(centre.stop().await.success());
}
