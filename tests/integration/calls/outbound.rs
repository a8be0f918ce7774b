//! Calls out by carriers of another make: which one, in what order, and what each is told.

use centralita::{
    console::wire::{ConsoleCommand, ServerMessage},
    domain::centre::{CallState, Refusal},
};
use serde_json::{Value, json};

use crate::support::{
    centre::Centre,
    console::{Console, call_that},
    database::Database,
    rest::Rest,
    sipp::Sipp,
};

/// Where SIPp waits as the carriers.
const CARRIERS: &str = "127.0.0.3";

fn free_port() -> u16 {
    let socket = std::net::UdpSocket::bind((CARRIERS, 0)).expect("a socket");
    socket.local_addr().expect("an address").port()
}

/// SIPp as a carrier, in this scenario, for one call; and the trunk that leads there.
async fn carrier(centre: &Centre, admin: &Rest, id: &str, scenario: &str, rules: Value) -> Sipp {
    let port = free_port();
    let mport = free_port().to_string();
    let sipp = Sipp::start_at(
        CARRIERS,
        scenario,
        centre.sip,
        &["-p", &port.to_string(), "-m", "1", "-d", "200", "-key", "mport", &mport],
    );
    let mut trunk = json!({
        "id": id, "name": id, "sources": [], "username": null, "realm": null, "peer": format!("{CARRIERS}:{port}"),
        "transport": "udp", "calls_max": 10, "is_active": true
    });
    for (field, value) in rules.as_object().into_iter().flatten() {
        trunk[field] = value.clone();
    }
    admin.post("/trunks", trunk).await;
    sipp
}

/// A route for these numbers by these trunks, each at its cost.
async fn route(admin: &Rest, prefix: &str, trunks: &[(&str, i64)]) {
    let trunks: Vec<Value> = trunks.iter().map(|(trunk, cost)| json!({ "trunk": trunk, "cost": cost, "weight": 1 })).collect();
    let route = json!({ "id": "route", "name": "Route", "prefix": prefix, "trunks": trunks, "is_active": true });
    admin.post("/outbound-routes", route).await;
}

fn dial(number: &str) -> ConsoleCommand {
    ConsoleCommand::Dial { number: number.into(), customer: None, detect_answer: None }
}

/// An agent calls a number outside, talks and hangs up.
async fn call_somebody(centre: &Centre) {
    let agent = centre.sign_in("agent1").await;
    let mut console = Console::open(&centre.http, &agent, 440.0).await;
    console.become_ready().await;
    console.command(dial("+34911222333")).await;
    let call = console.until("a conversation", is_talking).await;
    console.command(ConsoleCommand::HangUp { call }).await;
}

