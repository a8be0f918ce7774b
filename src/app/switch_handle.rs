//! How the rest of the process speaks with the switch: commands with answers, reports, the live floor as it stands, and the
//! stream of live changes.

use std::{sync::Arc, time::Duration};

use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::{overload::Causes, switch_loop::SwitchLoopStats};
use crate::domain::{
    centre::{CallView, CentreCommand, FloorSnapshot, Refusal},
    directory::Directory,
    event::Actor,
};

/// The switch's words, for the doors, which do not reach past this floor.
pub use crate::switch::{Input, LiveUpdate, WebPhoneUpdate};

/// What is asked of the loop.
#[derive(Debug)]
pub(super) enum Ask {
    /// Reports something.
    Input(Box<Input>),
    /// The floor works by this directory from now on, and says when it does.
    Directory(Arc<Directory>, oneshot::Sender<()>),
    /// Asks for something.
    Command(Actor, CentreCommand, oneshot::Sender<Result<(), Refusal>>),
    /// The live floor.
    Snapshot(oneshot::Sender<FloorSnapshot>),
    /// Figures.
    Stats(oneshot::Sender<SwitchLoopStats>),
    /// Stop and leave the calls as they stand, written down for the next process.
    Leave(oneshot::Sender<()>),
    /// No new calls; answers when the last one is over or the time is up and the rest was hung up.
    Drain(Duration, oneshot::Sender<()>),
}

/// Why a command was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommandFailure {
    /// The floor says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The switch has stopped.
    #[error("the exchange has stopped")]
    Stopped,
}

/// The switch as the rest of the process sees it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SwitchHandle {
    pub(super) asks: mpsc::Sender<Ask>,
    pub(super) live: broadcast::Sender<Arc<LiveUpdate>>,
    pub(super) recognised: broadcast::Sender<Arc<CallView>>,
    pub(super) overload: watch::Receiver<Causes>,
}

impl SwitchHandle {
    /// Asks for something and waits for the answer. The live updates that it brought about are sent before the answer.
    pub async fn command(&self, actor: Actor, command: CentreCommand) -> Result<(), CommandFailure> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(Ask::Command(actor, command, reply)).await.map_err(|_| CommandFailure::Stopped)?;
        Ok(answer.await.map_err(|_| CommandFailure::Stopped)??)
    }

    /// Gives the floor a new directory and waits until it works by it.
    pub async fn set_directory(&self, directory: Arc<Directory>) {
        let (told, taken) = oneshot::channel();
        // A switch that has stopped needs none.
        if self.asks.send(Ask::Directory(directory, told)).await.is_ok() {
            let _ = taken.await;
        }
    }

    /// Reports something: a session that opened or closed. Waits while the switch is behind.
    pub async fn input(&self, input: Input) {
        // A switch that has stopped needs no reports.
        let _ = self.asks.send(Ask::Input(Box::new(input))).await;
    }

    /// The live floor as it stands; `None` when the switch has stopped. Subscribe first: versions tell which updates are older.
    pub async fn snapshot(&self) -> Option<FloorSnapshot> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(Ask::Snapshot(reply)).await.ok()?;
        answer.await.ok()
    }

    /// Why new calls are refused at this moment, if they are. Asks nobody.
    pub fn overload(&self) -> Causes {
        *self.overload.borrow()
    }

    /// Figures; `None` when the switch has stopped.
    pub async fn stats(&self) -> Option<SwitchLoopStats> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(Ask::Stats(reply)).await.ok()?;
        answer.await.ok()
    }

    /// Every live change from now on. A receiver that lags is told so and takes a new snapshot.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<LiveUpdate>> {
        self.live.subscribe()
    }

    /// Every change of a call whose caller is in the records: what always listens is not woken for the others.
    pub fn subscribe_recognised(&self) -> broadcast::Receiver<Arc<CallView>> {
        self.recognised.subscribe()
    }

    /// Stops without ending a call: all are written down as they stand, for the process that follows at once. The loop ends with it.
    pub async fn leave(&self) {
        let (reply, answer) = oneshot::channel();
        if self.asks.send(Ask::Leave(reply)).await.is_ok() {
            let _ = answer.await;
        }
    }

    /// Takes no more calls and comes back when the last one is over, at the latest after `limit`: what runs then is hung up. The
    /// loop ends with it.
    pub async fn drain(&self, limit: Duration) {
        let (reply, answer) = oneshot::channel();
        if self.asks.send(Ask::Drain(limit, reply)).await.is_ok() {
            let _ = answer.await;
        }
    }
}
