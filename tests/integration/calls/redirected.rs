//! A call that others have sent on to us, at the real server, with SIPp as the carrier: on the call's record, and for routing.

use centralita::protocol::media::Codec;
use serde_json::{Value, json};

use crate::support::{centre::Centre, database::Database, rest::Rest, sipp::Sipp, tone_peer::TonePeer};

/// Where the trunk's calls come from.
const TRUNK: &str = "127.0.0.2";

/// Calls 1001 with a Diversion of 1002 and of somebody private before; the call's record and its events.
async fn call(centre: &Centre, admin: &Rest, known: usize) -> Value {
    let peer = TonePeer::at(TRUNK, Codec::Pcmu, 620.0);
    let port = peer.address().port().to_string();
    let arguments = ["-s", "1001", "-m", "1", "-d", "1000", "-key", "mport", &port];
    Sipp::start_at(TRUNK, "uac_diverted", centre.sip, &arguments).succeeds().await;
    let over =
        async || Some(admin.items("/calls").await).filter(|calls| calls.len() > known && !calls[0]["ended_at"].is_null());
    let calls = centre.until("the call in the history", over).await;
    admin.get(&format!("/calls/{}", calls[0]["id"].as_str().unwrap())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sent_a_call_on_stands_on_its_record_and_its_first_number_may_count() {
    for database in Database::each().await {
        let centre = Centre::start(database).await;
        let admin = centre.sign_in("admin").await;
        let redirections =
            json!([{ "by": "1002", "reason": "no_answer", "count": 1 }, { "by": null, "reason": "user_busy", "count": 1 }]);
        let found = call(&centre, &admin, 0).await;
        assert_eq!((&found["redirections"], &found["queue"]), (&redirections, &json!("support")));
        let arrived = found["events"].as_array().unwrap().iter().find(|event| event["event"]["kind"] == "arrived").unwrap();
        let session = arrived["event"]["session_id"].as_str().unwrap();
        assert!(session.ends_with(";remote=ab30317f1a784dc48ff824d0d3715d86"), "{session}");

        // The first number is private and none of ours: the number that was reached counts all the same.
        for mut trunk in admin.items("/trunks").await {
            trunk["identity"] = json!({ "routes_by_first_called": true, "redirections": "both" });
            let path = format!("/trunks/{}", trunk["id"].as_str().unwrap());
            admin.put(&path, trunk).await;
        }
        assert_eq!(call(&centre, &admin, 1).await["queue"], "support");
        assert!(centre.stop().await.success());
    }
}
