//! Stopping in order: no new calls, running ones end or reach the limit, then consoles, doors, loops, journal, database. A second
//! signal ends at once.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Exchange, Node};
use crate::cli::Failure;

/// A loop ends soon after it was told to; the journal may first have to write what waits.
const LOOP_END_MAX: Duration = Duration::from_secs(20);

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// In order.
    InOrder,
    /// By a second signal.
    AtOnce,
}

/// SIGTERM and SIGINT.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From now on the process no longer dies of them.
    pub fn listen() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(anyhow::Error::from);
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Waits for a signal, or for a part of the exchange to end by a fault, and stops.
pub async fn stop(mut node: Node, signals: &mut Signals) -> Result<Stopped, Failure> {
    tokio::select! {
        () = signals.next() => {}
        cause = node.exchange.ended(&node.ground.db) => return Err(Failure::Fault(anyhow::anyhow!(cause))),
    }
    tracing::info!(limit_secs = node.config.shutdown.drain.as_secs(), "stopping: no new calls, running calls may end");
    tokio::select! {
        () = in_order(node) => Ok(Stopped::InOrder),
        () = signals.next() => {
            tracing::warn!("stopped at once by a second signal");
            Ok(Stopped::AtOnce)
        }
    }
}

/// Stops in order.
pub async fn in_order(node: Node) {
    let Node { config, ground, exchange, readiness, stop, doors, loops, .. } = node;
    readiness.set(false);
    exchange.switch.drain(config.shutdown.drain).await;
    // Consoles hear that the server goes; loops end after what they are doing.
    stop.send_replace(true);
    doors.close().await;
    let Exchange { switch, media, switch_loop, journal_loop, .. } = exchange;
    drop(switch);
    for mut task in [switch_loop, journal_loop].into_iter().chain(loops) {
        match tokio::time::timeout(LOOP_END_MAX, &mut task).await {
            Ok(Err(error)) if error.is_panic() => tracing::error!(%error, "a loop ended by a fault"),
            Ok(_) => {}
            Err(_) => {
                tracing::error!("a loop did not end in time and was cut off");
                task.abort();
            }
        }
    }
    ground.db.close().await;
    // Joins a thread: not on a worker of the runtime.
    let _ = tokio::task::spawn_blocking(move || media.stop()).await;
    tracing::info!("stopped");
}
