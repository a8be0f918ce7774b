//! Alerts at the real server: raised, told outside and signed, acknowledged, kept over a restart, cleared.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{centre::Centre, console::Console, database::Database, rest::Rest};

const SECRET: &str = "a secret of both sides";

/// What an outside system has got: `webhook-id` and body. It does not take the first message.
#[derive(Clone, Default)]
struct Inbox(Arc<Mutex<Vec<(String, Value)>>>);

async fn take(State(Inbox(got)): State<Inbox>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers[name].to_str().expect("text").to_owned();
    let (id, at) = (header("webhook-id"), header("webhook-timestamp"));
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.replace(' ', "-").as_bytes()).expect("a key");
    mac.update(format!("{id}.{at}.").as_bytes());
    mac.update(&body);
    let expected = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(header("webhook-signature"), expected);
    let mut got = got.lock().expect("no panic before");
    got.push((id, serde_json::from_slice(&body).expect("JSON")));
    if got.len() == 1 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::NO_CONTENT }
}

impl Inbox {
    fn of(&self, kind: &str) -> Vec<(String, Value)> {
        let got = self.0.lock().expect("no panic before");
        got.iter().filter(|(_, body)| body["type"] == kind).cloned().collect()
    }
}

async fn standing(rest: &Rest) -> Vec<Value> {
    rest.items("/alerts?standing=true").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_is_told_outside_acknowledged_kept_over_a_restart_and_cleared() {
    let inbox = Inbox::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/alerts", listener.local_addr().expect("an address"));
    let outside = Router::new().route("/alerts", post(take)).with_state(inbox.clone());
    let outside = tokio::spawn(async move { axum::serve(listener, outside).await });

    let mut centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    let supervisor = centre.sign_in("supervisor").await;
    let webhook = json!({"id": "pager", "name": "Pager", "url": url, "is_private_allowed": true, "is_active": true,
        "password": SECRET.replace(' ', "-")});
    let made = admin.post("/webhooks", webhook).await;
    assert!(!made.to_string().contains("secret-of"), "the secret is never shown: {made}");
    let rule = json!({"id": "nobody", "name": "Nobody ready", "metric": "agents_ready", "queues": ["support"], "raise_at": 0,
        "clear_at": 1, "raise_after_secs": 1, "clear_after_secs": 1, "webhooks": ["pager"], "is_active": true});
    admin.post("/alert-rules", rule).await;

    let alert = centre.until("the alert", async || standing(&supervisor).await.pop()).await;
    assert_eq!((&alert["value"], &alert["threshold"], &alert["queue"]), (&json!(0), &json!(0), &json!("support")));
    let id = alert["id"].as_str().expect("an id");

    let acknowledged = supervisor.post(&format!("/alerts/{id}/acknowledge"), Value::Null).await;
    assert_eq!(acknowledged["acknowledged_by"], "supervisor");
    let agent = centre.sign_in("agent1").await;
    assert_eq!(agent.ask(Method::GET, "/alerts", None).await.0, reqwest::StatusCode::FORBIDDEN);

    // What was not taken is tried again, under the same id.
    let twice = async || Some(inbox.of("alert.raised")).filter(|got| got.len() == 2);
    let raised = centre.until("the second try", twice).await;
    assert_eq!(raised[0], raised[1]);
    assert_eq!((&raised[0].1["data"]["id"], &raised[0].1["data"]["queue_name"]), (&alert["id"], &json!("Support")));
    let all_taken = async || {
        let deliveries = admin.items("/webhooks/pager/deliveries").await;
        deliveries.iter().all(|one| !one["delivered_at"].is_null()).then_some(deliveries)
    };
    let deliveries = centre.until("both messages taken", all_taken).await;
    let attempts = |kind: &str| deliveries.iter().find(|one| one["kind"] == kind).expect("a message")["attempts"].clone();
    assert_eq!((attempts("alert.raised"), attempts("alert.acknowledged")), (json!(2), json!(1)));

    centre.kill().await;
    centre.restart().await;
    let supervisor = centre.sign_in("supervisor").await;
    assert_eq!(standing(&supervisor).await, [acknowledged], "it stands as it stood");

    let agent = centre.sign_in("agent1").await;
    let mut console = Console::open(&centre.http, &agent, 880.0).await;
    console.become_ready().await;
    centre.until("the end of the alert", async || standing(&supervisor).await.is_empty().then_some(())).await;
    centre.until("the message of the end", async || inbox.of("alert.cleared").pop()).await;
    assert_eq!(inbox.of("alert.raised").len(), 2, "raised once");
    let history = supervisor.items("/alerts").await;
    assert_eq!(history.len(), 1);
    assert_eq!(history[0]["cleared_value"], 1);

    let admin = centre.sign_in("admin").await;
    let events = admin.events().await;
    let kinds: Vec<&Value> =
        events.iter().filter(|event| event["area"] == "alert").map(|event| &event["event"]["kind"]).collect();
    assert_eq!(kinds, ["raised", "acknowledged", "cleared"]);
    drop(console);
    outside.abort();
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_wrong_with_a_rule_is_told_at_once() {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    let rule = json!({"id": "x", "name": " ", "metric": "waiting", "queues": ["nowhere"], "raise_at": 5, "clear_at": 5,
        "raise_after_secs": -1, "clear_after_secs": 99_999, "webhooks": ["nobody"], "is_active": true});
    let (status, problem) = admin.ask(Method::POST, "/alert-rules", Some(&rule)).await;
    assert_eq!(status, reqwest::StatusCode::UNPROCESSABLE_ENTITY);
    let fields: Vec<&str> =
        problem["errors"].as_array().expect("errors").iter().filter_map(|one| one["field"].as_str()).collect();
    assert_eq!(fields, ["name", "clear_at", "raise_after_secs", "clear_after_secs", "queues[0]", "webhooks[0]"]);

    let webhook = json!({"id": "w", "name": "W", "url": "http://alerts.example/", "is_active": true});
    let (_, problem) = admin.ask(Method::POST, "/webhooks", Some(&webhook)).await;
    assert_eq!(problem["errors"][0]["code"], "plain_webhook");
    assert!(centre.stop().await.success());
}
