//! Notices on their way to the switch: the channel first, a bounded waiting line when it is full, so that no `Opened` or
//! `PlayEnded` is lost to a busy moment.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
};

use tokio::sync::mpsc;

use super::MediaStats;
use crate::{protocol::media::MediaNotice, types::LegId};

/// Notices that wait while the channel is full.
const WAITING_MAX: usize = 65_536;

/// The way out.
pub(super) struct Notices {
    channel: mpsc::Sender<MediaNotice>,
    waiting: VecDeque<MediaNotice>,
    stats: Arc<MediaStats>,
}

impl Notices {
    pub(super) fn new(channel: mpsc::Sender<MediaNotice>, stats: Arc<MediaStats>) -> Self {
        Self { channel, waiting: VecDeque::new(), stats }
    }

    /// Tells the switch, in order.
    pub(super) fn tell(&mut self, notice: MediaNotice) {
        if self.waiting.is_empty() {
            match self.channel.try_send(notice) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(notice)) => self.waiting.push_back(notice),
                // The switch is gone: the process is ending.
                Err(mpsc::error::TrySendError::Closed(_)) => {}
            }
            return;
        }
        if self.waiting.len() < WAITING_MAX {
            self.waiting.push_back(notice);
        } else {
            self.stats.notices_dropped.fetch_add(1, Ordering::Relaxed);
            tracing::error!(waiting = WAITING_MAX, "the switch does not take media notices; one was dropped");
        }
    }

    /// Takes back what waits of these legs. They go to another thread, which tells it before it tells anything else of them.
    pub(super) fn take_back(&mut self, legs: &[LegId]) -> Vec<MediaNotice> {
        let mut taken = Vec::new();
        for mut notice in std::mem::take(&mut self.waiting) {
            if legs.contains(notice.leg_mut()) {
                taken.push(notice);
            } else {
                self.waiting.push_back(notice);
            }
        }
        taken
    }

    /// Whether some wait for room.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Tries again.
    pub(super) fn flush(&mut self) {
        while let Some(notice) = self.waiting.pop_front() {
            match self.channel.try_send(notice) {
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
                Err(mpsc::error::TrySendError::Full(notice)) => {
                    self.waiting.push_front(notice);
                    return;
                }
            }
        }
    }
}
