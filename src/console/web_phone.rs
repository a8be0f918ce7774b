//! The public web phone's socket: one call at most, from allowed pages, so many per address and in all. Knows nobody.

use std::time::Duration;

use axum::{
    Extension,
    extract::{
        State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket},
    },
    http::StatusCode,
    response::Response,
};
use tokio::sync::broadcast::error::RecvError;

use super::{
    ConsoleState, refuse, stopped,
    wire::{WebPhoneClientMessage, WebPhoneServerMessage},
};
use crate::{
    app::{
        client::Client,
        switch_handle::{CommandFailure, Input, LiveUpdate, WebPhoneUpdate},
    },
    domain::{
        call::EndCause,
        centre::{CentreCommand, Refusal, WebCall},
        event::Actor,
    },
    types::{Mono, SessionId},
};

/// An SDP offer of a browser has 2 to 6 kB.
const MESSAGE_BYTES_MAX: usize = 32 * 1024;
/// Messages of one phone in all: an offer, candidates, keys.
const MESSAGES_MAX: usize = 2_000;
/// A phone that does not call within this time is let go.
const CALL_WITHIN_MS: u64 = 30_000;
/// Asked for a sign of life this often, and let go after twice as long without one.
const PING_EVERY_MS: u64 = 15_000;
/// One message must be on its way within this time.
const SEND_MAX: Duration = Duration::from_secs(5);
/// Longest number, language, candidate.
const NUMBER_CHARS_MAX: usize = 40;
const LANGUAGE_CHARS_MAX: usize = 16;
const CANDIDATE_CHARS_MAX: usize = 1_000;

/// `GET /ws/call`.
pub async fn upgrade(
    State(state): State<ConsoleState>,
    Extension(client): Extension<Client>,
    ws: WebSocketUpgrade,
) -> Response {
    if !state.web_phone.enabled {
        return refuse(StatusCode::NOT_FOUND, "not-found", "The web phone is switched off (web_phone.enabled).");
    }
    if client.require_exact_origin(&state.web_phone.origins).is_err() {
        let detail = "This page may not use the web phone; add its origin to web_phone.origins.";
        return refuse(StatusCode::FORBIDDEN, "forbidden", detail);
    }
    let ws = ws.max_message_size(MESSAGE_BYTES_MAX).max_frame_size(MESSAGE_BYTES_MAX);
    ws.on_upgrade(move |socket| async move {
        let session = state.mint_session();
        let mut phone = Phone { now: state.clock.now().mono, state, client, session, socket, has_called: false };
        let reason = phone.live().await.err().unwrap_or("closed");
        let close = Message::Close(Some(CloseFrame { code: 1000, reason: reason.into() }));
        let _ = tokio::time::timeout(SEND_MAX, phone.socket.send(close)).await;
        if phone.has_called {
            phone.state.switch.input(Input::WebPhoneGone { session }).await;
        }
    })
}

struct Phone {
    state: ConsoleState,
    client: Client,
    session: SessionId,
    socket: WebSocket,
    has_called: bool,
    now: Mono,
}

/// Why the socket ends.
type Ended = &'static str;

impl Phone {
    async fn live(&mut self) -> Result<(), Ended> {
        let places = self.state.web_phone_sockets.clone();
        let Ok(_place) = places.try_acquire_owned() else { return self.refuse("too_many_calls").await };
        let mut live = self.state.switch.subscribe();
        let mut stopping = self.state.stopping.clone();
        let clock = self.state.clock.clone();
        let began = self.now;
        let (mut heard_at, mut ping_at, mut messages) = (began, began + PING_EVERY_MS, 0);
        loop {
            tokio::select! {
                frame = self.socket.recv() => {
                    heard_at = clock.now().mono;
                    self.now = heard_at;
                    match frame {
                        Some(Ok(Message::Text(text))) => {
                            messages += 1;
                            if messages > MESSAGES_MAX {
                                return Err("too_many_messages");
                            }
                            self.message(&text).await?;
                        }
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                        Some(Ok(Message::Binary(_))) => return Err("not_understood"),
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return Err("closed"),
                    }
                }
                update = live.recv() => match update {
                    Ok(update) => if let LiveUpdate::WebPhone { session, update } = &*update && *session == self.session {
                        self.update(update).await?;
                    },
                    // Something about this phone may be among what was missed: better to end than to hang.
                    Err(RecvError::Lagged(_)) => return self.ended("fault").await,
                    Err(RecvError::Closed) => return self.ended("shutdown").await,
                },
                () = stopped(&mut stopping) => return self.ended("shutdown").await,
                () = clock.sleep_until(ping_at) => {
                    let now = clock.now().mono;
                    if now.millis_since(heard_at) >= 2 * PING_EVERY_MS {
                        return Err("silent");
                    }
                    if !self.has_called && now.millis_since(began) >= CALL_WITHIN_MS {
                        return Err("no_call");
                    }
                    ping_at = now + PING_EVERY_MS;
                    self.put(Message::Ping(Vec::new().into())).await?;
                }
            }
        }
    }

