//! A recorded call from the trunk to the ear of who listens to it later: through a pause and a transfer, encrypted on the disk, heard in
//! ranges, by whom may, held and deleted.

use std::{fs, path::PathBuf};

use centralita::protocol::media::Codec;
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::support::{
    centre::Centre,
    database::Database,
    desk_phone::DeskPhone,
    directory, files_in,
    rest::Rest,
    sipp::Sipp,
    tone_peer::TonePeer,
    wav::{channels, halves_with},
};

/// Where the trunk's calls come from.
const TRUNK: &str = "127.0.0.2";
const CALLER_HERTZ: f64 = 620.0;
const FIRST_HERTZ: u32 = 500;
const SECOND_HERTZ: u32 = 1_300;

async fn with_a_rule(centre: &Centre) -> Rest {
    let admin = centre.sign_in("admin").await;
    directory::take_trunk_calls_from(&admin, &[TRUNK]).await;
    for agent in ["agent1", "agent2"] {
        directory::give_desk_phone(&admin, agent).await;
    }
    record(&admin, json!({ "inbound": { "mode": "always" } })).await;
    admin
}

/// Changes the centre's rules in these fields.
async fn record(admin: &Rest, fields: Value) {
    let mut rules = admin.get("/centre").await;
    for (field, value) in fields.as_object().expect("fields") {
        rules["recording"][field] = value.clone();
    }
    admin.put("/centre", rules).await;
}

async fn be_ready(centre: &Centre, agent: &str) -> Rest {
    let console = centre.sign_in(agent).await;
    console.put(&format!("/agents/{agent}/presence"), json!({ "state": "ready" })).await;
    console
}

