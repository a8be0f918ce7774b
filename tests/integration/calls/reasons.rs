//! What carriers say of why a call ends (Reason, RFC 3326), in the call's story.

use centralita::protocol::media::Codec;

use crate::support::{centre::Centre, database::Database, sipp::Sipp, tone_peer::TonePeer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_call_says_why_in_its_carriers_words() {
    let centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    for cause in ["16", "38", "77"] {
        let peer = TonePeer::at("127.0.0.1", Codec::Pcmu, 620.0);
        let mport = peer.address().port().to_string();
        let arguments = ["-s", "1009", "-m", "1", "-d", "300", "-key", "mport", &mport, "-key", "cause", cause];
        Sipp::start("uac_says_why", centre.sip, &arguments).succeeds().await;
    }
    let ends = async || {
        let events = admin.events().await.into_iter().filter(|event| event["event"]["kind"] == "ended");
        let ends: Vec<serde_json::Value> = events.map(|event| event["event"].clone()).collect();
        (ends.len() == 3).then_some(ends)
    };
    let ends = centre.until("all ends", ends).await;
    let said = |cause: u16, text: Option<&str>| serde_json::json!({ "protocol": "Q.850", "cause": cause, "text": text });
    assert_eq!((&ends[0]["reason"], &ends[0]["cause"]), (&said(16, None), &"hangup".into()));
    assert_eq!((&ends[1]["reason"], &ends[1]["cause"]), (&said(38, None), &"lost".into()), "the network lost it");
    let unknown = said(77, Some("Said <b>there</b>, twice"));
    assert_eq!((&ends[2]["reason"], &ends[2]["cause"]), (&unknown, &"hangup".into()), "no sentence of ours says it");
    assert!(centre.stop().await.success());
}