    async fn message(&mut self, text: &str) -> Result<(), Ended> {
        let session = self.session;
        match serde_json::from_str(text).map_err(|_| "not_understood")? {
            WebPhoneClientMessage::Call { number, sdp, language } => self.call(number, sdp, language).await,
            WebPhoneClientMessage::Candidate { candidate } if candidate.len() <= CANDIDATE_CHARS_MAX => {
                self.ask(CentreCommand::WebCandidate { session, candidate: candidate.into() }).await;
                Ok(())
            }
            WebPhoneClientMessage::Digit { digit } if digit.is_ascii_digit() || digit == '*' || digit == '#' => {
                self.ask(CentreCommand::WebDigit { session, digit }).await;
                Ok(())
            }
            WebPhoneClientMessage::HangUp => {
                self.ask(CentreCommand::WebHangUp { session }).await;
                Ok(())
            }
            WebPhoneClientMessage::Candidate { .. } | WebPhoneClientMessage::Digit { .. } => Err("not_understood"),
        }
    }

    async fn call(&mut self, number: String, sdp: String, language: Option<String>) -> Result<(), Ended> {
        if self.has_called || number.chars().count() > NUMBER_CHARS_MAX {
            return Err("not_understood");
        }
        let now = self.now;
        let is_often = self.state.web_phone_by_address.take(&self.client.network(), now).is_err();
        if is_often || self.state.web_phone_in_all.take(&(), now).is_err() {
            return self.refuse("rate_limited").await;
        }
        self.has_called = true;
        let language = language.filter(|language| language.len() <= LANGUAGE_CHARS_MAX);
        let call = WebCall { session: self.session, number, offer: sdp.into(), language };
        match self.ask(CentreCommand::WebCall(call)).await {
            None => Ok(()),
            Some(CommandFailure::Refused(Refusal::TooManyCalls | Refusal::Draining) | CommandFailure::Stopped) => {
                self.refuse("too_many_calls").await
            }
            Some(CommandFailure::Refused(_)) => self.refuse("web_phone_off").await,
        }
    }

    async fn ask(&mut self, command: CentreCommand) -> Option<CommandFailure> {
        let failure = self.state.switch.command(Actor::Customer, command).await.err()?;
        tracing::debug!(session = %self.session, %failure, "a web phone's wish was refused");
        Some(failure)
    }

    async fn update(&mut self, update: &WebPhoneUpdate) -> Result<(), Ended> {
        match update {
            WebPhoneUpdate::Answer(sdp) => self.send(WebPhoneServerMessage::Answer { sdp: sdp.to_string() }).await,
            WebPhoneUpdate::Connected => self.send(WebPhoneServerMessage::Connected).await,
            WebPhoneUpdate::Ended(cause) => self.ended(word(*cause)).await,
            WebPhoneUpdate::Refused(reason) => {
                tracing::debug!(session = %self.session, reason, "a web phone's call was refused");
                self.refuse("too_many_calls").await
            }
        }
    }

    async fn refuse(&mut self, reason: &'static str) -> Result<(), Ended> {
        self.send(WebPhoneServerMessage::Refused { reason: reason.into() }).await?;
        Err(reason)
    }

    async fn ended(&mut self, cause: &'static str) -> Result<(), Ended> {
        self.send(WebPhoneServerMessage::Ended { cause: cause.into() }).await?;
        Err("ended")
    }

    async fn send(&mut self, message: WebPhoneServerMessage) -> Result<(), Ended> {
        let text = serde_json::to_string(&message).map_err(|_| "fault")?;
        self.put(Message::Text(text.into())).await
    }

    async fn put(&mut self, message: Message) -> Result<(), Ended> {
        match tokio::time::timeout(SEND_MAX, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err("closed"),
            Err(_) => Err("too_slow"),
        }
    }
}

/// The message key of an end.
fn word(cause: EndCause) -> &'static str {
    match cause {
        EndCause::Hangup => "hangup",
        EndCause::Finished
        | EndCause::Busy
        | EndCause::NoAnswer
        | EndCause::Refused
        | EndCause::UnknownNumber
        | EndCause::Unreachable => "finished",
        EndCause::Lost => "lost",
        EndCause::Overload => "overload",
        EndCause::Shutdown => "shutdown",
        EndCause::Fault => "fault",
    }
}
