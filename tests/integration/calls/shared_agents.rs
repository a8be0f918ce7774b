//! Queues that share agents, with telephones on the wire: who is served when, and who comes into question after a wait.

use std::{collections::BTreeMap, net::UdpSocket};

use serde_json::{Value, json};

use crate::support::{centre::Centre, database::Database, directory, rest::Rest, sipp::Sipp};

/// Where the trunk's calls come from.
const TRUNK: &str = "127.0.0.2";
/// Where the agents' telephones are.
const TELEPHONES: &str = "127.0.0.3";
/// Callers of each of two queues.
const CALLERS: usize = 15;

/// Two queues that nobody serves yet, and the agents' telephones, which answer at once and hang up after a moment.
struct Floor {
    centre: Centre,
    admin: Rest,
    _telephones: Sipp,
}

impl Floor {
    async fn with_queues(skills: Value, routing: Value) -> Self {
        let centre = Centre::start(Database::Embedded).await;
        let admin = centre.sign_in("admin").await;
        directory::take_trunk_calls_from(&admin, &[TRUNK]).await;
        admin.post("/skills", json!({ "id": "both", "name": "Both" })).await;
        for (queue, number) in [("north", "1601"), ("south", "1602")] {
            let mut made = admin.get("/queues/support").await;
            made.as_object_mut().expect("a queue").remove("version");
            made["id"] = queue.into();
            made["name"] = queue.into();
            made["skills"] = skills.clone();
            made["wrap_up"] = json!({ "mode": "none" });
            for (field, value) in routing.as_object().expect("fields") {
                made["routing"][field] = value.clone();
            }
            admin.post("/queues", made).await;
            let target = json!({ "to": "queue", "queue": queue });
            admin
                .post("/numbers", json!({ "number": number, "name": queue, "target": target, "is_on_web_phone": false }))
                .await;
        }
        let free = UdpSocket::bind((TELEPHONES, 0)).and_then(|socket| socket.local_addr()).expect("a free port");
        let port = free.port().to_string();
        for account in ["101", "102"] {
            let password = centre.phone_password(account);
            let register = ["-p", &port, "-m", "1", "-s", account, "-au", account, "-ap", &password];
            Sipp::start_at(TELEPHONES, "uac_register", centre.sip, &register).succeeds().await;
        }
        let answers = ["-p", &port, "-d", "200", "-key", "mport", "4000"];
        let telephones = Sipp::start_at(TELEPHONES, "uas_hangs_up", centre.sip, &answers);
        Self { centre, admin, _telephones: telephones }
    }

    async fn be_ready(&self, agent: &str, level: i64) {
        directory::give_desk_phone(&self.admin, agent).await;
        self.admin.change(&format!("/agents/{agent}"), |profile| profile["skills"]["both"] = level.into()).await;
        let console = self.centre.sign_in(agent).await;
        console.put(&format!("/agents/{agent}/presence"), json!({ "state": "ready" })).await;
    }

    fn call(&self, number: &str, count: usize) -> Sipp {
        let count = count.to_string();
        let arguments = ["-s", number, "-m", &count, "-r", "20", "-key", "mport", "4002"];
        Sipp::start_at(TRUNK, "uac_server_bye", self.centre.sip, &arguments)
    }

    /// The calls' events of a kind, oldest first, with the time of each.
    async fn told(&self, kind: &str) -> Vec<(String, Value)> {
        let events = self.admin.events().await.into_iter().filter(|event| event["area"] == "call");
        let timed = events.map(|mut event| (event["at"].to_string(), event["event"].take()));
        timed.filter(|(_, event)| event["kind"] == kind).collect()
    }

    async fn waiting(&self, count: usize) {
        let queued = async || (self.told("queued").await.len() == count).then_some(());
        self.centre.until("the callers in line", queued).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_queues_that_share_agents_are_served_in_the_order_of_their_callers() {
    let floor = Floor::with_queues(json!([{ "skill": "both", "level": 1 }]), json!({})).await;
    let (north, south) = (floor.call("1601", CALLERS), floor.call("1602", CALLERS));
    floor.waiting(2 * CALLERS).await;
    floor.be_ready("agent1", 5).await;
    floor.be_ready("agent2", 5).await;
    north.succeeds().await;
    south.succeeds().await;
    let came: BTreeMap<String, String> =
        floor.told("queued").await.into_iter().map(|(at, event)| (event["call"].to_string(), at)).collect();
    let rang = floor.told("offered").await;
    let in_order: Vec<&String> = rang.iter().map(|(_, event)| &came[&event["call"].to_string()]).collect();
    assert_eq!(in_order.len(), 2 * CALLERS);
    assert!(in_order.is_sorted(), "whoever came first, to whichever queue, rings first: {in_order:?}");
    assert!(floor.centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_whom_no_expert_takes_rings_at_a_beginner_after_the_step() {
    let steps = json!({
        "skips_empty_steps": false,
        "steps": [{ "after_secs": 2, "skills": [{ "skill": "both", "level": 1 }] }],
    });
    let floor = Floor::with_queues(json!([{ "skill": "both", "level": 8 }]), steps).await;
    floor.be_ready("agent2", 3).await;
    floor.call("1601", 1).succeeds().await;
    let offered = floor.told("offered").await;
    let (_, offer) = &offered[0];
    let decision = &offer["decision"];
    assert_eq!((&offer["agent"], &decision["step"]), (&"agent2".into(), &1.into()), "{offered:?}");
    let waited_ms = decision["waited_ms"].as_i64().expect("a wait");
    assert!(waited_ms >= 2_000, "the step comes after two seconds, not after {waited_ms} ms");
    assert!(floor.centre.stop().await.success());
}
