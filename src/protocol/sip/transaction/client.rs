//! Client transactions (RFC 3261 17.1 with RFC 6026): repeat until somebody answers, acknowledge refusals, keep the ACK of a 2xx
//! at hand for its repetitions.

use std::sync::Arc;

use super::{Owner, Timer, Wire};
use crate::{
    protocol::sip::{
        Flow,
        compose::Composition,
        endpoint::{MessageId, SubscriptionId},
        header::Name,
        message::SipMessage,
        notice::DialogId,
    },
    types::SessionIdentifier,
};

/// A client transaction: the number in our branch, and whether it is the CANCEL that shares its INVITE's branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientKey {
    /// Number in our branch.
    pub branch: u64,
    /// Whether it is the CANCEL.
    pub is_cancel: bool,
}

/// What begins every branch of ours: the magic cookie of RFC 3261 8.1.1.7 and our mark.
pub const BRANCH_PREFIX: &str = "z9hG4bKc";

impl ClientKey {
    /// The branch parameter.
    pub fn branch_text(self) -> String {
        format!("{BRANCH_PREFIX}{:016x}", self.branch)
    }

    /// The transaction that a response is for.
    pub fn of_response(response: &SipMessage) -> Option<Self> {
        let digits = response.via().branch.strip_prefix(BRANCH_PREFIX)?;
        let branch = u64::from_str_radix(digits, 16).ok()?;
        Some(Self { branch, is_cancel: response.cseq_method().as_str() == "CANCEL" })
    }
}

/// Who hears about responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientUser {
    /// An INVITE that begins a call.
    Invite(DialogId),
    /// Our re-INVITE in a call.
    Reinvite(DialogId),
    /// Our UPDATE in a call.
    Update(DialogId),
    /// Our question in a call whether the peer is still there.
    Probe(DialogId),
    /// The BYE of a call.
    Bye(DialogId),
    /// A NOTIFY about a transfer.
    ReferNotify(DialogId),
    /// A NOTIFY of a subscription.
    Notify(SubscriptionId),
    /// A MESSAGE to a device.
    Message(MessageId),
    /// Our question whether a trunk is there.
    TrunkPing,
    /// Our registration with a carrier.
    TrunkRegister,
    /// Nobody: a CANCEL, or the BYE of a fork that lost.
    Nobody,
}

/// The header lines of an INVITE that its ACK and CANCEL repeat (RFC 3261 9.1, 17.1.1.3).
#[derive(Debug, Clone)]
pub struct Outline {
    /// Request-URI.
    pub uri: String,
    /// Our Via line's value.
    pub via: String,
    /// Whole Route lines.
    pub routes: String,
    /// From's value with our tag.
    pub from: String,
    /// To's value without tag.
    pub to: String,
    /// Call-ID.
    pub call_id: Arc<str>,
    /// CSeq number.
    pub cseq: u32,
    /// What names the session (RFC 7989 6: as in the INVITE).
    pub session: SessionIdentifier,
}

impl Outline {
    /// An ACK or CANCEL of this INVITE.
    pub fn request(&self, method: &str, to: &str, more_lines: &str) -> Arc<[u8]> {
        Composition::request(method, &self.uri)
            .line("Via", &self.via)
            .lines(&self.routes)
            .line("From", &self.from)
            .line("To", to)
            .line("Call-ID", &self.call_id)
            .line("CSeq", format_args!("{} {method}", self.cseq))
            .line("Max-Forwards", 70)
            .session(self.session)
            .lines(more_lines)
            .finish()
    }
}

/// A request of ours being answered.
#[derive(Debug)]
pub struct ClientTransaction {
    /// Where it went.
    pub flow: Flow,
    /// Who hears about it.
    pub user: ClientUser,
    /// Of an INVITE, what its ACK and CANCEL need.
    pub outline: Option<Outline>,
    /// Set when nobody wants the answer any more: the first provisional response brings a CANCEL with these header lines.
    pub unwanted: Option<&'static str>,
    state: ClientState,
    /// The request while it may have to be repeated; the ACK of a refusal afterwards.
    bytes: Arc<[u8]>,
    interval_ms: u64,
    /// What goes by a datagram after all when the stream that a large request took cannot be had (RFC 3261 18.1.1).
    datagram: Option<Datagram>,
    /// ACKs of 2xx by the answerer's tag: forks may answer an INVITE more than once.
    acks: Vec<(String, Flow, Arc<[u8]>)>,
}

/// A large request as it was before it was moved to a stream.
#[derive(Debug)]
pub struct Datagram {
    /// Where it would have gone.
    pub flow: Flow,
    /// Of an INVITE, what its ACK and CANCEL need.
    pub outline: Option<Outline>,
    /// The request.
    pub bytes: Arc<[u8]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClientState {
    /// Nothing heard (calling, trying).
    Calling,
    /// A provisional response.
    Proceeding,
    /// A final response, of an INVITE not a 2xx.
    Completed,
    /// A 2xx to an INVITE.
    Accepted,
}

/// Most forks of one INVITE that may answer; RFC 3261 sets none.
const FORKS_MAX: usize = 8;

impl ClientTransaction {
    /// Sends a request for the first time.
    pub fn start(
        key: ClientKey,
        flow: Flow,
        user: ClientUser,
        outline: Option<Outline>,
        bytes: Arc<[u8]>,
        wire: &mut Wire<'_>,
    ) -> Self {
        wire.send(flow, bytes.clone());
        let interval_ms = wire.times.t1_ms;
        let (again, time_out) = if outline.is_some() { (Timer::A, Timer::B) } else { (Timer::E, Timer::F) };
        if !flow.is_reliable() {
            wire.start(Owner::Client(key), again, interval_ms);
        }
        wire.start(Owner::Client(key), time_out, wire.times.t1_ms * 64);
        Self {
            flow,
            user,
            outline,
            unwanted: None,
            state: ClientState::Calling,
            bytes,
            interval_ms,
            datagram: None,
            acks: Vec::new(),
        }
    }

