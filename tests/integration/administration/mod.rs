//! A centre set up by hand while it runs.

mod alerts;
mod broadcasts;

use centralita::{console::wire::ConsoleCommand, domain::centre::WantedPresence};
use serde_json::{Value, json};

use crate::support::{centre::Centre, console::Console, database::Database, directory, rest::Rest, sipp::Sipp};

/// A copy of an entry under another key, without what the server adds.
async fn like(admin: &Rest, path: &str, changes: Value) -> Value {
    let mut entry = admin.get(path).await;
    let fields = entry.as_object_mut().expect("an entry");
    fields.remove("version");
    fields.extend(changes.as_object().expect("changes").clone());
    entry
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_queue_agent_number_and_trunk_made_by_hand_take_a_call() {
    for database in Database::each().await {
        let centre = Centre::start(database).await;
        let admin = centre.sign_in("admin").await;
        admin.post("/skills", json!({ "id": "returns", "name": "Returns" })).await;
        let skills = json!([{ "skill": "returns", "level": 1 }]);
        let queue = like(&admin, "/queues/support", json!({ "id": "returns", "name": "Returns", "skills": skills })).await;
        admin.post("/queues", queue).await;
        let user =
            json!({ "id": "agent9", "name": "Nora Vega", "role": "agent", "language": "es", "password": "un-secreto-largo" });
        admin.post("/users", user).await;
        let agent = like(
            &admin,
            "/agents/agent1",
            json!({ "id": "agent9", "name": "Nora Vega", "skills": { "returns": 5 }, "phone": null }),
        );
        admin.post("/agents", agent.await).await;
        let target = json!({ "to": "queue", "queue": "returns" });
        let number = json!({ "number": "1042", "name": "Returns", "target": target, "is_on_web_phone": false });
        admin.post("/numbers", with_target_of(&admin, number).await).await;
        // The old trunk gives the address up, the new one takes it.
        directory::take_trunk_calls_from(&admin, &["127.0.0.1"]).await;
        let trunk =
            like(&admin, "/trunks/local", json!({ "id": "second", "name": "Second", "sources": ["127.0.0.2"], "peer": null }));
        admin.post("/trunks", trunk.await).await;

        let agent = Rest::sign_in(&centre.http, "agent9", "un-secreto-largo").await;
        let mut console = Console::open(&centre.http, &agent, 880.0).await;
        console.become_ready().await;
        let arguments = ["-s", "1042", "-m", "1", "-key", "mport", "4000"];
        let sipp = Sipp::start_at("127.0.0.2", "uac_server_bye", centre.sip, &arguments);
        let call = console.answer_next().await;
        assert_eq!((call.our_number.as_str(), call.queue.map(|queue| queue.to_string()).as_deref()), ("1042", Some("returns")));
        console.command(ConsoleCommand::HangUp { call: call.id }).await;
        sipp.succeeds().await;
        let arrival = async || admin.events().await.into_iter().find(|event| event["event"]["kind"] == "arrived");
        let arrived = centre.until("the arrival", arrival).await;
        assert_eq!(arrived["event"]["trunk"], "second");
        drop(console);
        assert!(centre.stop().await.success());
    }
}

/// The target in the words of the number that leads to a queue already.
async fn with_target_of(admin: &Rest, mut number: Value) -> Value {
    let mut target = admin.get("/numbers/1001").await["target"].clone();
    target["queue"] = json!("returns");
    number["target"] = target;
    number
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_installation_takes_a_call_after_its_first_entries() {
    for database in Database::each().await {
        let centre = Centre::start_new(database).await;
        let admin = centre.sign_in("admin").await;
        let keys = async |path: &str| -> Vec<String> {
            admin.items(path).await.iter().map(|entry| entry["id"].as_str().expect("a key").to_owned()).collect()
        };
        assert_eq!(keys("/calendars").await, ["always", "office"]);
        assert_eq!(keys("/pause-reasons").await, ["break", "lunch", "training", "meeting", "back-office"]);
        assert_eq!(keys("/dispositions").await, ["follow-up", "information", "resolved", "wrong-number"]);
        assert_eq!(keys("/sla-policies").await, ["standard"]);
        assert!(admin.items("/queues").await.is_empty() && admin.items("/numbers").await.is_empty());

        let callback = json!({ "then": "callback" });
        let queue = json!({
            "id": "reception", "name": "Reception", "skills": [], "priority": 0, "ring_secs": 20, "waiting_max": 50,
            "wait_secs_max": 300, "calendar": "always", "wrap_up": { "mode": "until_disposition", "secs": 60 },
            "service_level_secs": 20, "service_level_percent": 80, "short_abandon_secs": 5, "position_every_secs": 30,
            "on_no_agents": { "then": "wait" }, "on_max_wait": callback, "on_full": callback, "on_closed": callback,
            "dispositions": [], "ticket_type": "request", "caller_number": null, "script": {}
        });
        admin.post("/queues", queue).await;
        let user = json!({ "id": "nora", "name": "Nora", "role": "agent", "language": "es", "password": "un-secreto-largo" });
        admin.post("/users", user).await;
        let agent =
            json!({ "id": "nora", "name": "Nora", "skills": {}, "device": "browser", "phone": null, "is_active": true });
        admin.post("/agents", agent).await;
        let target = json!({ "to": "queue", "queue": "reception" });
        let number = json!({ "number": "+34910000001", "name": "Main", "target": target, "is_on_web_phone": false });
        admin.post("/numbers", number).await;
        let trunk = json!({
            "id": "carrier", "name": "Carrier", "sources": ["127.0.0.2"], "username": null, "peer": null, "transport": "udp",
            "calls_max": 10, "is_active": true
        });
        admin.post("/trunks", trunk).await;

        let nora = Rest::sign_in(&centre.http, "nora", "un-secreto-largo").await;
        let mut console = Console::open(&centre.http, &nora, 880.0).await;
        console.become_ready().await;
        let arguments = ["-s", "+34910000001", "-m", "1", "-key", "mport", "4000"];
        let sipp = Sipp::start_at("127.0.0.2", "uac_server_bye", centre.sip, &arguments);
        let call = console.answer_next().await;
        console.command(ConsoleCommand::HangUp { call: call.id }).await;
        sipp.succeeds().await;
        console.command(ConsoleCommand::Dispose { call: call.id, disposition: "resolved".parse().expect("a key") }).await;
        console.command(ConsoleCommand::WrapUpDone { call: call.id }).await;
        let wanted = WantedPresence::Paused { reason: "lunch".into() };
        console.command(ConsoleCommand::SetPresence { wanted }).await;
        let disposed = async || {
            let calls = admin.items("/calls").await;
            calls.into_iter().find(|line| line["disposition"] == "resolved")
        };
        assert_eq!(centre.until("the disposition", disposed).await["agent"], "nora");
        drop(console);
        assert!(centre.stop().await.success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_cannot_set_anything_up_and_a_stranger_sees_nothing() {
    let centre = Centre::start(Database::Embedded).await;
    let agent = centre.sign_in("agent1").await;
    let skill = json!({ "id": "returns", "name": "Returns" });
    let (status, problem) = agent.ask(reqwest::Method::POST, "/skills", Some(&skill)).await;
    assert_eq!(status, 403, "{problem}");
    let stranger = Rest::stranger(&centre.http);
    for path in ["/customers", "/tickets", "/calls", "/users", "/events", "/queues", "/trunks"] {
        let (status, problem) = stranger.ask(reqwest::Method::GET, path, None).await;
        assert_eq!(status, 401, "{path}: {problem}");
    }
    assert!(centre.stop().await.success());
}
