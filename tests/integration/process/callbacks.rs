//! Callbacks: promised to a caller, kept over a sudden death, taken over by who calls again, and made by an agent.

use centralita::{console::wire::ConsoleCommand, domain::centre::CallState};
use serde_json::{Value, json};

use crate::support::{
    centre::Centre,
    console::{Console, call_that},
    database::Database,
    rest::Rest,
    sipp::Sipp,
};

/// Where SIPp waits as the carrier.
const CARRIER: &str = "127.0.0.3";

fn free_port() -> u16 {
    let socket = std::net::UdpSocket::bind((CARRIER, 0)).expect("a socket");
    socket.local_addr().expect("an address").port()
}

/// Support calls back; nobody waits there while no agent is signed in, or everybody does.
async fn support_calls_back(admin: &Rest, on_no_agents: Value) {
    let change = |queue: &mut Value| {
        queue["on_no_agents"] = on_no_agents;
        queue["wrap_up"] = json!({ "mode": "none" });
        queue["callback"] = json!({ "mode": "agent_first", "attempts_max": 2, "retry_mins": 1 });
    };
    admin.change("/queues/support", change).await;
}

/// A caller to support with the number that the records know.
fn caller(centre: &Centre) -> Sipp {
    Sipp::start("uac_server_bye", centre.sip, &["-s", "1001", "-m", "1", "-key", "mport", "4000"])
}

async fn waits_in_support(centre: &Centre, admin: &Rest) -> Value {
    let one = async || admin.items("/callbacks?queue=support").await.into_iter().find(|one| !one["position"].is_null());
    centre.until("a callback in line", one).await
}

async fn has_event(centre: &Centre, admin: &Rest, area: &str, kind: &str) -> Value {
    let found = async || {
        let events = admin.events().await;
        events.into_iter().find(|event| event["area"] == area && event["event"]["kind"] == kind)
    };
    centre.until(kind, found).await
}

