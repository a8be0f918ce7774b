//! Copies of calls' audio for outside systems: the words between the switch and who sends them, and what goes over a WebSocket.
//! [`Timeline`] makes one steady sound of a leg's packets, [`words`] are the text messages beside it. Sockets and keys are
//! `net/forks`' matter.

mod address;
mod timeline;
pub mod words;

use std::{fmt, sync::Arc};

pub use address::{AddressFault, WebsocketAddress};
pub use timeline::{ForkSound, MESSAGE_FRAMES, MESSAGE_MS, Message, Timeline};

use crate::types::{ForkEnd, ForkFacts, ForkId, ForkStop, ForkWord};

/// The sub-protocol (RFC 6455 1.9) that the other side has to know.
pub const SUBPROTOCOL: &str = "centralita.media.v1";

/// Where a copy goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForkPeer {
    /// A WebSocket of its own.
    Websocket {
        /// `wss://…` or `ws://…`.
        url: Arc<str>,
        /// By which we prove ourselves.
        token: Option<BearerToken>,
    },
}

/// A bearer token (RFC 6750). Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerToken(pub Arc<str>);

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(…)")
    }
}

/// Do this with a copy. What is ordered of one that is not there is ignored.
#[derive(Debug, Clone, PartialEq)]
pub enum ForkOrder {
    /// Send it there; answered by [`ForkNotice::Up`] or [`ForkNotice::Ended`]. Its audio comes from the media worker.
    Open {
        /// Which.
        fork: ForkId,
        /// Where to.
        peer: ForkPeer,
        /// What the other side is told first.
        facts: Box<ForkFacts>,
        /// Whether it begins with a pause.
        is_paused: bool,
    },
    /// Tell the other side.
    Tell {
        /// Which.
        fork: ForkId,
        /// What.
        word: ForkWord,
    },
    /// Send no more of it. Nothing is answered.
    Stop {
        /// Which.
        fork: ForkId,
        /// What the other side is told last.
        why: ForkStop,
    },
}

/// Something happened to a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForkNotice {
    /// The other side gets it.
    Up {
        /// Which.
        fork: ForkId,
        /// Which time.
        session: u32,
    },
    /// It is over without our wish. The last word of this session.
    Ended {
        /// Which.
        fork: ForkId,
        /// Which time.
        session: u32,
        /// How.
        end: ForkEnd,
    },
}
