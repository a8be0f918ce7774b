//! Tickets that calls and clocks make, at the real server.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{centre::Centre, database::Database, rest::Rest, sipp::Sipp};

/// Gives every ticket of the queue support this many seconds for the first answer.
pub async fn first_answer_within(admin: &Rest, secs: i64) {
    let policies = admin.items("/sla-policies").await;
    let mut policy = policies.into_iter().find(|policy| policy["id"] == "support").expect("the policy of support");
    for target in policy["targets"].as_object_mut().expect("targets").values_mut() {
        target["first_response_secs"] = json!(secs);
    }
    admin.put("/sla-policies/support", policy).await;
}

/// A matter for support.
pub fn incident(subject: &str) -> Value {
    json!({ "type": "incident", "subject": subject, "priority": "normal", "queue": "support" })
}

/// Whether the event says that this ticket's clock ran out.
pub fn is_breach_of(event: &Value, ticket: &Value) -> bool {
    event["area"] == "ticket"
        && event["event"]["ticket"] == *ticket
        && event["event"]["kind"].as_str().is_some_and(|kind| kind.contains("breach"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_gives_up_waiting_is_owed_a_callback() {
    for database in Database::each().await {
        let centre = Centre::start(database).await;
        let arguments = ["-s", "1001", "-m", "1", "-d", "1500", "-key", "mport", "4000"];
        Sipp::start_at("127.0.0.2", "uac_caller_bye", centre.sip, &arguments).succeeds().await;
        let agent = centre.sign_in("agent1").await;
        let callbacks = async || Some(agent.items("/tickets?type=callback").await).filter(|tickets| !tickets.is_empty());
        let tickets = centre.until("a callback ticket", callbacks).await;
        assert_eq!(tickets.len(), 1);
        assert_eq!(tickets[0]["queue"], "support");
        assert!(tickets[0]["customer"].is_string(), "the caller is known: {}", tickets[0]);
        let admin = centre.sign_in("admin").await;
        let call = admin.items("/calls").await[0]["id"].as_str().expect("an id").to_owned();
        let of_call = admin.items(&format!("/calls/{call}/tickets")).await;
        assert_eq!(of_call.iter().map(|ticket| &ticket["id"]).collect::<Vec<_>>(), [&tickets[0]["id"]]);
        // The agent never had that call.
        assert!(agent.items(&format!("/calls/{call}/tickets")).await.is_empty());
        // One that rings is not stored yet: it has none, which is no mistake.
        assert!(agent.items("/calls/01KAAAAAAAAAAAAAAAAAAAAAAA/tickets").await.is_empty());
        assert!(centre.stop().await.success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_beginning_of_a_long_thread_is_asked_for_part_by_part() {
    let centre = Centre::start(Database::Embedded).await;
    let agent = centre.sign_in("agent1").await;
    let ticket = agent.post("/tickets", incident("A long story")).await["id"].as_str().expect("an id").to_owned();
    for word in 0..210 {
        let comment = json!({ "do": "comment", "text": format!("Word {word}"), "is_public": false });
        agent.post(&format!("/tickets/{ticket}/commands"), comment).await;
    }
    let mut part = agent.get(&format!("/tickets/{ticket}")).await;
    let mut words: Vec<String> = Vec::new();
    loop {
        let entries = part["entries"].as_array().expect("entries").iter();
        words.splice(0..0, entries.map(|entry| entry["text"].as_str().expect("a text").to_owned()));
        let Some(earlier) = part["earlier"].as_str() else { break };
        part = agent.get(&format!("/tickets/{ticket}/thread?limit=50&after={earlier}")).await;
    }
    assert_eq!(words, (0..210).map(|word| format!("Word {word}")).collect::<Vec<_>>());
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_that_nobody_answers_in_time_is_breached_on_time_and_once() {
    for database in Database::each().await {
        let centre = Centre::start(database).await;
        let admin = centre.sign_in("admin").await;
        first_answer_within(&admin, 2).await;
        let agent = centre.sign_in("agent1").await;
        let opened = centre.now_ms();
        let late = agent.post("/tickets", incident("Nobody answers")).await;
        let answered = agent.post("/tickets", incident("Somebody answers")).await;
        let comment = json!({ "do": "comment", "text": "We are on it.", "is_public": true });
        agent.post(&format!("/tickets/{}/commands", answered["id"].as_str().expect("an id")), comment).await;
        let breach = async || admin.events().await.into_iter().find(|event| is_breach_of(event, &late["id"]));
        centre.until("the breach", breach).await;
        let took = centre.now_ms() - opened;
        assert!((2_000..6_000).contains(&took), "after {took} ms");
        let events = admin.events().await;
        assert_eq!(events.iter().filter(|event| is_breach_of(event, &late["id"])).count(), 1);
        assert!(!events.iter().any(|event| is_breach_of(event, &answered["id"])), "the answered one is in time");
        assert!(centre.stop().await.success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_explains_why_it_is_due_when_it_is() {
    for database in Database::each().await {
        let centre = Centre::start(database).await;
        let agent = centre.sign_in("agent1").await;
        let ticket = agent.post("/tickets", incident("Why then?")).await;
        let clocks = format!("/tickets/{}/clocks", ticket["id"].as_str().expect("an id"));
        let account = agent.get(&format!("{clocks}/resolution/explain")).await;
        let clock = ticket["clocks"].as_array().expect("clocks").iter().find(|clock| clock["metric"] == "resolution");
        assert_eq!(account["due_at"], clock.expect("a resolution clock")["due_at"]);
        let target_ms = account["target_secs"].as_i64().expect("a target") * 1000;
        let windows =
            account["days"].as_array().expect("days").iter().flat_map(|day| day["windows"].as_array().expect("windows"));
        let counted_ms: i64 = windows.map(|window| window["counted_ms"].as_i64().expect("a length")).sum();
        assert_eq!((counted_ms, account["counted_ms"].as_i64()), (target_ms, Some(target_ms)), "{account}");
        let status = async |metric: &str| agent.ask(Method::GET, &format!("{clocks}/{metric}/explain"), None).await.0;
        assert_eq!(status("next_response").await, 404, "the policy sets no such target");
        assert!(status("patience").await.is_client_error(), "no metric has this name");
        assert!(centre.stop().await.success());
    }
}
