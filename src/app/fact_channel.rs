//! The way of facts from the switch's loop to the journal. Bounded; and who gathers facts can sleep meanwhile and still hear that no
//! more will come: to be woken for each one costs more than to write it.

use std::convert::Infallible;

use tokio::sync::mpsc::{self, error::TrySendError};

use crate::domain::centre::Fact;

/// A way with room for so many facts.
pub fn fact_channel(room: usize) -> (FactSender, FactReceiver) {
    let (facts, received) = mpsc::channel(room);
    let (open, over) = mpsc::channel(1);
    (FactSender { facts, _open: open }, FactReceiver { facts: received, over })
}

/// Where facts are left. The end of its last clone is the end of the way.
#[derive(Debug, Clone)]
pub struct FactSender {
    facts: mpsc::Sender<Fact>,
    /// Carries nothing: its end is what is heard.
    _open: mpsc::Sender<Infallible>,
}

impl FactSender {
    /// Hands a fact over, or gives it back when there is no room or nobody who takes it.
    #[allow(clippy::result_large_err, reason = "the fact itself comes back, and nothing else")]
    pub fn try_send(&self, fact: Fact) -> Result<(), Fact> {
        self.facts.try_send(fact).map_err(TrySendError::into_inner)
    }

    /// Waits for room; false when nobody takes facts any more.
    pub async fn send(&self, fact: Fact) -> bool {
        self.facts.send(fact).await.is_ok()
    }

    /// Waits for the room of one fact; `None` when nobody takes facts any more.
    pub async fn room(&self) -> Option<mpsc::Permit<'_, Fact>> {
        self.facts.reserve().await.ok()
    }
}

/// Where they are taken.
#[derive(Debug)]
pub struct FactReceiver {
    facts: mpsc::Receiver<Fact>,
    over: mpsc::Receiver<Infallible>,
}

impl FactReceiver {
    /// The next fact, or that none will come.
    pub async fn recv(&mut self) -> Option<Fact> {
        self.facts.recv().await
    }

    /// A fact that waits.
    pub fn try_recv(&mut self) -> Option<Fact> {
        self.facts.try_recv().ok()
    }

    /// Leaves facts where they are and comes back when no more will be sent.
    pub async fn ended(&mut self) {
        self.over.recv().await;
    }
}