    /// The request went over a stream for its size alone.
    pub fn keep_datagram(&mut self, datagram: Datagram) {
        self.datagram = Some(datagram);
    }

    /// Where the other side is but for the size of this request.
    pub fn usual_flow(&self) -> Option<Flow> {
        self.datagram.as_ref().map(|datagram| datagram.flow)
    }

    /// The stream could not be had, or closed before anything was heard: the same request goes by a datagram. Same branch, so
    /// that whoever heard it already takes it for a repetition. `false` if it cannot.
    pub fn fall_back(&mut self, key: ClientKey, wire: &mut Wire<'_>) -> bool {
        if self.state != ClientState::Calling {
            return false;
        }
        let Some(datagram) = self.datagram.take() else { return false };
        (self.flow, self.outline, self.bytes) = (datagram.flow, datagram.outline, datagram.bytes);
        wire.send(self.flow, self.bytes.clone());
        let again = if self.outline.is_some() { Timer::A } else { Timer::E };
        wire.start(Owner::Client(key), again, self.interval_ms);
        true
    }

    /// Whether no final response has come.
    pub fn is_open(&self) -> bool {
        matches!(self.state, ClientState::Calling | ClientState::Proceeding)
    }

    /// Whether a provisional response has come and no final one.
    pub fn is_proceeding(&self) -> bool {
        self.state == ClientState::Proceeding
    }

    /// A response. True if its user should hear of it, false if it was a repetition.
    pub fn response(&mut self, key: ClientKey, response: &SipMessage, status: u16, wire: &mut Wire<'_>) -> bool {
        let owner = Owner::Client(key);
        let is_invite = self.outline.is_some();
        match self.state {
            ClientState::Calling | ClientState::Proceeding if status < 200 => {
                self.state = ClientState::Proceeding;
                if is_invite {
                    wire.timers.stop(owner, Timer::A);
                    wire.timers.stop(owner, Timer::B);
                }
                true
            }
            ClientState::Calling | ClientState::Proceeding if !is_invite => {
                wire.timers.stop_all(owner);
                self.state = ClientState::Completed;
                self.bytes = Arc::from([]);
                wire.start(owner, Timer::K, if self.flow.is_reliable() { 0 } else { wire.times.t4_ms });
                true
            }
            ClientState::Calling | ClientState::Proceeding if status < 300 => {
                wire.timers.stop_all(owner);
                self.state = ClientState::Accepted;
                self.bytes = Arc::from([]);
                wire.start(owner, Timer::M, wire.times.t1_ms * 64);
                true
            }
            ClientState::Calling | ClientState::Proceeding => {
                wire.timers.stop_all(owner);
                self.state = ClientState::Completed;
                if let Some(outline) = &self.outline {
                    self.bytes = outline.request("ACK", response.first(Name::To).unwrap_or(&outline.to), "");
                }
                wire.send_counted(self.flow, self.bytes.clone(), "ACK");
                // Timer D: at least 32 s over datagrams.
                wire.start(owner, Timer::D, if self.flow.is_reliable() { 0 } else { (wire.times.t1_ms * 64).max(32_000) });
                true
            }
            ClientState::Completed if is_invite && status >= 300 => {
                wire.stats.retransmissions += 1;
                wire.send(self.flow, self.bytes.clone());
                false
            }
            ClientState::Completed => false,
            ClientState::Accepted if (200..300).contains(&status) => {
                let tag = response.to().tag().unwrap_or("");
                match self.acks.iter().find(|(known, _, _)| known == tag) {
                    Some((_, flow, ack)) => {
                        wire.stats.retransmissions += 1;
                        wire.send(*flow, ack.clone());
                        false
                    }
                    None => self.acks.len() < FORKS_MAX,
                }
            }
            ClientState::Accepted => false,
        }
    }

    /// The ACK that goes out each time the 2xx with this tag comes.
    pub fn keep_ack(&mut self, tag: &str, flow: Flow, ack: Arc<[u8]>) {
        self.acks.push((tag.to_owned(), flow, ack));
    }

    /// A timer rang.
    pub fn timer(&mut self, key: ClientKey, timer: Timer, wire: &mut Wire<'_>) -> ClientTurn {
        match timer {
            Timer::A | Timer::E => {
                self.interval_ms *= 2;
                if timer == Timer::E {
                    // Once a provisional response has come, every T2 (17.1.2.2).
                    let ceiling = wire.times.t2_ms;
                    self.interval_ms =
                        if self.state == ClientState::Proceeding { ceiling } else { self.interval_ms.min(ceiling) };
                }
                wire.stats.retransmissions += 1;
                wire.send(self.flow, self.bytes.clone());
                wire.start(Owner::Client(key), timer, self.interval_ms);
                ClientTurn::GoesOn
            }
            Timer::B | Timer::F => ClientTurn::TimedOut,
            _ => ClientTurn::Over,
        }
    }
}

/// What became of a transaction when its timer rang.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientTurn {
    /// It runs on.
    GoesOn,
    /// Nobody answered: its user hears a 408.
    TimedOut,
    /// It is forgotten.
    Over,
}