/// What the report says of support on the day of this promise.
async fn report_of_support(admin: &Rest, promised: &Value) -> Vec<Value> {
    let day = &promised["queued_at"].as_str().expect("a time")[..10];
    admin.items(&format!("/reports/queues?from={day}T00:00:00Z&to={day}T23:59:59.999Z&interval=60&queue=support")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promised_callback_outlasts_a_sudden_death_and_is_taken_over_or_made_once() {
    for database in Database::each().await {
        let mut centre = Centre::start(database).await;
        let admin = centre.sign_in("admin").await;
        let port = free_port();
        let mut trunk = admin.get("/trunks/local").await;
        trunk["peer"] = json!(format!("{CARRIER}:{port}"));
        admin.put("/trunks/local", trunk).await;
        support_calls_back(&admin, json!({ "then": "callback" })).await;
        caller(&centre).succeeds().await;
        let promised = waits_in_support(&centre, &admin).await;
        assert_eq!((&promised["number"], &promised["position"]), (&json!("+34911000001"), &json!(1)), "{promised}");

        centre.kill().await;
        centre.restart().await;
        let again = waits_in_support(&centre, &admin).await;
        assert_eq!((&again["id"], &again["queued_at"]), (&promised["id"], &promised["queued_at"]), "the same, at its place");
        assert_eq!(admin.items("/callbacks").await.len(), 1, "and once");
        assert!(admin.items("/tickets?type=callback").await.is_empty(), "what is called back from the line is no task");

        // The customer calls again before anybody has called, and waits at the place of the callback.
        support_calls_back(&admin, json!({ "then": "wait" })).await;
        let mut other = json!({ "number": "+34911222333", "queue": "support", "note": "the invoice" });
        let made = admin.post("/callbacks", other.clone()).await;
        let (status, refused) = admin.ask(reqwest::Method::POST, "/callbacks", Some(&other)).await;
        assert_eq!((status.as_u16(), &refused["refusal"]), (409, &json!("callback_exists")), "one per number and queue");
        other["at"] = json!("tomorrow");
        other["queue"] = json!("nowhere");
        let (status, wrong) = admin.ask(reqwest::Method::POST, "/callbacks", Some(&other)).await;
        assert_eq!((status.as_u16(), wrong["errors"].as_array().map(Vec::len)), (422, Some(2)), "all at once: {wrong}");
        let running = caller(&centre);
        has_event(&centre, &admin, "callback", "merged").await;
        let merged = &admin.items("/callbacks?is_ended=true").await[0];
        assert_eq!((&merged["id"], &merged["state"]), (&promised["id"], &json!("merged")));

        // Who called again is served first, then the other customer is called.
        let agent = centre.sign_in("agent1").await;
        let mut console = Console::open(&centre.http, &agent, 440.0).await;
        console.become_ready().await;
        let call = console.answer_next().await;
        assert_eq!(Some(call.id.to_string().as_str()), merged["merged_into"].as_str());
        let mport = free_port().to_string();
        let port = port.to_string();
        let carrier =
            Sipp::start_at(CARRIER, "uas_far_end", centre.sip, &["-p", &port, "-m", "1", "-d", "200", "-key", "mport", &mport]);
        console.command(ConsoleCommand::HangUp { call: call.id }).await;
        running.succeeds().await;
        let ringing = console
            .until("the callback", |message| call_that(message, |state| matches!(state, CallState::Offered { .. })))
            .await;
        let of = ringing.callback.as_ref().expect("it says that it is a callback");
        assert_eq!((of.id.to_string().as_str(), of.note.as_deref()), (made["id"].as_str().unwrap(), Some("the invoice")));
        console.command(ConsoleCommand::Answer { call: ringing.id }).await;
        let is_talking = |message: &_| call_that(message, |state| *state == CallState::Talking);
        console.until("a conversation", is_talking).await;
        console.command(ConsoleCommand::HangUp { call: ringing.id }).await;
        carrier.succeeds().await;
        let reached = has_event(&centre, &admin, "callback", "reached").await;
        assert_eq!((&reached["event"]["is_promise_kept"], &reached["event"]["agent"]), (&json!(true), &json!("agent1")));
        let counts = admin.get("/callbacks/counts?from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z").await;
        let of_support = &counts[0];
        let figures =
            ["requested", "reached", "kept", "merged", "failed", "open", "attempts"].map(|key| of_support[key].as_i64());
        assert_eq!(figures, [2, 1, 1, 1, 0, 0, 1].map(Some), "{counts}");

        // What is over stays over, and what was promised on a call is a flow-out of the queue, no abandon.
        let reported = report_of_support(&admin, &promised).await;
        drop(console);
        centre.kill().await;
        centre.restart().await;
        assert!(admin.items("/callbacks").await.is_empty());
        assert_eq!(report_of_support(&admin, &promised).await, reported, "the figures are what they were");
        let total = |figure: &str| reported.iter().filter_map(|line| line["balance"][figure].as_i64()).sum::<i64>();
        let totals = ["offered", "answered", "flowed_out", "abandoned"].map(total);
        assert_eq!(totals, [2, 1, 1, 0], "{reported:?}");
        assert!(reported.iter().all(|line| line["balance"]["is_reconciled"] == true), "{reported:?}");
        let events = admin.events().await;
        let count = |kind: &str| events.iter().filter(|event| event["event"]["kind"] == kind).count();
        assert_eq!((count("queued"), count("flowed_out"), count("abandoned")), (2, 1, 0));
        assert!(centre.stop().await.success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_under_way_when_the_process_dies_counts_and_a_callback_given_up_becomes_a_task() {
    let mut centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    // Held by us and never read: the call is out, and that is all.
    let carrier = std::net::UdpSocket::bind((CARRIER, 0)).expect("a socket");
    let mut trunk = admin.get("/trunks/local").await;
    trunk["peer"] = json!(carrier.local_addr().expect("an address").to_string());
    admin.put("/trunks/local", trunk).await;
    support_calls_back(&admin, json!({ "then": "wait" })).await;
    admin.change("/queues/support", |queue| queue["callback"]["attempts_max"] = json!(1)).await;
    let made = admin.post("/callbacks", json!({ "number": "+34911222333", "queue": "support" })).await;
    let agent = centre.sign_in("agent1").await;
    let mut console = Console::open(&centre.http, &agent, 440.0).await;
    console.become_ready().await;
    let ringing =
        console.until("the callback", |message| call_that(message, |state| matches!(state, CallState::Offered { .. }))).await;
    console.command(ConsoleCommand::Answer { call: ringing.id }).await;
    has_event(&centre, &admin, "callback", "attempt_began").await;
    drop(console);
    centre.kill().await;
    centre.restart().await;
    let failed = has_event(&centre, &admin, "callback", "failed").await;
    assert_eq!(failed["event"]["callback"], made["id"]);
    let tasks = async || Some(admin.items("/tickets?type=callback").await).filter(|tickets| !tickets.is_empty());
    let tasks = centre.until("a task", tasks).await;
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    assert!(admin.items("/callbacks").await.is_empty());
    assert!(centre.stop().await.success());
}
