//! Copies of calls' audio between the floor, the media workers and who sends them: the worker copies, somebody else sends.

use std::sync::Arc;

use super::legs::Legs;
use crate::{
    domain::{
        centre::CentreInput,
        directory::{ForkTarget, ForkToken, MediaFork},
    },
    protocol::{
        forking::{BearerToken, ForkNotice, ForkOrder, ForkPeer},
        media::MediaOrder,
    },
    types::{ForkEnd, ForkFacts, ForkFailure, ForkId, ForkStop, ForkWord, LegId},
};

impl Legs {
    /// Begins a copy of a leg. One that is gone has nothing to copy, which is said at once.
    pub(super) fn start_fork(&mut self, leg: LegId, fork: ForkId, target: &MediaFork, facts: Box<ForkFacts>, is_paused: bool) {
        if self.get(leg).is_none() {
            let end = ForkEnd::Failed(ForkFailure::Lost);
            self.tell(CentreInput::ForkEnded { fork, session: facts.session, end });
            return;
        }
        // Who sends is there before the first packet comes.
        self.order_fork(ForkOrder::Open { fork, peer: peer(target), facts, is_paused });
        self.order_media(MediaOrder::Fork { leg, fork, is_paused });
    }

    /// Whether nothing of a copy is sent. The other side hears of it.
    pub(super) fn pause_fork(&mut self, leg: LegId, fork: ForkId, is_paused: bool) {
        let word = if is_paused { ForkWord::Paused } else { ForkWord::Resumed };
        if self.get(leg).is_some() {
            self.order_media(MediaOrder::PauseFork { leg, fork, is_paused });
        }
        self.order_fork(ForkOrder::Tell { fork, word });
    }

    /// Ends a copy. Its leg may have been forgotten.
    pub(super) fn stop_fork(&mut self, leg: LegId, fork: ForkId, why: ForkStop) {
        if self.get(leg).is_some() {
            self.order_media(MediaOrder::StopFork { leg, fork });
        }
        self.order_fork(ForkOrder::Stop { fork, why });
    }

    /// Who sends reports.
    pub(super) fn hear_fork(&mut self, notice: ForkNotice) {
        self.tell(match notice {
            ForkNotice::Up { fork, session } => CentreInput::ForkUp { fork, session },
            ForkNotice::Ended { fork, session, end } => CentreInput::ForkEnded { fork, session, end },
        });
    }
}

fn peer(target: &MediaFork) -> ForkPeer {
    match &target.target {
        ForkTarget::Websocket { url, .. } => ForkPeer::Websocket {
            url: Arc::from(url.as_str()),
            token: target.token.as_ref().map(|ForkToken(token)| BearerToken(Arc::from(token.as_str()))),
        },
    }
}
