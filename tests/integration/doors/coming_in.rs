//! Signing in, guessing, other sites' pages, programs.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::support::node::Node;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_signs_in_gets_a_cookie_that_scripts_cannot_read_and_leaves_with_it() {
    let node = Node::start(&[]).await;
    let mut ana = node.browser();
    assert_eq!(ana.get("/api/v1/session").await.status(), StatusCode::UNAUTHORIZED);
    let answer = ana.sign_in("agent1", node.password("agent1")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let cookies: Vec<String> =
        answer.headers().get_all(header::SET_COOKIE).iter().map(|value| value.to_str().expect("text").to_owned()).collect();
    let host = cookies.iter().find(|cookie| cookie.starts_with("__Host-session=")).expect("the cookie");
    for part in ["Path=/;", "HttpOnly", "SameSite=Lax", "Secure"] {
        assert!(host.contains(part), "{part} in {host}");
    }
    let session: Value = answer.json().await.expect("JSON");
    assert_eq!((&session["user"], &session["role"], &session["is_sample"]), (&json!("agent1"), &json!("agent"), &json!(true)));
    assert_eq!(session["permissions"], json!(["see_directory", "take_calls", "work_tickets", "work_customers"]));

    assert_eq!(ana.get("/api/v1/session").await.status(), StatusCode::OK);
    assert_eq!(ana.send(Method::DELETE, "/api/v1/session", None).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(ana.get("/api/v1/session").await.status(), StatusCode::UNAUTHORIZED, "the cookie is void");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_is_slowed_down_and_never_told_whether_the_user_exists() {
    let node = Node::start(&["http.sign_in_failures_per_minute=3"]).await;
    let mut guest = node.browser();
    let mut told = Vec::new();
    for (user, password) in [("agent1", "guess"), ("nobody", "guess")] {
        let answer = guest.sign_in(user, password).await;
        told.push((answer.status(), answer.text().await.expect("text")));
    }
    assert_eq!(told[0].0, StatusCode::UNAUTHORIZED);
    assert_eq!(told[0], told[1], "the same answer");
    for _ in 0..2 {
        assert_eq!(guest.sign_in("agent1", "guess").await.status(), StatusCode::UNAUTHORIZED);
    }
    let answer = guest.sign_in("agent1", node.password("agent1")).await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS, "even the right password waits");
    let wait: u64 = answer.headers()[header::RETRY_AFTER].to_str().expect("text").parse().expect("seconds");
    assert!((1..=20).contains(&wait), "{wait}");
    assert_eq!(guest.sign_in("agent2", node.password("agent2")).await.status(), StatusCode::OK, "others are not harmed");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_asks_without_end_is_told_to_wait_and_others_are_served() {
    let limits = ["http.reads_per_minute=20", "http.writes_per_minute=10", "http.trusted_proxies=127.0.0.0/8"];
    let node = Node::start(&limits).await;
    let guest = node.browser();
    let from = async |address: &str, method: Method| {
        let request = guest.request(method, "/api/v1/web-phone/lines").header("x-forwarded-for", address);
        request.send().await.expect("an answer")
    };
    // Some come back while the story is slow: at least so many are served, and not many more.
    let until_refused = async |method: Method| {
        for served in 0..100 {
            let answer = from("203.0.113.7", method.clone()).await;
            if answer.status() == StatusCode::TOO_MANY_REQUESTS {
                return (served, answer);
            }
        }
        panic!("never refused");
    };
    let (served, answer) = until_refused(Method::GET).await;
    assert!(served >= 20, "{served}");
    let wait: u64 = answer.headers()[header::RETRY_AFTER].to_str().expect("text").parse().expect("seconds");
    assert!((1..=6).contains(&wait), "{wait}");
    assert_eq!(answer.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "it carries what every answer does");
    let problem: Value = answer.json().await.expect("a problem");
    assert_eq!(problem["type"], "/problems/too-many");
    assert_eq!(from("203.0.113.8", Method::GET).await.status(), StatusCode::OK, "another address behind the same proxy");

    let (served, _) = until_refused(Method::POST).await;
    assert!(served >= 10, "writes are counted apart: {served}");
    let probe = guest.request(Method::GET, "/readyz").header("x-forwarded-for", "203.0.113.7").send().await.expect("an answer");
    assert_eq!(probe.status(), StatusCode::OK, "probes and pages are not counted");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_another_site_changes_nothing_with_the_visitors_cookie() {
    let node = Node::start(&["http.origins=https://centre.example"]).await;
    let mut ana = node.signed_in("agent1").await;
    let own = ana.origin.clone();
    for foreign in
        [Some("https://evil.example".to_owned()), Some("null".into()), Some(format!("{}.evil.example", node.origin)), None]
    {
        ana.origin = foreign.clone();
        let answer = ana.send(Method::DELETE, "/api/v1/session", None).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{foreign:?}");
        assert_eq!(ana.socket("/ws/console").await.err(), Some(StatusCode::FORBIDDEN), "{foreign:?}");
    }
    ana.origin = Some("https://evil.example".into());
    assert_eq!(ana.sign_in("agent1", node.password("agent1")).await.status(), StatusCode::FORBIDDEN, "nor signs anyone in");
    ana.origin = Some("https://centre.example".into());
    assert!(ana.socket("/ws/console").await.is_ok(), "the address of the settings is ours");
    ana.origin = own;
    assert_eq!(ana.send(Method::DELETE, "/api/v1/session", None).await.status(), StatusCode::NO_CONTENT);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_does_what_its_token_says_and_no_more() {
    let node = Node::start(&[]).await;
    let admin = node.signed_in("admin").await;
    let wanted = json!({"user": "supervisor", "name": "reports", "scopes": ["see_calls"], "expires_at": null});
    let answer = admin.send(Method::POST, "/api/v1/tokens", Some(wanted)).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let made: Value = answer.json().await.expect("JSON");

    let mut program = node.browser();
    (program.origin, program.token) = (None, made["secret"].as_str().map(str::to_owned));
    assert_eq!(program.get("/api/v1/calls").await.status(), StatusCode::OK);
    assert_eq!(program.get("/api/v1/customers?q=a").await.status(), StatusCode::FORBIDDEN, "not among its scopes");
    assert_eq!(program.get("/api/v1/users").await.status(), StatusCode::FORBIDDEN, "not of its user's role");
    let id = made["token"]["id"].as_str().expect("an id");
    assert_eq!(admin.send(Method::DELETE, &format!("/api/v1/tokens/{id}"), None).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(program.get("/api/v1/calls").await.status(), StatusCode::UNAUTHORIZED);
    node.stop().await;
}
