//! Transactions (RFC 3261 17 with RFC 6026): one request and its responses over a wire that loses and repeats. Decides what is
//! sent again and what is new; what a request means is the endpoint's.

mod client;
mod server;
mod timer;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    net::SocketAddr,
    sync::Arc,
};

pub use client::{ClientKey, ClientTransaction, ClientTurn, ClientUser, Datagram, Outline};
pub use server::{ServerId, ServerTransaction, server_key};
pub use timer::{Owner, Timer, Timers};

use super::{
    endpoint::{SipOutput, SipStats},
    header::Method,
    message::SipMessage,
    notice::{Flow, FlowId},
};
use crate::types::{Mono, Now};

/// The three base intervals of RFC 3261 17.1.1.1, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Round-trip estimate: 500 ms.
    pub t1_ms: u64,
    /// Longest interval between repetitions: 4 s.
    pub t2_ms: u64,
    /// Longest that a message stays in the network: 5 s.
    pub t4_ms: u64,
}

impl Default for Times {
    fn default() -> Self {
        Self { t1_ms: 500, t2_ms: 4_000, t4_ms: 5_000 }
    }
}

impl Flow {
    /// Whether nothing sent on it needs repeating.
    pub fn is_reliable(&self) -> bool {
        self.transport.is_stream()
    }
}

/// What a machine may touch outside itself during one turn.
#[derive(Debug)]
pub struct Wire<'a> {
    /// What goes out.
    pub out: &'a mut VecDeque<SipOutput>,
    /// Timers of all.
    pub timers: &'a mut Timers,
    /// Counters.
    pub stats: &'a mut SipStats,
    /// Base intervals.
    pub times: Times,
    /// This turn's time.
    pub now: Now,
}

impl Wire<'_> {
    /// Sends bytes.
    pub fn send(&mut self, flow: Flow, bytes: Arc<[u8]>) {
        self.out.push_back(SipOutput::Transmit { flow, bytes });
    }

    /// Sends a request for the first time.
    pub fn send_counted(&mut self, flow: Flow, bytes: Arc<[u8]>, method: &str) {
        self.stats.requests_out.count(method);
        self.send(flow, bytes);
    }

    /// Sends a response for the first time.
    pub fn respond(&mut self, flow: Flow, status: u16, bytes: Arc<[u8]>) {
        self.stats.responses_out.count(status);
        self.send(flow, bytes);
    }

    /// Starts a timer that rings after so many milliseconds.
    pub fn start(&mut self, owner: Owner, timer: Timer, after_ms: u64) {
        self.timers.set(owner, timer, self.at(after_ms));
    }

    fn at(&self, after_ms: u64) -> Mono {
        self.now.mono + after_ms
    }
}

/// What becomes of requests whose stream has closed.
#[derive(Debug, Default)]
pub struct CutOff {
    /// They are over: who has to hear of it.
    pub over: Vec<(ClientKey, ClientUser)>,
    /// Large ones that went on by datagrams, to these addresses.
    pub by_datagram: Vec<SocketAddr>,
}

/// All transactions of the endpoint.
#[derive(Debug, Default)]
pub struct Transactions {
    servers: BTreeMap<ServerId, ServerTransaction>,
    by_key: HashMap<Arc<str>, ServerId>,
    open_invites: usize,
    next_server: u64,
    clients: BTreeMap<ClientKey, ClientTransaction>,
    /// Unanswered requests on streams, so that a closed stream finds its own.
    on_streams: BTreeSet<(FlowId, ClientKey)>,
}

impl Transactions {
    /// All of them, for the limit and the gauge.
    pub fn count(&self) -> usize {
        self.servers.len() + self.clients.len()
    }

    /// INVITEs that still wait for our final response.
    pub fn open_invites(&self) -> usize {
        self.open_invites
    }

    /// The transaction with this key.
    pub fn find_server(&self, key: &str) -> Option<ServerId> {
        self.by_key.get(key).copied()
    }

    /// Begins a server transaction; responses go to `flow`.
    pub fn open_server(&mut self, key: Arc<str>, flow: Flow, method: &Method) -> ServerId {
        let id = ServerId(self.next_server);
        self.next_server += 1;
        self.by_key.insert(key.clone(), id);
        if *method == Method::Invite {
            self.open_invites += 1;
        }
        self.servers.insert(id, ServerTransaction::new(key, flow, method));
        id
    }

