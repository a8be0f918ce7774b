//! A caller whom nobody can serve leaves a message, which whoever works on tickets hears.

use centralita::protocol::media::Codec;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    centre::Centre,
    database::Database,
    rest::Rest,
    sipp::Sipp,
    tone_peer::TonePeer,
    wav::{channels, halves_with},
};

/// Where the trunk's calls come from.
const TRUNK: &str = "127.0.0.2";
const CALLER_HERTZ: f64 = 620.0;
/// Longer than the greeting, which is not quite eight seconds, and its tone.
const STAYS_MS: u64 = 14_000;

/// What the queue support opened for calls.
async fn tickets(rest: &Rest) -> Vec<Value> {
    let all = rest.items("/tickets?queue=support").await;
    all.into_iter()
        .filter(|ticket| ["Mensaje de voz", "Llamada perdida"].contains(&ticket["subject"].as_str().unwrap_or("")))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_becomes_a_ticket_of_the_queue_in_which_it_is_heard() {
    for database in Database::each().await {
        let centre = Centre::start(database).await;
        let admin = centre.sign_in("admin").await;
        let exit = json!({"then": "voicemail", "prompt": "leave-message", "secs_max": 60});
        admin.change("/queues/support", |queue| queue["on_no_agents"] = exit).await;

        let mut ears = TonePeer::at(TRUNK, Codec::Pcmu, CALLER_HERTZ);
        let (mport, stays) = (ears.address().port().to_string(), STAYS_MS.to_string());
        let caller = Sipp::start_at(
            TRUNK,
            "uac_caller_bye",
            centre.sip,
            &["-s", "1001", "-m", "1", "-d", &stays, "-key", "mport", &mport],
        );
        let speaks = tokio::task::spawn_blocking(move || {
            ears.find_server();
            ears.converse(usize::try_from(STAYS_MS / 20).unwrap() - 50);
        });
        caller.succeeds().await;
        speaks.await.unwrap();

        let agent = centre.sign_in("agent1").await;
        let ticket = centre.until("the ticket", async || tickets(&agent).await.pop()).await;
        assert_eq!(ticket["subject"], "Mensaje de voz");
        assert!(!ticket["customer"].is_null(), "+34911000001 is known: {ticket}");
        let whole = agent.get(&format!("/tickets/{}", ticket["id"].as_str().expect("an id"))).await;
        let call = whole["interactions"].as_array().expect("contacts")[0]["call"].as_str().expect("a call").to_owned();

        // The agent took no part in the call, and hears it as its message.
        let complete = async || {
            let entry = agent.items(&format!("/calls/{call}/recordings")).await.into_iter().next()?;
            (entry["parts"][0]["state"] == "complete").then_some(entry)
        };
        let entry = centre.until("the end of the recording", complete).await;
        let (status, _, wav) = agent.file(&format!("/recordings/{}/audio", entry["id"].as_str().expect("an id")), None).await;
        assert_eq!(status, StatusCode::OK);
        let [said, _] = channels(&wav);
        assert!(halves_with(&said, CALLER_HERTZ) >= 4, "the caller's voice: {}", halves_with(&said, CALLER_HERTZ));
        let seconds = said.len() / 8_000;
        assert!((3..10).contains(&seconds), "from the tone on: {seconds} s");
        assert_eq!(tickets(&agent).await.len(), 1, "one for the call");
        assert!(agent.items("/tickets?type=callback&queue=support").await.is_empty(), "and no callback beside it");
        assert!(centre.stop().await.success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_says_what_becomes_of_callers_who_give_up() {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    let wait = json!({"then": "wait"});
    let (status, problem) = {
        let mut queue = admin.get("/queues/support").await;
        queue["missed"] = json!({"becomes": "task", "wait_secs_min": 9_999});
        admin.ask(reqwest::Method::PUT, "/queues/support", Some(&queue)).await
    };
    assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("missed.wait_secs_min")));
    for (becomes, wait_secs_min, stays, expected) in [("nothing", 1, "2000", 0), ("task", 60, "100", 0), ("task", 1, "2000", 1)]
    {
        admin
            .change("/queues/support", |queue| {
                queue["missed"] = json!({"becomes": becomes, "wait_secs_min": wait_secs_min});
                queue["on_no_agents"] = wait.clone();
            })
            .await;
        let peer = TonePeer::at(TRUNK, Codec::Pcmu, CALLER_HERTZ);
        let mport = peer.address().port().to_string();
        let caller = Sipp::start_at(
            TRUNK,
            "uac_caller_bye",
            centre.sip,
            &["-s", "1001", "-m", "1", "-d", stays, "-key", "mport", &mport],
        );
        caller.succeeds().await;
        if expected > 0 {
            centre.until("the ticket", async || tickets(&admin).await.pop()).await;
        }
        assert_eq!(tickets(&admin).await.len(), expected, "{becomes} after {wait_secs_min} s, left after {stays} ms");
    }
    assert!(admin.items("/tickets?type=callback&queue=support").await.is_empty());
    assert!(centre.stop().await.success());
}