fn is_talking(message: &ServerMessage) -> Option<centralita::types::CallId> {
    call_that(message, |state| *state == CallState::Talking).map(|call| call.id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_the_cheapest_carrier_cannot_carry_is_talked_by_the_next() {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    let cheap = carrier(&centre, &admin, "cheap", "uas_unavailable", json!({})).await;
    let dear = carrier(&centre, &admin, "dear", "uas_far_end", json!({})).await;
    route(&admin, "+34", &[("dear", 9), ("cheap", 1)]).await;
    let agent = centre.sign_in("agent1").await;
    let mut console = Console::open(&centre.http, &agent, 440.0).await;
    console.become_ready().await;
    console.command(dial("911 222 333")).await;
    let call = console.until("a conversation", is_talking).await;
    let states = admin.items("/trunk-states").await;
    let calls = |id: &str| states.iter().find(|state| state["id"] == id).expect("a trunk")["calls"].as_i64();
    assert_eq!((calls("cheap"), calls("dear")), (Some(0), Some(1)));
    console.command(ConsoleCommand::HangUp { call }).await;
    cheap.succeeds().await;
    dear.succeeds().await;
    // A trunk that a route leads to stays.
    let (status, problem) = admin.ask(reqwest::Method::DELETE, "/trunks/dear", None).await;
    assert_eq!(
        (status.as_u16(), &problem["errors"][0]["params"]["by"][0]["thing"]),
        (409, &json!("outbound_route")),
        "{problem}"
    );
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_carrier_that_says_nothing_is_given_up_early_while_there_is_another() {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    // Held by us and never read.
    let silent = std::net::UdpSocket::bind((CARRIERS, 0)).expect("a socket");
    let trunk = json!({
        "id": "a-silent", "name": "Silent", "sources": [], "username": null, "realm": null,
        "peer": silent.local_addr().expect("an address").to_string(), "transport": "udp", "calls_max": 10, "is_active": true
    });
    admin.post("/trunks", trunk).await;
    let other = carrier(&centre, &admin, "b-other", "uas_far_end", json!({})).await;
    route(&admin, "", &[("a-silent", 1), ("b-other", 2)]).await;
    call_somebody(&centre).await;
    other.succeeds().await;
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_carrier_is_called_with_numbers_headers_and_audio_as_its_trunk_says() {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    let wishes = json!({
        "numbers_out": [{ "pattern": "+34XXXXXXXXX", "strip": 3, "prepend": "" }],
        "caller": { "default": "+34911000000", "allowed": ["+34911000000"] },
        "codecs": ["pcma", "g722"],
        "headers": [{ "do": "add", "name": "X-Account", "value": "4711" }, { "do": "set", "name": "User-Agent", "value": "Ours" }]
    });
    let carrier = carrier(&centre, &admin, "carrier", "uas_wishes", wishes).await;
    route(&admin, "+34", &[("carrier", 1)]).await;
    call_somebody(&centre).await;
    carrier.succeeds().await;
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_that_come_by_a_trunk_are_rewritten_and_rules_that_cannot_be_are_refused_with_their_field() {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    let trunk = json!({
        "id": "carrier", "name": "Carrier", "sources": ["127.0.0.3"], "username": null, "realm": null, "peer": null,
        "transport": "udp", "calls_max": 10, "is_active": true,
        "numbers_in": [{ "pattern": "5551009", "strip": 3, "prepend": "" }, { "pattern": "00.", "strip": 2, "prepend": "+" }]
    });
    admin.post("/trunks", trunk.clone()).await;
    Sipp::start_at(
        CARRIERS,
        "uac_caller_bye",
        centre.sip,
        &["-s", "5551009", "-m", "1", "-d", "200", "-key", "mport", "40000"],
    )
    .succeeds()
    .await;
    let arrived = async || {
        let events = admin.events().await;
        events.into_iter().find(|event| event["area"] == "call" && event["event"]["kind"] == "arrived")
    };
    let arrived = centre.until("the arrival", arrived).await;
    assert_eq!((&arrived["event"]["number"], &arrived["event"]["trunk"]), (&json!("1009"), &json!("carrier")));

    let mut wrong = trunk;
    wrong["id"] = json!("wrong");
    wrong["sources"] = json!(["127.0.0.4"]);
    wrong["numbers_in"] = json!([{ "pattern": "34N", "strip": 9, "prepend": "x" }]);
    wrong["headers"] = json!([{ "do": "set", "name": "Via", "value": "a" }, { "do": "add", "name": "X A", "value": "a\r\nb" }]);
    wrong["codecs"] = json!(["opus"]);
    let (status, problem) = admin.ask(reqwest::Method::POST, "/trunks", Some(&wrong)).await;
    let mut fields: Vec<&str> =
        problem["errors"].as_array().into_iter().flatten().filter_map(|error| error["field"].as_str()).collect();
    fields.sort_unstable();
    let expected = [
        "codecs[0]",
        "headers[0].name",
        "headers[1].name",
        "headers[1].value",
        "numbers_in[0].pattern",
        "numbers_in[0].prepend",
        "numbers_in[0].strip",
    ];
    assert_eq!((status.as_u16(), fields), (422, expected.to_vec()), "{problem}");
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_the_rules_do_not_allow_never_leaves_the_house_and_is_told_noted_and_counted() {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    let carrier = std::net::UdpSocket::bind((CARRIERS, 0)).expect("a socket");
    carrier.set_nonblocking(true).expect("a socket that does not wait");
    let mut trunk = admin.get("/trunks/local").await;
    trunk["peer"] = json!(carrier.local_addr().expect("an address").to_string());
    admin.put("/trunks/local", trunk).await;
    let agent = centre.sign_in("agent1").await;
    let mut console = Console::open(&centre.http, &agent, 440.0).await;
    console.become_ready().await;
    assert_eq!(console.refused(dial("+15551234567")).await, Some(Refusal::NumberNotAllowed));
    let noted = async || {
        let events = admin.events().await;
        events.into_iter().find(|event| event["event"]["kind"] == "dialling_refused")
    };
    let noted = centre.until("the note", noted).await;
    assert_eq!((&noted["event"]["user"], &noted["event"]["rule"]), (&json!("agent1"), &json!("number")));
    let mut datagram = [0; 2_000];
    assert!(carrier.recv(&mut datagram).is_err(), "nothing has left");

    let mut centre_itself = admin.get("/centre").await;
    centre_itself["dialling"]["allowed"] = json!(["+34", "one"]);
    let (status, problem) = admin.ask(reqwest::Method::PUT, "/centre", Some(&centre_itself)).await;
    assert_eq!((status.as_u16(), &problem["errors"][0]["field"]), (422, &json!("dialling.allowed[1]")), "{problem}");
    centre_itself["dialling"]["allowed"] = json!(["+34", "+1555"]);
    admin.put("/centre", centre_itself).await;
    // What is saved holds at once.
    assert!(console.ask(dial("+15551234567")).await.is_none());
    let came =
        async || carrier.recv(&mut datagram).ok().map(|length| String::from_utf8_lossy(&datagram[..length]).into_owned());
    let invite = centre.until("the INVITE", came).await;
    assert!(invite.starts_with("INVITE sip:+15551234567@"), "{invite}");
    assert!(centre.stop().await.success());
}
