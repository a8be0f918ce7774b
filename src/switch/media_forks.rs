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
    types::{ForkEnd, ForkFacts, ForkFailure, ForkId, ForkStop, ForkWord, LegId, Now, Rng},
};

impl Legs {
    /// Begins a copy of a leg. One that is gone has nothing to copy, which is said at once.
    pub(super) fn start_fork(
        &mut self,
        leg: LegId,
        fork: ForkId,
        target: &MediaFork,
        facts: Box<ForkFacts>,
        is_paused: bool,
        now: Now,
    ) {
        if self.get(leg).is_none() {
            let end = ForkEnd::Failed(ForkFailure::Lost);
            self.tell(CentreInput::ForkEnded { fork, session: facts.session, end });
            return;
        }
        // Who sends is there before the first packet comes.
        match &target.target {
            ForkTarget::Websocket { url, .. } => {
                let token = target.token.as_ref().map(|ForkToken(token)| BearerToken(Arc::from(token.as_str())));
                let peer = ForkPeer::Websocket { url: Arc::from(url.as_str()), token };
                self.order_fork(ForkOrder::Open { fork, peer, facts, is_paused });
            }
            ForkTarget::Siprec { trunk, number } => {
                self.begin_recorder(leg, fork, trunk.clone(), number.as_str().into(), facts, is_paused, now);
            }
        }
        self.order_media(MediaOrder::Fork { leg, fork, is_paused });
    }

    /// Whether nothing of a copy is sent. The other side hears of it.
    pub(super) fn pause_fork(&mut self, leg: LegId, fork: ForkId, is_paused: bool) {
        let word = if is_paused { ForkWord::Paused } else { ForkWord::Resumed };
        if self.get(leg).is_some() {
            self.order_media(MediaOrder::PauseFork { leg, fork, is_paused });
        }
        self.order_fork(ForkOrder::Tell { fork, word });
        self.pause_recorder(fork, is_paused);
    }

    /// Ends a copy. Its leg may have been forgotten.
    pub(super) fn stop_fork(&mut self, leg: LegId, fork: ForkId, why: ForkStop) {
        if self.get(leg).is_some() {
            self.order_media(MediaOrder::StopFork { leg, fork });
        }
        self.end_recorder(fork);
        self.order_fork(ForkOrder::Stop { fork, why });
    }

    /// Who sends reports.
    pub(super) fn hear_fork(&mut self, notice: ForkNotice, rng: &mut Rng) {
        match notice {
            ForkNotice::Opened { fork, session, locals, keys } => self.recorder_opened(fork, session, locals, *keys, rng),
            ForkNotice::Up { fork, session } => self.tell(CentreInput::ForkUp { fork, session }),
            ForkNotice::Ended { fork, session, end } => {
                if self.recorders.is_session(fork, session) {
                    self.end_recorder(fork);
                }
                self.tell(CentreInput::ForkEnded { fork, session, end });
            }
        }
    }
}
