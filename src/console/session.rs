//! One console socket from its upgrade to its end. First `hello` with everything that this user may see, then changes in order,
//! each with the session's own number. Slow or silent consoles are disconnected; they come back and start from a new `hello`.

mod commands;
mod facts;
mod greeting;
mod outbox;
mod pulse;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension,
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::StatusCode,
    response::Response,
};
use futures_util::{FutureExt, StreamExt};
use tokio::sync::{broadcast::error::RecvError, mpsc, watch};

use self::{
    commands::{Answers, Worker},
    outbox::{Outbox, TooSlow},
    pulse::{Due, Pulse},
};
use super::{
    ConsoleState,
    command::{self, Asked},
    pops::customers_of,
    redact::Eyes,
    refuse, stopped,
    wire::{Board, ClientMessage, CommandProblem, ConsoleCommand, ServerMessage},
};
use crate::{
    app::{
        Cursor,
        actor::{Actor, Permission},
        client::{Client, SessionToken},
        switch_handle::{Input, LiveUpdate},
    },
    domain::{
        centre::CallView,
        customer::CustomerSnapshot,
        event::{Event, EventRecord},
    },
    types::{CallId, CustomerId, Mono, SessionId, Timestamp},
};

/// A message of a console holds at most an SDP or notes of 10,000 characters.
const MESSAGE_BYTES_MAX: usize = 128 * 1024;
/// Most messages of a console are far smaller; the library's own 128 KiB would be most of what a console costs.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// The first message must come within this time.
const HELLO_MS_MAX: u64 = 10_000;
/// A page reload is back within this time; only then is the agent's console gone.
const GRACE_MS: u64 = 6_000;
/// Messages that one console may send per second, and at once after a pause.
const MESSAGES_PER_SEC: u64 = 40;
const MESSAGES_BURST: u64 = 160;
/// The session is looked at again this often, besides at every event about the user.
const RECHECK_MS: u64 = 60_000;
/// Results that may wait for the session.
const HAPPENED_MAX: usize = 256;

/// Why a session ends, as the close code says: 1001 the server stops, 1008 a message that no console of ours sends, 1013 too slow
/// or no room, 4401 signed out or another role, 4408 silent, 4409 replaced by a newer session of the same agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Closed,
    ServerStops,
    NotOurs,
    TooSlow,
    SignedOut,
    Silent,
    Replaced,
}

impl End {
    fn code(self) -> u16 {
        match self {
            Self::Closed => 1000,
            Self::ServerStops => 1001,
            Self::NotOurs => 1008,
            Self::TooSlow => 1013,
            Self::SignedOut => 4401,
            Self::Silent => 4408,
            Self::Replaced => 4409,
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::ServerStops => "server_stops",
            Self::NotOurs => "not_understood",
            Self::TooSlow => "too_slow",
            Self::SignedOut => "signed_out",
            Self::Silent => "silent",
            Self::Replaced => "session_replaced",
        }
    }
}

impl From<TooSlow> for End {
    fn from(_: TooSlow) -> Self {
        Self::TooSlow
    }
}

