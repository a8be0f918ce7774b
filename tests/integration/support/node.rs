//! A whole node with the sample centre in a folder of its own, on ports that the system chooses; browsers and programs at its
//! doors.

use std::time::Duration;

use centralita::{
    app::sample_centre::{self, Desks, SampleAccounts},
    cli::Failure,
    config::{Config, Sources},
    server::{self, Ground},
    types::IpFamily,
};
use futures_util::{SinkExt, StreamExt};
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, protocol::frame::coding::CloseCode},
};

/// Nothing takes longer than this, even on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running node.
pub struct Node {
    node: server::Node,
    accounts: SampleAccounts,
    pub origin: String,
    _folder: tempfile::TempDir,
}

impl Node {
    /// With these further settings, as on the command line.
    pub async fn start(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut arguments: Vec<String> = [
            "http.listen=127.0.0.1:0",
            "http.https_listen=127.0.0.1:0",
            "sip.listen=127.0.0.1:0",
            "media.bind=127.0.0.1",
            "media.browser_port=0",
            "media.threads=3",
            "media.fill_percent=0",
            "metrics.listen=127.0.0.1:0",
            "shutdown.drain=1s",
        ]
        .map(String::from)
        .into();
        arguments.extend(settings.iter().map(ToString::to_string));
        let config: Config = centralita::config::load(&Sources { arguments, ..Sources::default() }).expect("good settings");
        let ground = Ground::open(&config, folder.path()).await.map_err(said).expect("a ground");
        let Ground { users, directory, customers, tickets, clock, .. } = &ground;
        let desks = Desks { users, directory, customers, tickets };
        let accounts = sample_centre::set_up(desks, folder.path(), clock.now().wall).await.expect("the sample centre");
        let node = server::start(config, ground).await.map_err(said).expect("a node");
        let origin = format!("http://{}", node.addresses().http.expect("plain HTTP"));
        Self { node, accounts: accounts.expect("accounts"), origin, _folder: folder }
    }

    pub fn addresses(&self) -> &server::Addresses {
        self.node.addresses()
    }

    /// Where it takes SIP.
    pub fn sip(&self) -> std::net::SocketAddr {
        *self.addresses().sip.of(IpFamily::V4)
    }

    pub fn password(&self, user: &str) -> &str {
        &self.accounts.users.iter().find(|account| account.user == user).expect("a sample account").password
    }

    /// Someone at a browser, not yet signed in.
    pub fn browser(&self) -> Browser {
        let http = reqwest::Client::builder().timeout(PATIENCE).build().expect("a client");
        Browser { http, base: self.origin.clone(), origin: Some(self.origin.clone()), cookie: None, token: None }
    }

    /// Someone at a browser, signed in.
    pub async fn signed_in(&self, user: &str) -> Browser {
        let mut browser = self.browser();
        let answer = browser.sign_in(user, self.password(user)).await;
        assert_eq!(answer.status(), StatusCode::OK, "{user} comes in");
        browser
    }

    pub async fn stop(self) {
        self.node.stop().await;
    }
}

fn said(failure: Failure) -> String {
    format!("{failure:?}")
}

/// A browser: one origin, one cookie.
#[derive(Clone)]
pub struct Browser {
    http: reqwest::Client,
    base: String,
    pub origin: Option<String>,
    pub cookie: Option<String>,
    pub token: Option<String>,
}

impl Browser {
    pub async fn sign_in(&mut self, user: &str, password: &str) -> Response {
        let answer = self.send(Method::POST, "/api/v1/session", Some(json!({"user": user, "password": password}))).await;
        if let Some(cookie) = answer.headers().get_all(header::SET_COOKIE).iter().find_map(|value| {
            let text = value.to_str().ok()?;
            text.starts_with("__Host-session=").then(|| text.split(';').next().unwrap_or_default().to_owned())
        }) {
            self.cookie = Some(cookie);
        }
        answer
    }