    /// The request of this transaction came again.
    pub fn repeated(&self, id: ServerId, wire: &mut Wire<'_>) {
        if let Some(server) = self.servers.get(&id) {
            server.repeated(wire);
        }
    }

    /// Sends a response.
    pub fn respond(&mut self, id: ServerId, status: u16, bytes: Arc<[u8]>, wire: &mut Wire<'_>) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        let was_open = server.is_open();
        server.respond(id, status, bytes, wire);
        if was_open && !server.is_open() && server.is_invite() {
            self.open_invites -= 1;
        }
    }

    /// The ACK to a refusal of ours.
    pub fn acknowledged(&mut self, id: ServerId, wire: &mut Wire<'_>) {
        if let Some(server) = self.servers.get_mut(&id) {
            server.acknowledged(id, wire);
        }
    }

    /// Sends a request and begins its client transaction.
    pub fn open_client(
        &mut self,
        key: ClientKey,
        flow: Flow,
        user: ClientUser,
        outline: Option<Outline>,
        bytes: Arc<[u8]>,
        wire: &mut Wire<'_>,
    ) {
        if flow.is_reliable() {
            self.on_streams.insert((flow.id, key));
        }
        self.clients.insert(key, ClientTransaction::start(key, flow, user, outline, bytes, wire));
    }

    /// A client transaction.
    pub fn client_mut(&mut self, key: ClientKey) -> Option<&mut ClientTransaction> {
        self.clients.get_mut(&key)
    }

    /// The flow on which the request went out that this answers.
    pub fn asked_on(&self, response: &SipMessage) -> Option<Flow> {
        self.clients.get(&ClientKey::of_response(response)?).map(|client| client.flow)
    }

    /// A response: who should hear of it, if it is new.
    pub fn response(&mut self, response: &SipMessage, wire: &mut Wire<'_>) -> Option<(ClientKey, ClientUser)> {
        let (key, status) = (ClientKey::of_response(response)?, response.status()?);
        let client = self.clients.get_mut(&key)?;
        let is_news = client.response(key, response, status, wire);
        if !client.is_open() {
            self.on_streams.remove(&(client.flow.id, key));
        }
        is_news.then_some((key, client.user))
    }

    /// A server transaction's timer rang.
    pub fn server_timer(&mut self, id: ServerId, timer: Timer, wire: &mut Wire<'_>) {
        let is_over = self.servers.get_mut(&id).is_some_and(|server| server.timer(id, timer, wire));
        if is_over {
            wire.timers.stop_all(Owner::Server(id));
            if let Some(server) = self.servers.remove(&id) {
                self.by_key.remove(&server.key);
            }
        }
    }

    /// A client transaction's timer rang: its user, if it hears a 408.
    pub fn client_timer(&mut self, key: ClientKey, timer: Timer, wire: &mut Wire<'_>) -> Option<ClientUser> {
        let turn = self.clients.get_mut(&key)?.timer(key, timer, wire);
        if turn == ClientTurn::GoesOn {
            return None;
        }
        let client = self.forget_client(key, wire)?;
        (turn == ClientTurn::TimedOut).then_some(client.user)
    }

    /// Nobody waits for the answer any more, and it is not asked for again.
    pub fn abandon(&mut self, key: ClientKey, wire: &mut Wire<'_>) {
        self.forget_client(key, wire);
    }

    /// A stream closed: what becomes of the unanswered requests on it.
    pub fn flow_closed(&mut self, flow: FlowId, wire: &mut Wire<'_>) -> CutOff {
        let first = ClientKey { branch: 0, is_cancel: false };
        let last = ClientKey { branch: u64::MAX, is_cancel: true };
        let lost: Vec<ClientKey> = self.on_streams.range((flow, first)..=(flow, last)).map(|(_, key)| *key).collect();
        let mut cut_off = CutOff::default();
        for key in lost {
            let client = self.clients.get_mut(&key);
            let by_datagram = client.and_then(|client| client.fall_back(key, wire).then_some(client.flow.remote));
            match by_datagram {
                Some(address) => {
                    self.on_streams.remove(&(flow, key));
                    cut_off.by_datagram.push(address);
                }
                None => cut_off.over.extend(self.forget_client(key, wire).map(|client| (key, client.user))),
            }
        }
        cut_off
    }

    fn forget_client(&mut self, key: ClientKey, wire: &mut Wire<'_>) -> Option<ClientTransaction> {
        wire.timers.stop_all(Owner::Client(key));
        let client = self.clients.remove(&key)?;
        self.on_streams.remove(&(client.flow.id, key));
        Some(client)
    }
}