/// `GET /ws/console`: for the holder of a session, from a page of ours only.
pub async fn upgrade(
    State(state): State<ConsoleState>,
    Extension(client): Extension<Client>,
    ws: WebSocketUpgrade,
) -> Response {
    if let Err(foreign) = client.require_exact_origin(&[]) {
        return refuse(StatusCode::FORBIDDEN, "forbidden", &foreign.to_string());
    }
    let Some(token) = client.session else { return not_signed_in() };
    match state.access.of_session(&token).await {
        Ok(Some((actor, _))) => {
            let ws =
                ws.max_message_size(MESSAGE_BYTES_MAX).max_frame_size(MESSAGE_BYTES_MAX).read_buffer_size(READ_BUFFER_BYTES);
            ws.on_upgrade(move |socket| run(state, socket, token, actor))
        }
        Ok(None) => not_signed_in(),
        Err(fault) => {
            tracing::warn!(%fault, "a console cannot be let in");
            refuse(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The session cannot be checked at the moment; try again.")
        }
    }
}

fn not_signed_in() -> Response {
    refuse(StatusCode::UNAUTHORIZED, "not-signed-in", "Sign in with POST /api/v1/session first.")
}

/// Something that came back from a task of the session.
enum Happened {
    Done { id: String, problem: Option<CommandProblem> },
    Records { call: CallId, customers: Vec<CustomerId>, records: Arc<Vec<CustomerSnapshot>>, arrived_at: Timestamp },
}

struct Session {
    state: ConsoleState,
    id: SessionId,
    token: SessionToken,
    eyes: Eyes,
    is_agent: bool,
    outbox: Outbox,
    cursor: Cursor,
    answers: Answers,
    worker: Worker,
    happened: mpsc::Sender<Happened>,
    /// What was painted for each own call.
    painted: BTreeMap<CallId, Vec<CustomerId>>,
    board: Option<watch::Receiver<Option<Arc<Board>>>>,
    pulse: Pulse,
    /// Messages allowed now, in thousandths, and when that was worked out.
    allowance: (u64, Mono),
}

async fn run(state: ConsoleState, socket: WebSocket, token: SessionToken, actor: Actor) {
    let id = state.mint_session();
    let (sink, mut frames) = socket.split();
    let now = state.clock.now();
    let outbox = Outbox::start(sink, state.clock.clone());
    let room = state.clone();
    let Some(_place) = room.sockets.place() else {
        return outbox.close(End::TooSlow.code(), "no_room").await;
    };
    let (happened, mut happenings) = mpsc::channel(HAPPENED_MAX);
    let worker = Worker::start(state.clone(), actor.clone(), happened.clone());
    let mut session = Session {
        eyes: Eyes::new(actor, id),
        is_agent: false,
        state,
        id,
        token,
        outbox,
        cursor: Cursor::default(),
        answers: Answers::default(),
        worker,
        happened,
        painted: BTreeMap::new(),
        board: None,
        pulse: Pulse::begin(now.mono),
        allowance: (MESSAGES_BURST * 1_000, now.mono),
    };
    let end = session.live(&mut frames, &mut happenings).await.err().unwrap_or(End::Closed);
    tracing::debug!(session = %session.id, user = %session.eyes.actor().user, reason = end.reason(), "console socket ends");
    session.leave(end).await;
}

type Frames = futures_util::stream::SplitStream<WebSocket>;

impl Session {
    /// Everything between the upgrade and the end. Never returns `Ok`: the error says why it ended.
    async fn live(&mut self, frames: &mut Frames, happenings: &mut mpsc::Receiver<Happened>) -> Result<(), End> {
        let resume = self.first_message(frames).await?;
        let mut evicted = self.join().await;
        // Subscribed before the snapshot: what changes in between is told twice rather than not at all.
        let mut live = self.state.switch.subscribe();
        let mut facts = self.state.desk.facts();
        self.greet(resume.as_deref()).await?;
        let mut stopping = self.state.stopping.clone();
        let clock = self.state.clock.clone();
        let mut recheck_at = clock.now().mono + RECHECK_MS;
        loop {
            let wake_at = self.pulse.next_wakeup().min(recheck_at);
            tokio::select! {
                frame = frames.next() => self.frame(frame).await?,
                update = live.recv() => match update {
                    Ok(update) => self.update(&update)?,
                    // Too far behind: everything anew.
                    Err(RecvError::Lagged(_)) => self.greet(None).await?,
                    Err(RecvError::Closed) => return Err(End::ServerStops),
                },
                record = facts.recv() => match record {
                    Ok(record) => self.fact(&record).await?,
                    Err(RecvError::Lagged(_)) => self.catch_up().await?,
                    Err(RecvError::Closed) => return Err(End::ServerStops),
                },
                Some(happened) = happenings.recv() => self.happened(happened)?,
                board = next_board(&mut self.board) => self.outbox.send(ServerMessage::Board { board: Board::clone(&board) })?,
                _ = &mut evicted => {
                    self.outbox.send(ServerMessage::Notice { key: End::Replaced.reason().into(), ticket: None })?;
                    return Err(End::Replaced);
                }
                () = stopped(&mut stopping) => return Err(End::ServerStops),
                () = clock.sleep_until(wake_at) => {
                    let now = clock.now().mono;
                    match self.pulse.timeout(now) {
                        Some(Due::Silent) => return Err(End::Silent),
                        Some(Due::Ping) => self.outbox.ping()?,
                        None => {}
                    }
                    if now >= recheck_at {
                        recheck_at = now + RECHECK_MS;
                        self.recheck().await?;
                    }
                }
            }
        }
    }

    /// The first message is `hello`, soon.
    async fn first_message(&mut self, frames: &mut Frames) -> Result<Option<String>, End> {
        let clock = self.state.clock.clone();
        let deadline = clock.now().mono + HELLO_MS_MAX;
        tokio::select! {
            frame = frames.next() => match frame {
                Some(Ok(Message::Text(text))) => match serde_json::from_str(&text) {
                    Ok(ClientMessage::Hello { resume }) => Ok(resume),
                    _ => Err(End::NotOurs),
                },
                Some(Ok(Message::Close(_)) | Err(_)) | None => Err(End::Closed),
                Some(Ok(_)) => Err(End::NotOurs),
            },
            () = clock.sleep_until(deadline) => Err(End::Silent),
        }
    }

    /// An agent's newest socket evicts the older and makes the agent reachable. Others never get evicted.
    async fn join(&mut self) -> Evicted {
        let directory = self.state.directory.borrow().clone();
        let agent = self.eyes.agent().clone();
        self.is_agent = directory.agents.get(&agent).is_some_and(|profile| profile.is_active)
            && self.eyes.actor().may(Permission::TakeCalls);
        if !self.is_agent {
            return Evicted(None);
        }
        let evicted = self.state.sockets.join(agent.clone(), self.id);
        self.state.switch.input(Input::ConsoleSession { agent, session: self.id, is_up: true }).await;
        Evicted(Some(evicted))
    }

    async fn frame(&mut self, frame: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        let text = match frame {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                self.pulse.heard(self.state.clock.now().mono);
                return Ok(());
            }
            Some(Ok(Message::Binary(_))) => return Err(End::NotOurs),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(End::Closed),
        };
        let now = self.state.clock.now().mono;
        self.pulse.heard(now);
        self.spend_allowance(now)?;
        match serde_json::from_str(&text) {
            Ok(ClientMessage::Hello { resume }) => self.greet(resume.as_deref()).await,
            Ok(ClientMessage::Command { id, command }) => self.command(id, command),
            Ok(ClientMessage::Watch { board }) => self.watch(board),
            Ok(ClientMessage::Ping { sent_at }) => Ok(self.outbox.send(ServerMessage::Pong { asked_at: sent_at })?),
            Err(error) => {
                // A command that cannot be read is answered; anything else is no console of ours.
                let value: serde_json::Value = serde_json::from_str(&text).map_err(|_| End::NotOurs)?;
                let id = value.get("id").and_then(|id| id.as_str()).ok_or(End::NotOurs)?;
                let problem = Some(CommandProblem::other(format!("not understood: {error}")));
                Ok(self
                    .outbox
                    .send(ServerMessage::Result { id: id.chars().take(commands::ID_CHARS_MAX).collect(), problem })?)
            }
        }
    }

    /// A bucket of messages that refills evenly.
    fn spend_allowance(&mut self, now: Mono) -> Result<(), End> {
        let (left, at) = self.allowance;
        let gained = now.millis_since(at).saturating_mul(MESSAGES_PER_SEC);
        let left = left.saturating_add(gained).min(MESSAGES_BURST * 1_000);
        self.allowance = (left.checked_sub(1_000).ok_or(End::NotOurs)?, now);
        Ok(())
    }

    fn watch(&mut self, board: bool) -> Result<(), End> {
        if board && !self.eyes.actor().may(Permission::Supervise) {
            // The page of an agent never asks for it.
            return Err(End::NotOurs);
        }
        self.board = board.then(|| self.state.board.watch());
        Ok(())
    }

    fn command(&mut self, id: String, command: ConsoleCommand) -> Result<(), End> {
        if let Some(answer) = self.answers.begin(&id) {
            // Asked before: the same answer again, or none while it is being carried out.
            if let Some(problem) = answer {
                self.outbox.send(ServerMessage::Result { id, problem })?;
            }
            return Ok(());
        }
        let asked = command::read(self.eyes.actor(), self.id, command).and_then(|asked| match &asked {
            Asked::Notes { call, .. } if !self.eyes.knows(*call) => Err(crate::domain::centre::Refusal::NotYourCall.into()),
            _ => Ok(asked),
        });
        let problem = match asked {
            Ok(asked) => match self.worker.ask(id.clone(), asked) {
                true => return Ok(()),
                false => CommandProblem::other("too many commands at once; wait for the answers"),
            },
            Err(problem) => problem,
        };
        self.happened(Happened::Done { id, problem: Some(problem) })
    }

    fn happened(&mut self, happened: Happened) -> Result<(), End> {
        match happened {
            Happened::Done { id, problem } => {
                self.answers.done(&id, problem.clone());
                self.outbox.send(ServerMessage::Result { id, problem })?;
            }
            // Another customer may have been chosen while these were fetched.
            Happened::Records { call, customers, records, arrived_at } => {
                if self.painted.get(&call) == Some(&customers) {
                    self.outbox.send(ServerMessage::Pop { call, matches: records.to_vec(), arrived_at })?;
                }
            }
        }
        Ok(())
    }

    /// A live change, redacted; with the record behind an own call.
    fn update(&mut self, update: &LiveUpdate) -> Result<(), End> {
        if let LiveUpdate::Call(call) = update
            && let Some(message) = self.eyes.parked_anew(call)
        {
            self.outbox.send(message)?;
        }
        let Some(message) = self.eyes.live(update) else { return Ok(()) };
        self.outbox.send(message)?;
        let LiveUpdate::Call(call) = update else { return Ok(()) };
        if call.agent.as_ref() == Some(self.eyes.agent()) && self.eyes.knows(call.id) {
            self.paint(call)?;
        }
        let is_own = |id: &CallId| self.eyes.own_calls().any(|call| call.id == *id);
        let over: Vec<CallId> = self.painted.keys().filter(|id| !is_own(id)).copied().collect();
        for call in over {
            self.painted.remove(&call);
        }
        Ok(())
    }

    /// Sends the record of a call's customers, unless it is on the screen: at once when it is there, else when it comes.
    fn paint(&mut self, call: &CallView) -> Result<(), End> {
        let customers = customers_of(call);
        if self.painted.get(&call.id) == Some(&customers) {
            return Ok(());
        }
        self.painted.insert(call.id, customers.clone());
        let (records, arrived_at, id) = (self.state.pops.of(call), call.started_at, call.id);
        if let Some(records) = records.clone().now_or_never() {
            return self.happened(Happened::Records { call: id, customers, records, arrived_at });
        }
        let happened = self.happened.clone();
        tokio::spawn(async move {
            let records = records.await;
            // A session that has ended paints nothing.
            let _ = happened.send(Happened::Records { call: id, customers, records, arrived_at }).await;
        });
        Ok(())
    }

    /// Ends the session when the sign-in behind it is over or has become another.
    async fn recheck(&mut self) -> Result<(), End> {
        match self.state.access.of_session(&self.token).await {
            Ok(Some((actor, _))) if actor == *self.eyes.actor() => Ok(()),
            Ok(_) => Err(End::SignedOut),
            Err(fault) => {
                // The database is away: calls go on, and the next look decides.
                tracing::warn!(%fault, "a session cannot be checked");
                Ok(())
            }
        }
    }

    async fn leave(self, end: End) {
        let Self { state, id, eyes, is_agent, outbox, .. } = self;
        outbox.close(end.code(), end.reason()).await;
        let agent = eyes.agent().clone();
        let gone = Input::ConsoleSession { agent: agent.clone(), session: id, is_up: false };
        if !is_agent {
            return state.switch.input(gone).await;
        }
        if !state.sockets.close(&agent, id) {
            return;
        }
        let may_come_back = end == End::Closed || end == End::TooSlow;
        tokio::spawn(async move {
            if may_come_back {
                state.clock.sleep_until(state.clock.now().mono + GRACE_MS).await;
            }
            if state.sockets.forget(&agent, id) {
                state.switch.input(gone).await;
            }
        });
    }
}

/// Whether a fact says that somebody's way in has changed.
fn concerns_access(record: &EventRecord, actor: &Actor) -> bool {
    matches!(&record.event, Event::Access(event) if event.user == actor.user)
}

/// The next board, for those who watch; never for others.
async fn next_board(board: &mut Option<watch::Receiver<Option<Arc<Board>>>>) -> Arc<Board> {
    let Some(receiver) = board else { return std::future::pending().await };
    loop {
        if receiver.changed().await.is_err() {
            return std::future::pending().await;
        }
        if let Some(board) = receiver.borrow_and_update().clone() {
            return board;
        }
    }
}

/// Ends when a newer session of the same agent came; never for a user who is no agent.
struct Evicted(Option<tokio::sync::oneshot::Receiver<()>>);

impl Future for Evicted {
    type Output = ();
    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<()> {
        match self.0.as_mut().map(|receiver| receiver.poll_unpin(cx)) {
            Some(std::task::Poll::Ready(Ok(()))) => std::task::Poll::Ready(()),
            // The sender goes away unused only with the session itself.
            Some(_) | None => std::task::Poll::Pending,
        }
    }
}
