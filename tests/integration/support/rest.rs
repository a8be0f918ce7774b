//! A person or a program at the REST interface.

use reqwest::{Client, Method, StatusCode, header};
use serde_json::{Value, json};

/// Events of a call that have no place among its moves: the look-up of who calls, what is agreed with its legs and the judging of how
/// they sound go on beside it, and on a busy machine a line may be poor for a while.
pub const BESIDE_THE_MOVES: [&str; 5] = ["identified", "leg_agreed", "audio_measured", "audio_poor", "audio_clear"];

/// Someone who is signed in.
pub struct Rest {
    client: Client,
    base: String,
    /// As the socket needs it.
    pub cookie: String,
}

impl Rest {
    /// Signs in; the session's cookie goes with every later request, and so does the Origin that browsers send.
    pub async fn sign_in(base: &str, user: &str, password: &str) -> Self {
        let client = client(base);
        let body = json!({ "user": user, "password": password });
        let request = client.post(format!("{base}/api/v1/session")).json(&body);
        let response = request.send().await.expect("an answer to the sign-in");
        assert_eq!(response.status(), StatusCode::OK, "{user} signs in");
        let cookies = response.headers().get_all(header::SET_COOKIE).iter();
        let cookies = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next().map(str::to_owned));
        let cookie = cookies.collect::<Vec<_>>().join("; ");
        Self { client, base: base.to_owned(), cookie }
    }

    /// Someone who signed in before.
    pub fn with_cookie(base: &str, cookie: &str) -> Self {
        Self { client: client(base), base: base.to_owned(), cookie: cookie.to_owned() }
    }

    /// Nobody.
    pub fn stranger(base: &str) -> Self {
        Self { client: client(base), base: base.to_owned(), cookie: String::new() }
    }

    /// Asks; status and body, `null` when there is none.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
        let (status, bytes) = self.try_ask(method, path, body).await.unwrap_or_else(|error| panic!("{path}: {error}"));
        let answer = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("an answer in JSON") };
        (status, answer)
    }

    /// Asks a server that may not be there.
    pub async fn try_ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Vec<u8>), reqwest::Error> {
        let mut request = self.client.request(method, format!("{}/api/v1{path}", self.base));
        if !self.cookie.is_empty() {
            request = request.header(header::COOKIE, &self.cookie);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        Ok((response.status(), response.bytes().await?.to_vec()))
    }

    /// Asks for a file or, with a `Range`, for a piece of it: status, headers, octets.
    pub async fn file(&self, path: &str, range: Option<&str>) -> (StatusCode, header::HeaderMap, Vec<u8>) {
        let mut request = self.client.get(format!("{}/api/v1{path}", self.base)).header(header::COOKIE, &self.cookie);
        if let Some(range) = range {
            request = request.header(header::RANGE, range);
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("{path}: {error}"));
        let (status, headers) = (response.status(), response.headers().clone());
        (status, headers, response.bytes().await.unwrap_or_else(|error| panic!("{path}: {error}")).to_vec())
    }

    /// What is there.
    pub async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.ask(Method::GET, path, None).await;
        assert!(status.is_success(), "GET {path}: {status} {answer}");
        answer
    }

    /// The items of a list's first page.
    pub async fn items(&self, path: &str) -> Vec<Value> {
        self.get(path).await["items"].as_array().unwrap_or_else(|| panic!("{path} has no items")).clone()
    }

    /// Makes something.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(Method::POST, path, Some(&body)).await;
        assert!(status.is_success(), "POST {path} {body}: {status} {answer}");
        answer
    }

    /// Saves something.
    pub async fn put(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(Method::PUT, path, Some(&body)).await;
        assert!(status.is_success(), "PUT {path} {body}: {status} {answer}");
        answer
    }

    /// Changes something that is there.
    pub async fn change(&self, path: &str, change: impl FnOnce(&mut Value)) {
        let mut value = self.get(path).await;
        change(&mut value);
        self.put(path, value).await;
    }

    /// Every event so far, oldest first.
    pub async fn events(&self) -> Vec<Value> {
        let mut all = Vec::new();
        let mut path = "/events?limit=200".to_owned();
        loop {
            let page = self.get(&path).await;
            let items = page["items"].as_array().expect("items").clone();
            let is_last = items.is_empty();
            all.extend(items);
            match page["next"].as_str() {
                Some(next) if !is_last => path = format!("/events?limit=200&after={next}"),
                _ => return all,
            }
        }
    }
}

fn client(base: &str) -> Client {
    let mut headers = header::HeaderMap::new();
    headers.insert(header::ORIGIN, base.parse().expect("an origin"));
    Client::builder().default_headers(headers).build().expect("an HTTP client")
}
