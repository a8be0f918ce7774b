//! The consoles' socket: greeting, commands, what each role hears, and every way it ends.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::node::Node;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_is_greeted_with_what_its_agent_may_see() {
    let node = Node::start(&[]).await;
    assert_eq!(node.browser().socket("/ws/console").await.err(), Some(StatusCode::UNAUTHORIZED));
    let ana = node.signed_in("agent1").await;
    let (mut console, hello) = ana.console().await;
    assert_eq!((&hello["user"], &hello["is_sample"], &hello["calls"]), (&json!("agent1"), &json!(true), &json!([])));
    assert_eq!(hello["agent"]["presence"], json!({"state": "offline"}));
    assert_eq!(hello["agent"]["has_console"], json!(true));
    let colleagues: Vec<&str> =
        hello["colleagues"].as_array().expect("colleagues").iter().filter_map(|agent| agent["id"].as_str()).collect();
    assert!(colleagues.contains(&"agent2") && !colleagues.contains(&"agent1"), "{colleagues:?}");
    console.send(json!({"t": "ping", "sent_at": "2026-01-01T00:00:00.000Z"})).await;
    assert_eq!(console.next("pong").await["asked_at"], "2026-01-01T00:00:00.000Z");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_is_done_once_however_often_it_is_sent() {
    let node = Node::start(&[]).await;
    let ana = node.signed_in("agent1").await;
    let (mut console, _) = ana.console().await;
    let pause = json!({"do": "set_presence", "wanted": {"state": "paused", "reason": "lunch"}});
    assert_eq!(console.command("a", pause.clone()).await, Value::Null);
    let own = ana.get("/api/v1/agents/agent1/presence").await.json::<Value>().await.expect("JSON");
    assert_eq!(own["presence"], json!({"state": "paused", "reason": "lunch"}));
    let version = own["version"].clone();
    assert_eq!(console.command("a", pause).await, Value::Null, "the same answer");
    let own = ana.get("/api/v1/agents/agent1/presence").await.json::<Value>().await.expect("JSON");
    assert_eq!(own["version"], version, "and nothing done");

    let nothing = json!({"do": "answer", "call": "01ARZ3NDEKTSV4RRFFQ69G5FAV"});
    assert_eq!(console.command("b", nothing).await["refusal"], "call_over");
    let problem = console.command("c", json!({"do": "explode"})).await;
    assert!(problem["message"].as_str().is_some_and(|text| text.contains("not understood")), "{problem}");
    let notes = json!({"do": "save_notes", "call": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "notes": "mine?"});
    assert_eq!(console.command("d", notes).await["refusal"], "not_your_call");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisor_watches_the_board_and_an_agent_may_not() {
    let node = Node::start(&[]).await;
    let (mut agent, _) = node.signed_in("agent1").await.console().await;
    let (mut supervisor, _) = node.signed_in("supervisor").await.console().await;
    supervisor.send(json!({"t": "watch", "board": true})).await;
    let board = supervisor.next("board").await["board"].clone();
    let queues: Vec<&str> =
        board["queues"].as_array().expect("queues").iter().filter_map(|q| q["live"]["id"].as_str()).collect();
    assert!(queues.contains(&"support") && queues.contains(&"sales"), "{queues:?}");

    let pause = json!({"do": "set_presence", "wanted": {"state": "paused", "reason": "lunch"}});
    assert_eq!(agent.command("1", pause).await, Value::Null);
    let state_on = |message: &Value| {
        let agents = message["board"]["agents"].as_array()?;
        agents.iter().find(|agent| agent["id"] == "agent1").map(|agent| agent["presence"]["state"].clone())
    };
    supervisor.until("the board shows it", |message| state_on(message) == Some(json!("paused"))).await;

    let other = json!({"do": "set_agent_presence", "agent": "agent2", "wanted": {"state": "offline"}});
    let problem = agent.command("2", other).await;
    assert!(problem["message"].as_str().is_some_and(|text| text.contains("supervise")), "{problem}");
    agent.send(json!({"t": "watch", "board": true})).await;
    assert_eq!(agent.closed().await, 1008, "no console of ours asks for what its user may not see");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facts_follow_after_they_are_stored_and_a_cursor_brings_those_missed() {
    let node = Node::start(&[]).await;
    let supervisor = node.signed_in("supervisor").await;
    let (mut console, hello) = supervisor.console().await;
    let start = hello["cursor"].as_str().expect("a cursor").to_owned();
    let ana = node.signed_in("agent1").await;
    let (mut agent, _) = ana.console().await;
    let pause = json!({"do": "set_presence", "wanted": {"state": "paused", "reason": "lunch"}});
    assert_eq!(agent.command("1", pause).await, Value::Null);
    let is_change = |message: &Value| message["t"] == "fact" && message["record"]["event"]["kind"] == "presence_changed";
    let fact = console.until("the fact", is_change).await;
    assert_eq!(fact["record"]["actor"], json!({"by": "user", "user": "agent1"}));
    let own = agent.until("the own fact", is_change).await;
    assert_eq!(own["record"]["seq"], fact["record"]["seq"]);

    // Another window of the supervisor, who was away meanwhile.
    let mut later = supervisor.socket("/ws/console").await.expect("a socket");
    later.send(json!({"t": "hello", "resume": start})).await;
    assert_eq!(later.next("hello").await["cursor"], json!(start));
    let missed = later.until("the fact missed", is_change).await;
    assert_eq!((&missed["record"], &missed["cursor"]), (&fact["record"], &fact["cursor"]));
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_of_before_a_restore_begins_anew_in_a_console_and_is_refused_to_a_program() {
    /// `@7,node1:1`: the first event of another life of the journal.
    const OF_BEFORE: &str = "QDcsbm9kZTE6MQ";
    let node = Node::start(&[]).await;
    let supervisor = node.signed_in("supervisor").await;
    let mut console = supervisor.socket("/ws/console").await.expect("a socket");
    console.send(json!({"t": "hello", "resume": OF_BEFORE})).await;
    let end = console.next("hello").await["cursor"].as_str().expect("a cursor").to_owned();
    assert_ne!(end, OF_BEFORE);
    let behind = |cursor: &str| format!("/api/v1/events?after={cursor}");
    assert_eq!(supervisor.get(&behind(OF_BEFORE)).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(supervisor.get(&behind(&end)).await.status(), StatusCode::OK);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newer_console_of_an_agent_replaces_the_older() {
    let node = Node::start(&[]).await;
    let ana = node.signed_in("agent1").await;
    let (mut first, _) = ana.console().await;
    let (mut second, hello) = ana.console().await;
    assert_eq!(hello["agent"]["has_console"], json!(true));
    assert_eq!(first.next("notice").await["key"], "session_replaced");
    assert_eq!(first.closed().await, 4409);
    second.send(json!({"t": "ping", "sent_at": "2026-01-01T00:00:00.000Z"})).await;
    second.next("pong").await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_ends_with_its_session_its_role_and_its_server() {
    let node = Node::start(&[]).await;
    let ana = node.signed_in("agent1").await;
    let (mut console, _) = ana.console().await;
    assert_eq!(ana.send(Method::DELETE, "/api/v1/session", None).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(console.closed().await, 4401, "signed out");

    let (mut supervisor, _) = node.signed_in("supervisor").await.console().await;
    let admin = node.signed_in("admin").await;
    let user: Value = admin.get("/api/v1/users/supervisor").await.json().await.expect("JSON");
    let change = json!({
        "version": user["version"], "name": user["name"], "role": "agent", "language": user["language"], "is_active": true,
    });
    let answer = admin.send(Method::PUT, "/api/v1/users/supervisor", Some(change)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(supervisor.closed().await, 4401, "another role");

    let (mut last, _) = admin.console().await;
    let stopping = tokio::spawn(node.stop());
    assert_eq!(last.closed().await, 1001, "the server goes");
    tokio::time::timeout(Duration::from_secs(20), stopping).await.expect("in time").expect("stopped");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_console_of_ours_is_let_go() {
    let node = Node::start(&[]).await;
    let ana = node.signed_in("agent2").await;
    let mut early = ana.socket("/ws/console").await.expect("a socket");
    early.send(json!({"t": "watch", "board": false})).await;
    assert_eq!(early.closed().await, 1008, "hello comes first");
    let (mut noise, _) = ana.console().await;
    noise.send_text("not JSON".into()).await;
    assert_eq!(noise.closed().await, 1008);
    let (mut flood, _) = ana.console().await;
    for _ in 0..1_000 {
        flood.send(json!({"t": "ping", "sent_at": "2026-01-01T00:00:00.000Z"})).await;
    }
    // The goodbye may be lost among what was still being sent.
    assert!([1006, 1008].contains(&flood.closed().await), "too many messages");
    let (mut large, _) = ana.console().await;
    large.send_text(format!("\"{}\"", "x".repeat(300_000))).await;
    large.closed().await;
    let (_console, hello) = ana.console().await;
    assert_eq!(hello["user"], "agent2", "and the next one comes in");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_web_phone_dials_only_what_is_listed_and_only_so_often() {
    let node = Node::start(&["web_phone.calls_per_minute=2", "web_phone.origins=https://shop.example"]).await;
    let mut visitor = node.browser();
    let lines: Value = visitor.get("/api/v1/web-phone/lines").await.json().await.expect("JSON");
    assert!(lines["is_on"] == true && lines["lines"].as_array().is_some_and(|lines| !lines.is_empty()), "{lines}");
    let call = |number: &str| json!({"t": "call", "number": number, "sdp": "v=0", "language": "es"});

    let mut phone = visitor.socket("/ws/call").await.expect("a socket");
    phone.send(call("no such line")).await;
    assert_eq!(phone.next("refused").await["reason"], "web_phone_off");
    visitor.origin = Some("https://shop.example".into());
    let mut phone = visitor.socket("/ws/call").await.expect("an allowed page");
    phone.send(call("no such line")).await;
    phone.next("refused").await;
    let mut phone = visitor.socket("/ws/call").await.expect("a socket");
    phone.send(call("no such line")).await;
    assert_eq!(phone.next("refused").await["reason"], "rate_limited");
    for foreign in [Some("https://evil.example".to_owned()), None] {
        visitor.origin = foreign;
        assert_eq!(visitor.socket("/ws/call").await.err(), Some(StatusCode::FORBIDDEN));
    }
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telephones_socket_speaks_sip_from_our_pages_proves_itself_and_is_one_of_few() {
    let node = Node::start(&["sip.connections_per_source_max=2"]).await;
    let mut page = node.browser();
    for other in [None, Some("chat")] {
        assert_eq!(page.socket_speaking("/ws/sip", other).await.err(), Some(StatusCode::BAD_REQUEST), "{other:?}");
    }
    let own = page.origin.replace("https://evil.example".into());
    assert_eq!(page.socket_speaking("/ws/sip", Some("sip")).await.err(), Some(StatusCode::FORBIDDEN));
    page.origin = own;

    let mut phone = page.socket_speaking("/ws/sip", Some("sip")).await.expect("a telephone's socket");
    // RFC 7118 5.1: a browser has no address of its own, and says so.
    let register = "REGISTER sip:centre.example SIP/2.0\r\nVia: SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bKws1\r\n\
                    From: <sip:101@centre.example>;tag=ws\r\nTo: <sip:101@centre.example>\r\nCall-ID: ws@df7jal23ls0d.invalid\r\n\
                    CSeq: 1 REGISTER\r\nContact: <sip:101@df7jal23ls0d.invalid;transport=ws>\r\nMax-Forwards: 70\r\n\
                    Content-Length: 0\r\n\r\n";
    phone.send_text(register.into()).await;
    let answer = phone.next_text("a challenge").await;
    assert!(answer.starts_with("SIP/2.0 401 ") && answer.contains("WWW-Authenticate: Digest "), "{answer}");

    let _second = page.socket_speaking("/ws/sip", Some("sip")).await.expect("a second one");
    assert_eq!(page.socket_speaking("/ws/sip", Some("sip")).await.err(), Some(StatusCode::SERVICE_UNAVAILABLE));
    node.stop().await;
}
