//! Every route: who may, what odd requests are told, which headers every answer carries.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::support::node::{Browser, Node};

/// Routes that answer whoever asks.
const PUBLIC: [&str; 5] = ["/healthz", "/readyz", "/api/v1/openapi.json", "/api/v1/web-phone/lines", "post /api/v1/session"];

/// Every operation of the description, as method and path with ids filled in.
async fn operations(browser: &Browser) -> Vec<(Method, String)> {
    let document: Value = browser.get("/api/v1/openapi.json").await.json().await.expect("JSON");
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("operations").keys() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            let mut filled = String::new();
            for part in path.split_inclusive('/') {
                filled.push_str(if part.starts_with('{') { if part.ends_with('/') { "x1/" } else { "x1" } } else { part });
            }
            found.push((method, filled));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_not_signed_in_is_told_so_everywhere_but_at_the_public_doors() {
    let node = Node::start(&[]).await;
    let guest = node.browser();
    let all = operations(&guest).await;
    assert!(all.len() > 60, "the description is there: {}", all.len());
    for (method, path) in all {
        let public =
            PUBLIC.contains(&path.as_str()) || PUBLIC.contains(&format!("{} {path}", method.as_str().to_lowercase()).as_str());
        let status = guest.send(method.clone(), &path, Some(json!({}))).await.status();
        assert_eq!(status == StatusCode::UNAUTHORIZED, !public, "{method} {path}: {status}");
    }
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_may_not_set_the_centre_up_nor_see_who_signs_in() {
    let node = Node::start(&[]).await;
    let ana = node.signed_in("agent1").await;
    for (method, path) in [
        (Method::GET, "/api/v1/users"),
        (Method::GET, "/api/v1/users/admin"),
        (Method::DELETE, "/api/v1/users/agent2"),
        (Method::GET, "/api/v1/tokens"),
        (Method::GET, "/api/v1/events"),
        (Method::GET, "/api/v1/agents/agent2/presence"),
    ] {
        let answer = ana.send(method.clone(), path, None).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{method} {path}");
    }
    let away = json!({"state": "paused", "reason": "lunch"});
    let answer = ana.send(Method::PUT, "/api/v1/agents/agent2/presence", Some(away.clone())).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let password = json!({"password": "a quite long new one"});
    assert_eq!(ana.send(Method::PUT, "/api/v1/users/admin/password", Some(password)).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(ana.get("/api/v1/users/agent1").await.status(), StatusCode::OK, "the own one may be read");
    node.stop().await;
}

/// Whoever may not make a request does not learn how it would have to look.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rights_are_asked_for_before_a_request_is_read() {
    let node = Node::start(&[]).await;
    let mut program = node.signed_in("admin").await;
    let wanted = json!({"user": "admin", "name": "names", "scopes": ["see_directory"], "expires_at": null});
    let made: Value = program.send(Method::POST, "/api/v1/tokens", Some(wanted)).await.json().await.expect("JSON");
    (program.cookie, program.token) = (None, made["secret"].as_str().map(str::to_owned));
    let own = ["/api/v1/session"];
    for (method, path) in operations(&program).await.into_iter().filter(|(_, path)| !own.contains(&path.as_str())) {
        let odd = format!("{path}?limit=many&from=yesterday&after=made-up&sure=perhaps&version=one");
        let answer = program.send(method.clone(), &odd, Some(json!({"id": 7, "version": "one"}))).await;
        let status = answer.status();
        if method == Method::GET {
            let is_read = [StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY].contains(&status);
            assert!(!is_read, "{method} {path}: {status}");
        } else {
            assert_eq!(status, StatusCode::FORBIDDEN, "{method} {path}");
            let problem: Value = answer.json().await.expect("a problem");
            let detail = problem["detail"].as_str().expect("a sentence");
            assert!(detail.contains("scope") || detail.contains("programs"), "{method} {path}: {detail}");
        }
    }
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_requests_are_the_callers_mistake_with_a_field_and_a_mend() {
    let node = Node::start(&[]).await;
    // With a token, which outlives the requests that end sessions.
    let mut admin = node.signed_in("admin").await;
    let every = [
        "see_directory",
        "take_calls",
        "work_tickets",
        "work_customers",
        "import_customers",
        "see_calls",
        "supervise",
        "read_events",
        "administer",
        "manage_users",
    ];
    let wanted = json!({"user": "admin", "name": "odd", "scopes": every, "expires_at": null});
    let made: Value = admin.send(Method::POST, "/api/v1/tokens", Some(wanted)).await.json().await.expect("JSON");
    (admin.cookie, admin.token) = (None, made["secret"].as_str().map(str::to_owned));
    let long = "x".repeat(3_000);
    let bodies = [
        json!({}),
        json!([]),
        json!("text"),
        json!(null),
        json!({"id": 7, "name": [], "role": "king", "version": "one", "state": "dancing"}),
        json!({"id": "Not A Key", "name": long, "version": -1, "state": "paused", "reason": "no such reason"}),
    ];
    for (method, path) in operations(&admin).await {
        for body in &bodies {
            let answer = admin.send(method.clone(), &path, Some(body.clone())).await;
            let status = answer.status();
            assert!(!status.is_server_error(), "{method} {path} {body}: {status} {}", answer.text().await.unwrap_or_default());
            if status.is_client_error() {
                assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json", "{method} {path} {body}");
                let problem: Value = answer.json().await.expect("a problem");
                assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{problem}");
                for error in problem["errors"].as_array().expect("a list") {
                    assert!(error["code"].is_string(), "a console says it in its own language: {error}");
                    assert!(["field", "message", "mend"].iter().all(|key| error[*key] != ""), "{error}");
                }
            }
        }
    }
    for (path, field) in [
        ("/api/v1/customers?limit=0", "limit"),
        ("/api/v1/customers?limit=many", "limit"),
        ("/api/v1/customers?after=made-up", "after"),
        ("/api/v1/calls?after=made-up", "after"),
        ("/api/v1/calls?from=yesterday", "from"),
        ("/api/v1/tickets?after=%00", "after"),
        ("/api/v1/events?after=%ff", "after"),
    ] {
        let answer = admin.get(path).await;
        assert!(answer.status().is_client_error(), "{path}: {}", answer.status());
        let problem: Value = answer.json().await.expect("a problem");
        assert!(problem.to_string().contains(field), "{path}: {problem}");
    }
    let raw = |kind: &'static str, body: &'static str| {
        admin.request(Method::POST, "/api/v1/session").header(header::CONTENT_TYPE, kind).body(body).send()
    };
    assert_eq!(raw("application/json", "{").await.expect("answered").status(), StatusCode::BAD_REQUEST);
    assert_eq!(raw("text/plain", "{}").await.expect("answered").status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let large = json!({"user": "x".repeat(2_000_000), "password": ""});
    // Each on a connection that ends behind the answer: the answer must arrive all the same.
    for _ in 0..50 {
        let answer = admin.send(Method::POST, "/api/v1/session", Some(large.clone())).await;
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
    assert_eq!(admin.send(Method::PATCH, "/api/v1/session", None).await.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(admin.get("/api/v1/nothing").await.status(), StatusCode::NOT_FOUND);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_forbids_foreign_scripts_and_frames() {
    let node = Node::start(&[]).await;
    let guest = node.browser();
    for path in ["/", "/desk", "/call", "/healthz", "/api/v1/session", "/api/v1/nothing"] {
        let answer = guest.get(path).await;
        let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().expect("text").to_owned();
        for part in
            ["default-src 'self'", "script-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"]
        {
            assert!(policy.contains(part), "{path}: {part}");
        }
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff", "{path}");
        assert!(answer.headers()["permissions-policy"].to_str().expect("text").contains("microphone=(self)"), "{path}");
        assert!(!answer.headers().contains_key(header::STRICT_TRANSPORT_SECURITY), "not on plain HTTP");
        if path.starts_with("/api/") {
            assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store", "{path}");
        }
    }
    assert_eq!(guest.get("/api/v1/openapi.json").await.text().await.expect("text"), centralita::server::openapi_json());
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_for_prometheus_are_on_their_own_port_only() {
    let node = Node::start(&[]).await;
    let guest = node.browser();
    assert_ne!(guest.get("/metrics").await.headers().get(header::CONTENT_TYPE).map(|kind| kind.as_bytes().len()), Some(60));
    let metrics = node.addresses().metrics.expect("a listener");
    let text = reqwest::get(format!("http://{metrics}/metrics")).await.expect("answered").text().await.expect("text");
    for figure in [
        "centralita_calls{state=\"talking\"} 0",
        "centralita_agents{state=\"offline\"}",
        "centralita_queue_waiting{queue=\"support\"} 0",
        "centralita_legs",
        "centralita_media_packets_total{fate=\"lost\"} 0",
        "centralita_journal_pending",
        "centralita_timers",
        "centralita_http_requests_total{method=\"GET\"",
    ] {
        assert!(text.contains(figure), "{figure} in\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
    node.stop().await;
}