    pub async fn get(&self, path: &str) -> Response {
        self.send(Method::GET, path, None).await
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let request = self.request(method, path);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        request.send().await.expect("an answer")
    }

    /// With what this browser adds to every request.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        if let (Some(origin), false) = (&self.origin, method == Method::GET) {
            request = request.header(header::ORIGIN, origin);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        request
    }

    /// Opens a socket as a page of this browser's origin would.
    pub async fn socket(&self, path: &str) -> Result<Socket, StatusCode> {
        self.socket_speaking(path, None).await
    }

    /// A socket for which a subprotocol is asked.
    pub async fn socket_speaking(&self, path: &str, subprotocol: Option<&str>) -> Result<Socket, StatusCode> {
        let mut request = format!("{}{path}", self.base.replace("http://", "ws://")).into_client_request().expect("a request");
        let mut put = |name: header::HeaderName, value: &Option<String>| {
            if let Some(value) = value {
                request.headers_mut().insert(name, value.parse().expect("a header"));
            }
        };
        put(header::ORIGIN, &self.origin);
        put(header::COOKIE, &self.cookie);
        put(header::SEC_WEBSOCKET_PROTOCOL, &subprotocol.map(str::to_owned));
        match connect_async(request).await {
            Ok((stream, _)) => Ok(Socket { stream, n: 0 }),
            Err(Error::Http(answer)) => Err(StatusCode::from_u16(answer.status().as_u16()).expect("a status")),
            Err(other) => panic!("no socket: {other}"),
        }
    }

    /// A console that has been greeted, and its greeting.
    pub async fn console(&self) -> (Socket, Value) {
        let mut socket = self.socket("/ws/console").await.expect("a socket");
        socket.send(json!({"t": "hello", "resume": null})).await;
        let hello = socket.next("hello").await;
        (socket, hello)
    }
}

/// A socket that counts what it hears.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    n: u64,
}

impl Socket {
    pub async fn send(&mut self, message: Value) {
        self.send_text(message.to_string()).await;
    }

    pub async fn send_text(&mut self, text: String) {
        // A socket that the server has just closed is a story's business when it listens.
        let _ = self.stream.send(Message::Text(text.into())).await;
    }

    /// The next message of this kind; others are passed over, none may be missing.
    pub async fn next(&mut self, kind: &str) -> Value {
        self.until(kind, |message| message["t"] == kind).await
    }

    /// The next message for which this holds.
    pub async fn until(&mut self, what: &str, mut holds: impl FnMut(&Value) -> bool) -> Value {
        loop {
            match self.hear(what).await {
                Ok(message) if holds(&message) => return message,
                Ok(_) => {}
                Err(code) => panic!("closed with {code} while waiting for {what}"),
            }
        }
    }

    /// The answer to a command.
    pub async fn command(&mut self, id: &str, command: Value) -> Value {
        self.send(json!({"t": "command", "id": id, "command": command})).await;
        self.until("a result", |message| message["t"] == "result" && message["id"] == id).await["problem"].clone()
    }

    /// The code with which the server closes; what it says before is passed over.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.hear("the end").await {
                return code;
            }
        }
    }

    /// The next text, whatever it says.
    pub async fn next_text(&mut self, what: &str) -> String {
        loop {
            match tokio::time::timeout(PATIENCE, self.stream.next()).await {
                Ok(Some(Ok(Message::Text(text)))) => return text.to_string(),
                Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
                other => panic!("no text, {what}: {other:?}"),
            }
        }
    }

    async fn hear(&mut self, what: &str) -> Result<Value, u16> {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.stream.next()).await;
            match frame.unwrap_or_else(|_| panic!("not in time: {what}")) {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).expect("JSON");
                    if let Some(n) = message["n"].as_u64() {
                        self.n += 1;
                        assert_eq!(n, self.n, "gapless");
                    }
                    return Ok(message);
                }
                Some(Ok(Message::Close(frame))) => return Err(frame.map_or(1005, |frame| CloseCode::into(frame.code))),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(1006),
            }
        }
    }
}
