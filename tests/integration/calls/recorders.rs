//! A recorder of another house (SIPREC) gets a call: both sides on streams of their own, who takes part, and nothing of a pause.

use centralita::protocol::media::Codec;
use serde_json::json;

use crate::support::{
    centre::Centre, database::Database, desk_phone::DeskPhone, directory, recorder_peer::RecorderPeer, sipp::Sipp,
    tone_peer::TonePeer,
};

/// Where the trunk's calls come from, and where the recorder is.
const TRUNK: &str = "127.0.0.2";
const RECORDER: &str = "127.0.0.4";
const CALLER_HERTZ: f64 = 620.0;
const AGENT_HERTZ: u32 = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorder_hears_both_sides_apart_is_told_who_they_are_and_hears_nothing_of_a_pause() {
    let centre = Centre::start(Database::Embedded).await;
    let recorder = RecorderPeer::start(RECORDER);
    let admin = centre.sign_in("admin").await;
    directory::take_trunk_calls_from(&admin, &[TRUNK]).await;
    directory::send_calls_to(&admin, &recorder).await;
    admin.change("/centre", |rules| rules["recording"]["inbound"] = json!({ "mode": "always" })).await;
    directory::give_desk_phone(&admin, "agent1").await;

    let mut phone = DeskPhone::start(&centre, "101", AGENT_HERTZ).await;
    let agent = centre.sign_in("agent1").await;
    agent.put("/agents/agent1/presence", json!({ "state": "ready" })).await;
    let mut ears = TonePeer::at(TRUNK, Codec::Pcmu, CALLER_HERTZ);
    let mport = ears.address().port().to_string();
    let arguments = ["-s", "1001", "-m", "1", "-d", "14000", "-key", "mport", &mport];
    let caller = Sipp::start_at(TRUNK, "uac_caller_bye", centre.sip, &arguments);
    phone.pick_up(&centre).await;
    ears.find_server();
    let tones = [CALLER_HERTZ, f64::from(AGENT_HERTZ)];
    let heard = async || {
        ears.converse(25);
        recorder.shares(tones).iter().all(|share| *share > 0.5).then_some(())
    };
    centre.until("both sides on their streams", heard).await;

    let invite = recorder.requests("INVITE").into_iter().next().expect("an INVITE");
    assert!(invite.starts_with("INVITE sip:srs@127.0.0.4"), "{invite}");
    assert!(invite.contains("\r\nRequire: siprec\r\n") && invite.contains(";+sip.src\r\n"), "{invite}");
    assert!(invite.contains("a=label:1\r\na=sendonly\r\n") && invite.contains("a=label:2\r\na=sendonly\r\n"), "{invite}");
    assert!(invite.contains("<participant ") && invite.contains("<nameID aor=\"sip:agent1@"), "{invite}");
    assert_eq!(invite.matches("<participantstreamassoc ").count(), 2, "{invite}");

    let call = agent.get("/agents/agent1/presence").await["call"].as_str().expect("a call").to_owned();
    agent.post(&format!("/calls/{call}/recording/pause"), json!({ "cause": "form_field" })).await;
    let told = async |word: &'static str, count: usize| {
        let is_so = async || {
            let said = recorder.requests("INVITE").iter().filter(|invite| invite.contains(word)).count();
            (said >= count).then_some(())
        };
        centre.until("the recorder is told", is_so).await;
    };
    told("\r\na=inactive\r\n", 1).await;
    let before = recorder.packets();
    ears.converse(75);
    assert_eq!(recorder.packets(), before, "nothing of the pause is sent");
    agent.post(&format!("/calls/{call}/recording/resume"), json!({})).await;
    told("\r\na=sendonly\r\n", 2).await;
    let goes_on = async || {
        ears.converse(25);
        recorder.packets().iter().zip(before).all(|(now, before)| *now > before + 25).then_some(())
    };
    centre.until("the streams go on", goes_on).await;

    caller.succeeds().await;
    let ended = async || (!recorder.requests("BYE").is_empty()).then_some(());
    centre.until("the end of the recording session", ended).await;
    assert!(centre.stop().await.success());
}
