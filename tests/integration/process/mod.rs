//! The process: how it dies, comes back, and refuses to start.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

mod callbacks;
mod conversations;
mod daily_limits;
mod fresh_keys;
mod recorders;
mod registrations;
mod replaying;
mod secrets;
mod staffing;
mod subscriptions;
mod survival;
mod work_items;

use reqwest::Method;
use serde_json::json;

use crate::{
    support::{centre::Centre, database::Database, rest::Rest, sipp::Sipp},
    tickets::{first_answer_within, incident, is_breach_of},
};

/// Deaths in a row.
const DEATHS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_sudden_deaths() {
    for database in Database::each().await {
        let mut centre = Centre::start(database).await;
        let agent = centre.sign_in("agent1").await;
        let mut acknowledged = Vec::new();
        for death in 0..DEATHS {
            // Writing until the server is gone in the midst of it.
            let (http, cookie) = (centre.http.clone(), agent.cookie.clone());
            let answered = Arc::new(AtomicUsize::new(0));
            let counter = answered.clone();
            let writing = tokio::spawn(async move {
                let agent = Rest::with_cookie(&http, &cookie);
                let mut made = Vec::new();
                for count in 0.. {
                    let body = incident(&format!("Death {death}, ticket {count}"));
                    match agent.try_ask(Method::POST, "/tickets", Some(&body)).await {
                        Ok((status, bytes)) if status == 201 => {
                            let ticket: serde_json::Value = serde_json::from_slice(&bytes).expect("a ticket");
                            made.push(ticket["number"].as_i64().expect("a number"));
                            counter.store(made.len(), Ordering::Release);
                        }
                        Ok((status, bytes)) => panic!("{status} {}", String::from_utf8_lossy(&bytes)),
                        Err(_) => break,
                    }
                }
                made
            });
            centre.until("some tickets", async || (answered.load(Ordering::Acquire) >= 5).then_some(())).await;
            centre.kill().await;
            let made = writing.await.expect("a writer");
            assert!(made.len() >= 5);
            acknowledged.extend(made);
            centre.restart().await;
            // The session is still the same: nobody signs in again.
            for number in &acknowledged {
                agent.get(&format!("/tickets/{number}")).await;
            }
        }
        let admin = centre.sign_in("admin").await;
        let events = admin.events().await;
        let seqs: Vec<_> = events.iter().map(|event| event["seq"].as_i64().expect("a number")).collect();
        assert_eq!(seqs, (1..=i64::try_from(events.len()).unwrap()).collect::<Vec<_>>(), "the journal has no gap");
        let mut numbers = acknowledged.clone();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), acknowledged.len(), "no number is given twice");
        for user in ["agent1", "agent4", "supervisor"] {
            centre.sign_in(user).await;
        }
        assert!(centre.stop().await.success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_that_passes_while_the_server_is_dead_is_told_after_the_restart() {
    for database in Database::each().await {
        let mut centre = Centre::start(database).await;
        let admin = centre.sign_in("admin").await;
        first_answer_within(&admin, 2).await;
        let ticket = centre.sign_in("agent1").await.post("/tickets", incident("Died on the way")).await;
        centre.kill().await;
        let dead = centre.now_ms();
        centre.until("the deadline", async || (centre.now_ms() > dead + 2_500).then_some(())).await;
        centre.restart().await;
        let breach = async || admin.events().await.into_iter().find(|event| is_breach_of(event, &ticket["id"]));
        centre.until("the breach", breach).await;
        assert!(centre.stop().await.success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_ends_the_calls_that_outlast_its_patience_and_writes_down_why() {
    for database in Database::each().await {
        let mut centre = Centre::start_with(database, &["shutdown.drain=1s"]).await;
        let admin = centre.sign_in("admin").await;
        // One caller talks to the echo, one waits in a queue that nobody serves.
        let talks = Sipp::start("uac_server_bye", centre.sip, &["-s", "1009", "-m", "1", "-key", "mport", "4000"]);
        let waits = Sipp::start("uac_server_bye", centre.sip, &["-s", "1001", "-m", "1", "-key", "mport", "4000"]);
        let running = async || {
            let calls = admin.items("/calls").await;
            let is_waiting = calls.iter().any(|call| call["queued_at"].is_string());
            let are_up = calls.len() == 2 && calls.iter().all(|call| call["ended_at"].is_null());
            (are_up && is_waiting).then_some(())
        };
        centre.until("two calls", running).await;
        assert!(centre.terminate().await.success(), "it ends in order");
        // The scenario ends well only with a BYE from the server.
        talks.succeeds().await;
        waits.succeeds().await;

        centre.restart().await;
        let calls = admin.items("/calls").await;
        assert_eq!(calls.len(), 2);
        for call in &calls {
            assert!(call["ended_at"].is_string(), "{call}");
            assert_eq!(call["end_cause"], "shutdown", "ended by the shutdown, not found lost at the restart: {call}");
        }
        let events = admin.events().await;
        let flowed_out = events.iter().find(|event| event["event"]["kind"] == "flowed_out").expect("a flow-out");
        assert_eq!(flowed_out["event"]["cause"], "node_lost", "who waited did not give up: {flowed_out}");
        assert!(centre.stop().await.success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_on_the_same_data_says_so_and_ends_with_3() {
    let centre = Centre::start(Database::Embedded).await;
    let data = centre.data().display().to_string();
    let ports = ["http.listen=127.0.0.1:0", "http.https_listen=", "sip.listen=127.0.0.1:0", "metrics.listen="];
    let mut arguments = vec!["demo", "--data", &data];
    arguments.extend(ports.iter().flat_map(|setting| ["--set", *setting]));
    let ending = Centre::ends(&arguments).await;
    assert_eq!(ending.code, Some(3), "{ending:?}");
    assert!(ending.said.contains(&*data) || ending.said.contains("in use"), "{ending:?}");
    assert_eq!(ending.said.lines().count(), 1, "one clear sentence: {ending:?}");
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_port_is_named_with_the_setting_that_moves_it_and_ends_with_3() {
    let centre = Centre::start(Database::Embedded).await;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let taken = centre.http.trim_start_matches("http://").to_owned();
    let sip = centre.sip.to_string();
    for (setting, value, port) in [
        ("http.listen", taken.clone(), taken.rsplit(':').next().unwrap()),
        ("sip.listen", sip.clone(), sip.rsplit(':').next().unwrap()),
    ] {
        let mut arguments = vec!["demo".to_owned(), "--data".to_owned(), data.clone()];
        for free in [
            "http.listen=127.0.0.1:0",
            "http.https_listen=",
            "sip.listen=127.0.0.1:0",
            "metrics.listen=",
            "media.browser_port=0",
        ] {
            arguments.extend(["--set".to_owned(), free.to_owned()]);
        }
        arguments.extend(["--set".to_owned(), format!("{setting}={value}")]);
        let ending = Centre::ends(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await;
        assert_eq!(ending.code, Some(3), "{setting}: {ending:?}");
        assert!(ending.said.contains(port) && ending.said.contains(setting), "{ending:?}");
    }
    assert!(centre.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_settings_are_all_told_at_once_and_end_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let ending =
        Centre::ends(&["serve", "--data", &data, "--set", "http.listen=0.0.0.0:8080", "--set", "sip.colour=red"]).await;
    assert_eq!(ending.code, Some(2), "{ending:?}");
    assert!(ending.said.contains("http.listen") && ending.said.contains("sip.colour"), "{ending:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_with_a_wrong_password_gets_no_session() {
    let centre = Centre::start(Database::Embedded).await;
    let stranger = Rest::stranger(&centre.http);
    let body = json!({ "user": "admin", "password": "guessed" });
    let (status, problem) = stranger.ask(Method::POST, "/session", Some(&body)).await;
    assert_eq!(status, 401, "{problem}");
    assert!(centre.stop().await.success());
}
