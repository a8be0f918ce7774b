//! A registered telephone can be called right after the server has come back, whichever way it went.

use centralita::protocol::media::Codec;
use serde_json::json;

use crate::support::{centre::Centre, database::Database, directory, sipp::Sipp, tone_peer::TonePeer};

/// Where the callers are.
const TRUNK: &str = "127.0.0.2";
/// Where the agent's telephone is.
const TELEPHONE: &str = "127.0.0.3";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telephone_that_registered_before_the_restart_rings_after_it() {
    let mut centre = Centre::start(Database::Embedded).await;
    let admin = centre.sign_in("admin").await;
    directory::give_desk_phone(&admin, "agent1").await;
    let free = std::net::UdpSocket::bind((TELEPHONE, 0)).and_then(|socket| socket.local_addr()).expect("a free port");
    let (port, password) = (free.port().to_string(), centre.phone_password("101"));
    let register = ["-p", &port, "-m", "1", "-s", "101", "-au", "101", "-ap", &password];
    Sipp::start_at(TELEPHONE, "uac_register", centre.sip, &register).succeeds().await;

    for is_sudden in [true, false] {
        // What has just changed is written down within a tenth of a second.
        let then = centre.now_ms();
        centre.until("a moment", async || (centre.now_ms() > then + 300).then_some(())).await;
        if is_sudden {
            centre.kill().await;
        } else {
            assert!(centre.terminate().await.success());
        }
        centre.restart().await;
        let agent = centre.sign_in("agent1").await;
        agent.put("/agents/agent1/presence", json!({ "state": "ready" })).await;
        let (theirs, media) = (TonePeer::at(TRUNK, Codec::Pcmu, 620.0), TonePeer::at(TELEPHONE, Codec::Pcmu, 880.0));
        let (caller_port, rtp) = (theirs.address().port().to_string(), media.address().port().to_string());
        let rings = ["-p", &port, "-m", "1", "-d", "200", "-key", "mport", &rtp];
        let telephone = Sipp::start_at(TELEPHONE, "uas_far_end", centre.sip, &rings);
        let calls = ["-s", "1001", "-m", "1", "-d", "4000", "-key", "mport", &caller_port];
        Sipp::start_at(TRUNK, "uac_caller_bye", centre.sip, &calls).succeeds().await;
        telephone.succeeds().await;
    }
    assert!(centre.stop().await.success());
}
