//! Copies of calls' audio for outside systems: the words between the switch and who sends them, and what goes over a WebSocket.
//! [`Timeline`] makes one steady sound of a leg's packets, [`words`] are the text messages beside it. Sockets and keys are
//! `net/forks`' matter.

mod address;
mod timeline;
pub mod words;

use std::{fmt, net::SocketAddr, sync::Arc};

pub use address::{AddressFault, WebsocketAddress};
pub use timeline::{ForkSound, MESSAGE_FRAMES, MESSAGE_MS, Message, Timeline};

use crate::{
    protocol::{rtp::KeyMaterial, sdp::RecorderStream},
    types::{ForkEnd, ForkFacts, ForkId, ForkStop, ForkWord, IpFamilies, PerFamily},
};

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
    /// Two RTP streams to a recorder, with whom the switch speaks.
    Recorder {
        /// Of which families ports are bound, until it is known of which the recorder is.
        families: IpFamilies,
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
    /// Send it there; answered by [`ForkNotice::Up`] or [`ForkNotice::Ended`], to a recorder by [`ForkNotice::Opened`]. Its audio comes
    /// from the media worker.
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
    /// What a recorder takes of the two streams, what the customer says and hears, from now on. Before that nothing is sent.
    Agree {
        /// Which.
        fork: ForkId,
        /// `None` for one that it does not take.
        streams: Box<[Option<RecorderStream>; 2]>,
    },
    /// Send no more of it to a recorder, with whom it ended without our wish. Nothing is answered.
    GiveUp {
        /// Which.
        fork: ForkId,
        /// How it ended.
        end: ForkEnd,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForkNotice {
    /// The ports for a recorder are bound.
    Opened {
        /// Which.
        fork: ForkId,
        /// Which time.
        session: u32,
        /// Addresses to write into the SDP, of each stream.
        locals: PerFamily<[SocketAddr; 2]>,
        /// Chance for the keys that each stream may be sent with, drawn for it alone.
        keys: Box<[KeyMaterial; 2]>,
    },
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
