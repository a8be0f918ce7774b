//! Carriers of another make: what the server asks of them and tells them.

use serde_json::{Value, json};

use crate::support::{centre::Centre, database::Database, rest::Rest, sipp::Sipp};

/// Where SIPp waits as the carrier; the server's own ports are below.
const CARRIER: &str = "127.0.0.3";

fn free_port() -> u16 {
    let socket = std::net::UdpSocket::bind((CARRIER, 0)).expect("a socket");
    socket.local_addr().expect("an address").port()
}

/// SIPp as the carrier, in this scenario, so many times.
fn carrier(scenario: &str, centre: &Centre, port: u16, times: &str) -> Sipp {
    Sipp::start_at(CARRIER, scenario, centre.sip, &["-p", &port.to_string(), "-m", times])
}

async fn state(admin: &Rest, id: &str) -> Option<Value> {
    admin.items("/trunk-states").await.into_iter().find(|state| state["id"] == id)
}

async fn trunk_events(admin: &Rest) -> Vec<String> {
    let events = admin.events().await.into_iter().filter(|event| event["area"] == "trunk");
    events.map(|event| event["event"]["kind"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trunk_registers_with_its_carrier_answers_the_challenge_and_says_goodbye_at_the_end() {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    let port = free_port();
    let sipp = carrier("uas_registrar", &centre, port, "1");
    let trunk = json!({
        "id": "carrier", "name": "Carrier", "sources": [], "username": "line", "password": "a-password-of-theirs",
        "realm": "carrier.example", "domain": "carrier.example", "peer": format!("{CARRIER}:{port}"), "transport": "udp",
        "calls_max": 10, "is_active": true, "is_registering": true
    });
    admin.post("/trunks", trunk).await;
    let registered = async || state(&admin, "carrier").await.filter(|state| state["registration"]["is"] == "registered");
    let state = centre.until("the registration", registered).await;
    assert_eq!(state["health"]["is"], "unknown", "nobody asked");
    let told = async || Some(trunk_events(&admin).await).filter(|events| !events.is_empty());
    assert_eq!(centre.until("the event", told).await, ["registered"]);
    assert!(centre.stop().await.success());
    // Its REGISTER with Expires: 0 was proven too.
    sipp.succeeds().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trunk_that_is_watched_is_up_while_it_answers_and_down_when_it_has_gone() {
    let settings = ["sip.ping_every=1s", "sip.ping_timeout=500ms"];
    let centre = Centre::start_with(Database::Embedded, &settings).await;
    let admin = centre.sign_in("admin").await;
    let port = free_port();
    let sipp = carrier("uas_options", &centre, port, "2");
    let trunk = json!({
        "id": "carrier", "name": "Carrier", "sources": [], "username": null, "realm": null,
        "peer": format!("{CARRIER}:{port}"), "transport": "udp", "calls_max": 10, "is_active": true, "is_pinged": true
    });
    admin.post("/trunks", trunk).await;
    let is = |wanted: &'static str| {
        let admin = &admin;
        async move || state(admin, "carrier").await.filter(|state| state["health"]["is"] == wanted)
    };
    centre.until("the trunk is up", is("up")).await;
    sipp.succeeds().await;
    let down = centre.until("the trunk is down", is("down")).await;
    assert_eq!(down["health"]["fault"]["why"], "no_answer");
    let told = async || Some(trunk_events(&admin).await).filter(|events| events.len() == 2);
    assert_eq!(centre.until("the events", told).await, ["came_up", "went_down"]);
    assert!(centre.stop().await.success());
}
