//! An agent's console with its headset: the socket that the page opens and the browser's audio, in one.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use centralita::{
    console::wire::{ClientMessage, CommandProblem, ConsoleCommand, ServerEnvelope, ServerMessage},
    domain::centre::{AudioState, CallState, CallView, Refusal, WantedPresence},
};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::{browser_peer::BrowserPeer, rest::Rest};

/// Nothing takes longer than this, even on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The console.
pub struct Console {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    commands: u32,
    last_n: u64,
    headset: Headset,
    /// Of the certificate by which the server's audio is encrypted.
    pub fingerprint: String,
    /// Everything told since the last look, oldest first.
    told: Vec<ServerMessage>,
}

/// The browser's audio on a thread of its own.
struct Headset {
    peer: Arc<Mutex<BrowserPeer>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Headset {
    fn put_on(peer: BrowserPeer) -> Self {
        let peer = Arc::new(Mutex::new(peer));
        let is_over = Arc::new(AtomicBool::new(false));
        let (its_peer, its_end) = (peer.clone(), is_over.clone());
        let live = move || {
            while !its_end.load(Ordering::Acquire) {
                its_peer.lock().unwrap_or_else(PoisonError::into_inner).turn();
            }
        };
        Self { peer, is_over, thread: Some(std::thread::spawn(live)) }
    }
}

impl Drop for Headset {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // A headset that broke has failed the story already.
            let _ = thread.join();
        }
    }
}

impl Console {
    /// Opens the console of who is signed in, with a headset that sings `hertz`, and waits until the audio is up.
    pub async fn open(base: &str, rest: &Rest, hertz: f64) -> Self {
        let mut request = format!("{}/ws/console", base.replacen("http", "ws", 1)).into_client_request().expect("an address");
        request.headers_mut().insert("cookie", rest.cookie.parse().expect("a cookie"));
        request.headers_mut().insert("origin", base.parse().expect("an origin"));
        let (socket, _) = connect_async(request).await.expect("a console socket");
        let mut peer = BrowserPeer::new(hertz);
        let sdp = peer.offer();
        let headset = Headset::put_on(peer);
        let mut console = Self { socket, commands: 0, last_n: 0, headset, fingerprint: String::new(), told: Vec::new() };
        console.say(&ClientMessage::Hello { resume: None }).await;
        console.until("hello", |message| matches!(message, ServerMessage::Hello(_)).then_some(())).await;
        console.command(ConsoleCommand::MediaOffer { sdp }).await;
        let answer = console.until("an answer to the offer", media_answer).await;
        console.with_headset(|peer| peer.accept(&answer));
        let fingerprint = answer.lines().find_map(|line| line.strip_prefix("a=fingerprint:"));
        console.fingerprint = fingerprint.expect("a fingerprint").to_owned();
        let is_up =
            |message: &ServerMessage| matches!(message, ServerMessage::MediaState { audio: AudioState::Up }).then_some(());
        console.until("audio", is_up).await;
        console
    }

    /// Takes calls from now on.
    pub async fn become_ready(&mut self) {
        self.command(ConsoleCommand::SetPresence { wanted: WantedPresence::Ready }).await;
    }

    /// Waits for a call that rings, answers it, and waits until both sides hear each other.
    pub async fn answer_next(&mut self) -> CallView {
        let call = self
            .until("a ringing call", |message| call_that(message, |state| matches!(state, CallState::Offered { .. })))
            .await;
        self.command(ConsoleCommand::Answer { call: call.id }).await;
        let is_talking =
            |message: &_| call_that(message, |state| *state == CallState::Talking).filter(|told| told.id == call.id);
        let talking = self.until("a conversation", is_talking).await;
        // It may have been told several times that the call rings: that is over, and no further call.
        let has_rung = |told: &CallView| told.id == talking.id && told.version < talking.version;
        self.told.retain(|message| !call_that(message, |_| true).is_some_and(|told| has_rung(&told)));
        talking
    }

    /// Asks for something that must be granted.
    pub async fn command(&mut self, command: ConsoleCommand) {
        let problem = self.ask(command.clone()).await;
        assert!(problem.is_none(), "{command:?}: {problem:?}");
    }

    /// Asks for something that must not be granted: why.
    pub async fn refused(&mut self, command: ConsoleCommand) -> Option<Refusal> {
        self.ask(command.clone()).await.unwrap_or_else(|| panic!("{command:?} was granted")).refusal
    }

    /// Asks for something: why not, if not.
    pub async fn ask(&mut self, command: ConsoleCommand) -> Option<CommandProblem> {
        self.commands += 1;
        let id = self.commands.to_string();
        self.say(&ClientMessage::Command { id: id.clone(), command }).await;
        let result = |message: &ServerMessage| match message {
            ServerMessage::Result { id: answered, problem } if *answered == id => Some(problem.clone()),
            _ => None,
        };
        self.until("a result", result).await
    }

    /// Takes the first message that is looked for, of those told and those to come; the rest stays.
    pub async fn until<T>(&mut self, what: &str, mut wanted: impl FnMut(&ServerMessage) -> Option<T>) -> T {
        let mut seen = 0;
        loop {
            while seen < self.told.len() {
                if let Some(found) = wanted(&self.told[seen]) {
                    self.told.remove(seen);
                    return found;
                }
                seen += 1;
            }
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await;
            let next = next.unwrap_or_else(|_| panic!("{what} did not come; told {:?}", self.told));
            match next.unwrap_or_else(|| panic!("the socket closed before {what}")).expect("a message") {
                Message::Text(text) => {
                    let envelope: ServerEnvelope = serde_json::from_str(&text).expect("a message of the server");
                    assert_eq!(envelope.n, self.last_n + 1, "the session's numbers have no gap");
                    self.last_n = envelope.n;
                    self.told.push(envelope.message);
                }
                Message::Close(frame) => panic!("the server closed before {what}: {frame:?}"),
                _ => {}
            }
        }
    }

    /// Listens until a second of sound from now on lies at this frequency.
    pub async fn hears(&mut self, hertz: f64, share: f64) {
        self.with_headset(|peer| peer.heard.clear());
        let peer = self.headset.peer.clone();
        let listen = tokio::task::spawn_blocking(move || {
            let mut best = 0.0_f64;
            for _ in 0..3_000 {
                let mut peer = peer.lock().unwrap_or_else(PoisonError::into_inner);
                peer.turn();
                if peer.heard.len() >= 8_000 {
                    best = best.max(peer.share_of(hertz));
                    if best > share {
                        return best;
                    }
                }
            }
            best
        });
        let best = listen.await.expect("a headset that lives");
        assert!(best > share, "heard {best} of {hertz} Hz");
    }

    fn with_headset<T>(&self, act: impl FnOnce(&mut BrowserPeer) -> T) -> T {
        act(&mut self.headset.peer.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn say(&mut self, message: &ClientMessage) {
        let text = serde_json::to_string(message).expect("JSON");
        self.socket.send(Message::text(text)).await.expect("an open socket");
    }
}

fn media_answer(message: &ServerMessage) -> Option<String> {
    match message {
        ServerMessage::MediaAnswer { sdp, problem } => Some(sdp.clone().unwrap_or_else(|| panic!("no audio: {problem:?}"))),
        _ => None,
    }
}

/// The call of a message, if it is in such a state.
pub fn call_that(message: &ServerMessage, is_so: impl Fn(&CallState) -> bool) -> Option<CallView> {
    match message {
        ServerMessage::Call { call } if is_so(&call.state) => Some(call.clone()),
        _ => None,
    }
}
