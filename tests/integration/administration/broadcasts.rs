//! A supervisor tells agents something at the real server.

use centralita::{
    console::wire::ServerMessage,
    domain::{directory::Thing, event::Event},
};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{centre::Centre, console::Console, database::Database};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sentence_reaches_the_agents_whom_it_is_for_until_it_is_ended() {
    for database in Database::each().await {
        let centre = Centre::start(database).await;
        let supervisor = centre.sign_in("supervisor").await;
        let agent = centre.sign_in("agent1").await;
        let mut console = Console::open(&centre.http, &agent, 880.0).await;
        let (status, _) = agent.ask(Method::POST, "/broadcasts", Some(&json!({"text": "Hi", "minutes": 5}))).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        let wrong = json!({"text": " ", "queue": "nowhere", "minutes": 0});
        let (status, problem) = supervisor.ask(Method::POST, "/broadcasts", Some(&wrong)).await;
        let fields: Vec<_> = problem["errors"].as_array().expect("errors").iter().map(|one| one["field"].clone()).collect();
        assert_eq!((status, fields), (StatusCode::UNPROCESSABLE_ENTITY, vec![json!("text"), json!("minutes"), json!("queue")]));

        let skills = json!([{ "skill": "support", "level": 10 }]);
        let admin = centre.sign_in("admin").await;
        let mut elsewhere = admin.get("/queues/support").await;
        for (field, value) in [("id", json!("elsewhere")), ("name", json!("Elsewhere")), ("skills", skills)] {
            elsewhere[field] = value;
        }
        elsewhere.as_object_mut().expect("an entry").remove("version");
        admin.post("/queues", elsewhere).await;
        let sent = supervisor.post("/broadcasts", json!({"text": "The mail is down.", "queue": "support", "minutes": 5})).await;
        supervisor.post("/broadcasts", json!({"text": "Not for everybody.", "queue": "elsewhere", "minutes": 5})).await;
        let is_news = |message: &ServerMessage| match message {
            ServerMessage::Fact { record, .. } => {
                matches!(&record.event, Event::Directory(event) if event.thing == Thing::Broadcast).then_some(())
            }
            _ => None,
        };
        console.until("news", is_news).await;
        assert_eq!(agent.items("/broadcasts").await, std::slice::from_ref(&sent));
        assert_eq!(supervisor.items("/broadcasts").await.len(), 2);

        let path = format!("/broadcasts/{}", sent["id"].as_str().expect("an id"));
        let (status, _) = supervisor.ask(Method::DELETE, &path, None).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
        assert_eq!(supervisor.ask(Method::DELETE, &path, None).await.0, StatusCode::NOT_FOUND, "it is over");
        assert!(agent.items("/broadcasts").await.is_empty());
        let trail = supervisor.items("/audit?thing=broadcast").await;
        let kinds: Vec<_> =
            trail.iter().map(|record| (record["actor"]["user"].clone(), record["event"]["kind"].clone())).collect();
        let by = json!("supervisor");
        assert_eq!(kinds, [(by.clone(), json!("removed")), (by.clone(), json!("made")), (by, json!("made"))]);
        drop(console);
        assert!(centre.stop().await.success());
    }
}
