//! What agents have dialled outside today counts over a restart.

use centralita::{
    console::wire::ConsoleCommand,
    domain::centre::{CallState, Refusal},
};
use serde_json::json;

use crate::support::{
    centre::Centre,
    console::{Console, call_that},
    database::Database,
};

fn dial() -> ConsoleCommand {
    ConsoleCommand::Dial { number: "+34911222333".into(), customer: None, detect_answer: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_calls_of_the_day_are_used_up_also_after_the_process_was_killed() {
    for database in Database::each().await {
        let mut centre = Centre::start(database).await;
        let admin = centre.sign_in("admin").await;
        // Held by us and never read: the call is out, and that is all.
        let carrier = std::net::UdpSocket::bind(("127.0.0.3", 0)).expect("a socket");
        let mut trunk = admin.get("/trunks/local").await;
        trunk["peer"] = json!(carrier.local_addr().expect("an address").to_string());
        admin.put("/trunks/local", trunk).await;
        let mut rules = admin.get("/centre").await;
        rules["dialling"]["calls_per_day_max"] = json!(1);
        admin.put("/centre", rules).await;
        let agent = centre.sign_in("agent1").await;
        let mut console = Console::open(&centre.http, &agent, 440.0).await;
        console.become_ready().await;
        console.command(dial()).await;
        let call = console.until("a call out", |message| call_that(message, |state| *state == CallState::Dialling)).await;
        let sent = async || {
            let events = admin.events().await;
            events.into_iter().find(|event| event["event"]["kind"] == "sent_out")
        };
        let sent = centre.until("the event", sent).await;
        assert_eq!((&sent["event"]["agent"], &sent["event"]["attempt"]), (&json!("agent1"), &json!(1)));
        console.command(ConsoleCommand::HangUp { call: call.id }).await;
        assert_eq!(console.refused(dial()).await, Some(Refusal::DailyLimit));
        drop(console);

        centre.kill().await;
        centre.restart().await;
        let mut console = Console::open(&centre.http, &agent, 440.0).await;
        console.become_ready().await;
        assert_eq!(console.refused(dial()).await, Some(Refusal::DailyLimit));
        assert!(centre.stop().await.success());
    }
}