/// Caller and whoever is on the other side talk until each hears the other, and for so many packets of 20 ms more.
async fn talk(centre: &Centre, ears: &mut TonePeer, hertz: u32, packets: usize) {
    let hears = async || {
        ears.converse(25);
        (ears.share_of(f64::from(hertz)) > 0.5).then_some(())
    };
    centre.until("the voice of the other telephone", hears).await;
    ears.converse(packets);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_recorded_through_a_pause_and_a_transfer_and_heard_by_whom_may() {
    for database in Database::each().await {
        let centre = Centre::start(database).await;
        let admin = with_a_rule(&centre).await;
        let mut first = DeskPhone::start(&centre, "101", FIRST_HERTZ).await;
        let mut second = DeskPhone::start(&centre, "102", SECOND_HERTZ).await;
        let agent = be_ready(&centre, "agent1").await;
        let mut ears = TonePeer::at(TRUNK, Codec::Pcmu, CALLER_HERTZ);
        let mport = ears.address().port().to_string();
        let arguments = ["-s", "1001", "-m", "1", "-d", "16000", "-key", "mport", &mport];
        let caller = Sipp::start_at(TRUNK, "uac_caller_bye", centre.sip, &arguments);
        first.pick_up(&centre).await;
        ears.find_server();
        talk(&centre, &mut ears, FIRST_HERTZ, 50).await;

        let call = agent.get("/agents/agent1/presence").await["call"].as_str().expect("a call").to_owned();
        let told = agent.post(&format!("/calls/{call}/recording/pause"), json!({ "cause": "form_field" })).await;
        assert_eq!((&told["recording"]["is"], &told["recording"]["causes"]), (&json!("paused"), &json!(["form_field"])));
        ears.converse(40);
        let (status, told) = agent.ask(Method::POST, &format!("/calls/{call}/recording/resume"), None).await;
        assert_eq!(status, StatusCode::OK, "it needs no body: {told}");
        let told = &told["recording"];
        // Where this test is kept waiting the second may be over.
        let is_ending = told["is"] == "on" || (told["is"] == "paused" && told["causes"] == json!([]));
        assert!(is_ending, "for a second yet: {told}");
        let goes_on = async || {
            let told = agent.post(&format!("/calls/{call}/recording/start"), json!({})).await;
            (told["recording"]["is"] == "on").then_some(())
        };
        centre.until("the recording to go on", goes_on).await;
        let stop = format!("/calls/{call}/recording/stop");
        let (status, why) = agent.ask(Method::POST, &stop, Some(&json!({}))).await;
        assert_eq!((status, &why["refusal"]), (StatusCode::CONFLICT, &json!("recording_stays")), "the rules want it: {why}");

        let colleague = be_ready(&centre, "agent2").await;
        first.transfer(&centre, "102").await;
        second.pick_up(&centre).await;
        talk(&centre, &mut ears, SECOND_HERTZ, 50).await;
        let foreign = format!("/calls/{call}/recording/pause");
        let (status, _) = agent.ask(Method::POST, &foreign, Some(&json!({ "cause": "requested" }))).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "the call is the colleague's now");
        drop(colleague);
        caller.succeeds().await;

        let path = format!("/calls/{call}/recordings");
        let complete = async || {
            let entry = admin.items(&path).await.into_iter().next()?;
            (entry["parts"][0]["state"] == "complete").then_some(entry)
        };
        let entry = centre.until("the end of the recording", complete).await;
        assert_eq!(entry["parts"].as_array().map(Vec::len), Some(1), "one part through the transfer: {entry}");
        let id = entry["id"].as_str().expect("an id");
        let audio = format!("/recordings/{id}/audio");
        let (status, headers, wav) = admin.file(&audio, None).await;
        assert_eq!((status, &headers[header::ACCEPT_RANGES]), (StatusCode::OK, &"bytes".parse().unwrap()));
        assert_eq!(&wav[..4], b"RIFF");
        let [said, heard] = channels(&wav);
        assert!(halves_with(&said, CALLER_HERTZ) >= 4, "the customer: {}", halves_with(&said, CALLER_HERTZ));
        assert!(halves_with(&heard, f64::from(FIRST_HERTZ)) >= 2 && halves_with(&heard, f64::from(SECOND_HERTZ)) >= 2);

        let outline = admin.get(&format!("/recordings/{id}/outline?buckets=100")).await;
        let pause = &outline["pauses"][0];
        let (from, to) = (pause["from_ms"].as_u64().expect("a pause"), pause["to_ms"].as_u64().expect("a pause"));
        assert!((1_000..3_000).contains(&(to - from)), "{pause}");
        let kept = |channel: &[i16]| {
            let at = |ms: u64| usize::try_from(ms).unwrap_or_default() * 8;
            // A pause is told in steps of 20 ms, outward.
            channel[at(from + 20)..at(to - 20)].iter().any(|sample| sample.unsigned_abs() > 100)
        };
        assert!(!kept(&said) && !kept(&heard), "nothing is kept of the pause");
        let marks: Vec<_> = outline["marks"].as_array().expect("marks").iter().map(|mark| mark["kind"].clone()).collect();
        assert_eq!(marks.iter().filter(|kind| **kind == "connected").count(), 2, "{marks:?}");
        assert!(marks.contains(&json!("transferred")), "{marks:?}");

        let (status, headers, piece) = admin.file(&audio, Some("bytes=1000-1999")).await;
        assert_eq!((status, piece.as_slice()), (StatusCode::PARTIAL_CONTENT, &wav[1_000..2_000]));
        assert_eq!(headers[header::CONTENT_RANGE].to_str().ok(), Some(format!("bytes 1000-1999/{}", wav.len()).as_str()));
        let (status, headers, _) = admin.file(&audio, Some("bytes=999999999-")).await;
        assert_eq!(status, StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(headers[header::CONTENT_RANGE].to_str().ok(), Some(format!("bytes */{}", wav.len()).as_str()));

        let folder = centre.data().join("recordings");
        let [file] = files_in(&folder).try_into().expect("one file");
        let octets = fs::read(file).expect("the file");
        // Silence of a pause would be hundreds of equal octets, were it not encrypted.
        assert!(octets.windows(16).all(|window| window.iter().any(|octet| *octet != window[0])));

        let (status, _, _) = agent.file(&audio, None).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "agents hear nothing unless the centre allows it");
        record(&admin, json!({ "is_own_heard_by_agents": true })).await;
        assert_eq!(agent.file(&audio, Some("bytes=0-99")).await.0, StatusCode::PARTIAL_CONTENT);
        assert_eq!(centre.sign_in("agent3").await.file(&audio, None).await.0, StatusCode::NOT_FOUND, "the own ones");

        let (held, _) = admin.ask(Method::PUT, &format!("/recordings/{id}/hold"), Some(&json!({ "reason": "case 7" }))).await;
        let (refused, why) = admin.ask(Method::DELETE, &format!("/recordings/{id}"), None).await;
        assert_eq!((held, refused), (StatusCode::OK, StatusCode::CONFLICT), "{why}");
        assert_eq!(admin.get(&path).await["items"][0]["holds"][0]["reason"], "case 7");
        let supervisor = centre.sign_in("supervisor").await;
        assert_eq!(supervisor.ask(Method::DELETE, &format!("/recordings/{id}/hold"), None).await.0, StatusCode::FORBIDDEN);
        assert_eq!(admin.ask(Method::DELETE, &format!("/recordings/{id}/hold"), None).await.0, StatusCode::OK);
        assert_eq!(admin.ask(Method::DELETE, &format!("/recordings/{id}"), None).await.0, StatusCode::NO_CONTENT);
        assert_eq!(files_in(&folder), Vec::<PathBuf>::new(), "its files are gone");
        assert_eq!(admin.file(&audio, None).await.0, StatusCode::GONE);
        let uses: Vec<_> =
            admin.events().await.into_iter().filter_map(|event| event["event"]["how"].as_str().map(str::to_owned)).collect();
        assert_eq!(uses, ["heard", "heard", "held", "released", "deleted"], "who did what, once each");
        assert!(centre.stop().await.success());
    }
}
