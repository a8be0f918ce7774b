//! What stories set up in the sample centre's directory, as its administrator.

use serde_json::json;

use super::{recorder_peer::RecorderPeer, rest::Rest};

/// The trunk's calls come from these addresses alone. At first it is all of this machine, for whose telephones it would vouch.
pub async fn take_trunk_calls_from(admin: &Rest, sources: &[&str]) {
    admin.change("/trunks/local", |trunk| trunk["sources"] = json!(sources)).await;
}

/// The agent works with the desk phone of its account instead of a browser.
pub async fn give_desk_phone(admin: &Rest, agent: &str) {
    admin.change(&format!("/agents/{agent}"), |profile| profile["device"] = "sip".into()).await;
}

/// Every call from outside goes to this recorder of another house (SIPREC).
pub async fn send_calls_to(admin: &Rest, recorder: &RecorderPeer) {
    let trunk = json!({
        "id": "recorder", "name": "Recorder", "sources": [], "username": null, "realm": null,
        "peer": recorder.address().to_string(), "transport": "udp", "calls_max": 10, "is_active": true
    });
    admin.post("/trunks", trunk).await;
    let target = json!({ "kind": "siprec", "trunk": "recorder", "number": "srs" });
    admin.post("/media-forks", json!({ "id": "recorder", "name": "Recorder", "target": target, "is_active": true })).await;
    let everything = json!([{ "fork": "recorder", "percent": 100 }]);
    admin.change("/centre", |rules| rules["forks"]["inbound"] = everything).await;
}
