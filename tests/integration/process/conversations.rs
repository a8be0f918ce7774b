//! Conversations of telephones outlast a sudden death: everybody hears the other side again, what is recorded goes on on one timeline,
//! and whoever hangs up is answered. `make bench` counts the same of two hundred.

use serde_json::{Value, json};

use crate::support::{
    centre::Centre,
    crowd_peer::CrowdPeer,
    database::Database,
    rest::Rest,
    sipp::Sipp,
    wav::{SECOND, channels, halves_with},
};

const CALLS: usize = 10;
/// Where the callers are, and where the agents' telephones.
const TRUNK: &str = "127.0.0.2";
const TELEPHONES: &str = "127.0.0.3";
const CALLER_HERTZ: f64 = 620.0;
const AGENT_HERTZ: f64 = 1_300.0;
/// A queue of their own, and its number.
const QUEUE: &str = "talk";
const NUMBER: &str = "1500";
/// How long a caller who is back stays.
const STAY_MS: &str = "8000";

/// As many agents as calls, with telephones at one address that are registered and ready; every call is recorded.
async fn set_up(centre: &Centre) -> (Rest, String) {
    let admin = centre.sign_in("admin").await;
    let mut rules = admin.get("/centre").await;
    rules["recording"]["inbound"] = json!({ "mode": "always" });
    admin.put("/centre", rules).await;
    admin.post("/skills", json!({ "id": QUEUE, "name": "Talk" })).await;
    let mut queue = admin.get("/queues/support").await;
    queue.as_object_mut().expect("a queue").remove("version");
    queue["id"] = QUEUE.into();
    queue["name"] = "Talk".into();
    queue["skills"] = json!([{ "skill": QUEUE, "level": 1 }]);
    queue["wrap_up"] = json!({ "mode": "none" });
    admin.post("/queues", queue).await;
    let target = json!({ "to": "queue", "queue": QUEUE });
    admin.post("/numbers", json!({ "number": NUMBER, "name": "Talk", "target": target, "is_on_web_phone": false })).await;
    let free = std::net::UdpSocket::bind((TELEPHONES, 0)).and_then(|socket| socket.local_addr()).expect("a free port");
    let (port, password) = (free.port().to_string(), "only-for-this-story");
    let supervisor = centre.sign_in("supervisor").await;
    for agent in (0..CALLS).map(|number| format!("talk{number}")) {
        let phone = json!({ "account": agent, "name": agent, "is_active": true, "password": password });
        admin.post("/phones", phone).await;
        let profile = json!({
            "id": agent, "name": agent, "skills": { QUEUE: 5 }, "device": "sip", "phone": agent, "is_active": true
        });
        admin.post("/agents", profile).await;
        let register = ["-p", &port, "-m", "1", "-s", &agent, "-au", &agent, "-ap", password];
        Sipp::start_at(TELEPHONES, "uac_register", centre.sip, &register).succeeds().await;
        supervisor.put(&format!("/agents/{agent}/presence"), json!({ "state": "ready" })).await;
    }
    (admin, port)
}

/// Waits until each side of every call hears the other.
async fn everybody_hears(centre: &Centre, callers: &CrowdPeer, agents: &CrowdPeer) {
    let all_hear = async || (callers.hear(AGENT_HERTZ) == CALLS && agents.hear(CALLER_HERTZ) == CALLS).then_some(());
    centre.until("everybody's voice", all_hear).await;
}

/// Every call came to its end by its caller.
async fn all_have_ended_well(centre: &Centre, admin: &Rest) -> Vec<Value> {
    let over = async || {
        let calls = admin.items("/calls").await;
        calls.iter().all(|call| call["ended_at"].is_string()).then_some(calls)
    };
    let calls = centre.until("the end of all calls", over).await;
    assert_eq!(calls.len(), CALLS, "one line each");
    assert!(calls.iter().all(|call| call["end_cause"] == "hangup"), "{calls:?}");
    let events = admin.events().await;
    let count = |kind: &str| events.iter().filter(|event| event["event"]["kind"] == kind).count();
    assert_eq!((count("recovered"), count("not_recovered"), count("ended")), (CALLS, 0, CALLS));
    calls
}

/// What was recorded of a call before and after lies on one timeline, and can be heard.
async fn is_recorded_on(centre: &Centre, admin: &Rest, call: &Value) {
    let path = format!("/calls/{}/recordings", call["id"].as_str().expect("an id"));
    let complete = async || {
        let entry = admin.items(&path).await.into_iter().next()?;
        (entry["parts"][1]["state"] == "complete").then_some(entry)
    };
    let entry = centre.until("the end of the recording", complete).await;
    let parts = entry["parts"].as_array().expect("parts");
    let states: Vec<&Value> = parts.iter().map(|part| &part["state"]).collect();
    assert_eq!(states, ["cut_off", "complete"], "{entry}");
    assert!(parts[1]["gap_before_ms"].as_i64().expect("a gap") > 0, "{entry}");
    let audio = format!("/recordings/{}/audio", entry["id"].as_str().expect("an id"));
    let (status, _, wav) = admin.file(&audio, None).await;
    assert!(status.is_success(), "{status}");
    let at = usize::try_from(parts[1]["at_ms"].as_u64().expect("a place")).expect("a place") * SECOND / 1_000;
    for (channel, hertz) in channels(&wav).iter().zip([CALLER_HERTZ, AGENT_HERTZ]) {
        let (before, after) = channel.split_at(at);
        assert!(halves_with(before, hertz) >= 2 && halves_with(after, hertz) >= 2, "{hertz} Hz: {entry}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_conversations_are_heard_again_after_a_sudden_death_and_recorded_on() {
    let mut centre = Centre::start(Database::Embedded).await;
    let (admin, port) = set_up(&centre).await;
    let (callers, agents) = (CrowdPeer::start(TRUNK, CALLER_HERTZ), CrowdPeer::start(TELEPHONES, AGENT_HERTZ));
    let count = CALLS.to_string();
    let rings = ["-aa", "-p", &port, "-m", &count, "-key", "mport", &agents.port()];
    let telephones = Sipp::start_at(TELEPHONES, "uas_asked_back", centre.sip, &rings);
    let call = ["-aa", "-s", NUMBER, "-m", &count, "-r", "10", "-d", STAY_MS, "-key", "mport", &callers.port()];
    let calls = Sipp::start_at(TRUNK, "uac_asked_back", centre.sip, &call);
    everybody_hears(&centre, &callers, &agents).await;
    centre.pass(2_500).await;
    centre.kill().await;
    callers.forget();
    agents.forget();
    centre.restart().await;

    everybody_hears(&centre, &callers, &agents).await;
    calls.succeeds().await;
    telephones.succeeds().await;
    for call in all_have_ended_well(&centre, &admin).await {
        is_recorded_on(&centre, &admin, &call).await;
    }
    assert!(centre.stop().await.success());
}
