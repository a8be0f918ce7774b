//! Server transactions (RFC 3261 17.2 with RFC 6026): absorb what is repeated, repeat what was lost.

use std::sync::Arc;

use super::{Owner, Timer, Wire};
use crate::protocol::sip::{Flow, header::Method, message::SipMessage};

/// One server transaction of ours, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerId(pub u64);

/// What makes two requests the same transaction (17.2.3): branch and sent-by, and without the magic cookie of RFC 3261 the
/// fields that RFC 2543 compares. An ACK and a CANCEL ask for the key of their INVITE.
pub fn server_key(request: &SipMessage, method: &str) -> Arc<str> {
    let via = request.via();
    let port = via.port.unwrap_or(5060);
    if via.branch.starts_with("z9hG4bK") {
        return format!("{}|{}:{port}|{method}", via.branch, via.host).into();
    }
    let tag = request.from().tag().unwrap_or("");
    format!("{}|{tag}|{}|{}:{port}|{}|{method}", request.call_id(), request.cseq(), via.host, via.branch).into()
}

/// A request being answered.
#[derive(Debug)]
pub struct ServerTransaction {
    /// How it is found again.
    pub key: Arc<str>,
    /// Where responses go.
    pub flow: Flow,
    is_invite: bool,
    state: ServerState,
    /// The last response, sent again when the request comes again.
    response: Option<Arc<[u8]>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ServerState {
    /// No final response yet.
    Proceeding,
    /// A final response is out; of an INVITE, not a 2xx, and its ACK is awaited.
    Completed { interval_ms: u64 },
    /// A 2xx to an INVITE is out; the call repeats it, this only absorbs the INVITE (RFC 6026 7.1).
    Accepted,
    /// The ACK to a refusal has come.
    Confirmed,
}

impl ServerTransaction {
    /// For a request that is new.
    pub fn new(key: Arc<str>, flow: Flow, method: &Method) -> Self {
        Self { key, flow, is_invite: *method == Method::Invite, state: ServerState::Proceeding, response: None }
    }

    /// Whether a final response is still owed.
    pub fn is_open(&self) -> bool {
        self.state == ServerState::Proceeding
    }

    /// Whether it is an INVITE's.
    pub fn is_invite(&self) -> bool {
        self.is_invite
    }

    /// The same request came again.
    pub fn repeated(&self, wire: &mut Wire<'_>) {
        match self.state {
            ServerState::Proceeding | ServerState::Completed { .. } => {
                if let Some(response) = &self.response {
                    wire.stats.retransmissions += 1;
                    wire.send(self.flow, response.clone());
                }
            }
            ServerState::Accepted | ServerState::Confirmed => {}
        }
    }

    /// Sends a response. A second final one is dropped: the first has been promised.
    pub fn respond(&mut self, id: ServerId, status: u16, bytes: Arc<[u8]>, wire: &mut Wire<'_>) {
        if !self.is_open() {
            return;
        }
        wire.respond(self.flow, status, bytes.clone());
        let owner = Owner::Server(id);
        if status < 200 {
            self.response = Some(bytes);
        } else if !self.is_invite {
            // Timer J.
            self.response = Some(bytes);
            self.state = ServerState::Completed { interval_ms: 0 };
            wire.start(owner, Timer::J, if self.flow.is_reliable() { 0 } else { wire.times.t1_ms * 64 });
        } else if status < 300 {
            self.response = None;
            self.state = ServerState::Accepted;
            wire.start(owner, Timer::L, wire.times.t1_ms * 64);
        } else {
            self.response = Some(bytes);
            self.state = ServerState::Completed { interval_ms: wire.times.t1_ms };
            if !self.flow.is_reliable() {
                wire.start(owner, Timer::G, wire.times.t1_ms);
            }
            wire.start(owner, Timer::H, wire.times.t1_ms * 64);
        }
    }

    /// The ACK to our refusal.
    pub fn acknowledged(&mut self, id: ServerId, wire: &mut Wire<'_>) {
        if !matches!(self.state, ServerState::Completed { .. }) || !self.is_invite {
            return;
        }
        self.state = ServerState::Confirmed;
        self.response = None;
        wire.timers.stop(Owner::Server(id), Timer::G);
        wire.timers.stop(Owner::Server(id), Timer::H);
        wire.start(Owner::Server(id), Timer::I, if self.flow.is_reliable() { 0 } else { wire.times.t4_ms });
    }

    /// A timer rang. True if the transaction is over.
    pub fn timer(&mut self, id: ServerId, timer: Timer, wire: &mut Wire<'_>) -> bool {
        if timer != Timer::G {
            return true;
        }
        if let ServerState::Completed { interval_ms } = &mut self.state {
            *interval_ms = (*interval_ms * 2).min(wire.times.t2_ms);
            let next = *interval_ms;
            self.repeated(wire);
            wire.start(Owner::Server(id), Timer::G, next);
        }
        false
    }
}
