//! Recorders of other houses (SIPREC) when the server makes way for another process: each is told of the end, and hears on in a session of
//! the same group.

use crate::support::{centre::Centre, database::Database, directory, recorder_peer::RecorderPeer, sipp::Sipp};

const RECORDER: &str = "127.0.0.4";

fn header<'a>(request: &'a str, name: &str) -> &'a str {
    request.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name} in {request}"))
}

/// The call, as the description names it.
fn group(invite: &str) -> &str {
    let (_, rest) = invite.split_once("<group group_id=\"").unwrap_or_else(|| panic!("no group in {invite}"));
    rest.split('"').next().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorder_is_told_of_the_end_when_the_server_makes_way_and_is_asked_again_by_the_next_process() {
    let mut centre = Centre::start(Database::Embedded).await;
    let recorder = RecorderPeer::start(RECORDER);
    let admin = centre.sign_in("admin").await;
    directory::send_calls_to(&admin, &recorder).await;
    admin.change("/centre", |rules| rules["forks"]["begins"] = "answered".into()).await;

    let arguments = ["-aa", "-s", "1001", "-m", "1", "-d", "5000", "-key", "mport", "4000"];
    let caller = Sipp::start("uac_asked_back", centre.sip, &arguments);
    let is_up = async || (!recorder.requests("ACK").is_empty()).then_some(());
    centre.until("a recording session", is_up).await;
    assert!(recorder.requests("BYE").is_empty());
    centre.pass(300).await;
    assert!(centre.make_way().await.success());
    let told = async || recorder.requests("BYE").into_iter().next();
    let bye = centre.until("the end of the session", told).await;
    let before = recorder.requests("INVITE").pop().expect("an INVITE");
    assert_eq!(header(&bye, "Call-ID: "), header(&before, "Call-ID: "));

    centre.restart().await;
    let asked = async || {
        recorder.requests("INVITE").into_iter().find(|invite| header(invite, "Call-ID: ") != header(&bye, "Call-ID: "))
    };
    let after = centre.until("the next session", asked).await;
    assert_eq!(group(&after), group(&before), "of the same call");
    caller.succeeds().await;
    let ended = async || (recorder.requests("BYE").len() == 2).then_some(());
    centre.until("the end of the call", ended).await;
    assert!(centre.stop().await.success());
}
