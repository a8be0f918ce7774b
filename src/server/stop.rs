//! Stopping in order: no new calls, running ones end or reach the limit, then consoles, doors, loops, journal, database. A second
//! signal ends at once. For a restart the calls are left as they stand, and the process that follows takes them up.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Exchange, Node};
use crate::{app::snapshot_loop, cli::Failure, net::ReadAgain};

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

/// What becomes of the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Calls {
    /// They may end by themselves so long, then they are ended.
    End(Duration),
    /// They are ended at once: a part that they need has failed.
    EndNow,
    /// They stay as they are.
    Leave,
}

/// SIGTERM and SIGINT to stop, SIGUSR2 to make way for a restart, SIGHUP to read certificates and keys again.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    make_way: Signal,
    hang_up: Signal,
}

/// How the process shall end.
enum End {
    Stop,
    MakeWay,
}

enum Told {
    Stop,
    MakeWay,
    ReadAgain,
}

impl Signals {
    /// From now on the process no longer dies of them.
    pub fn listen() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(anyhow::Error::from);
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            make_way: listen(SignalKind::user_defined2())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.terminate.recv() => Told::Stop,
            _ = self.interrupt.recv() => Told::Stop,
            _ = self.make_way.recv() => Told::MakeWay,
            _ = self.hang_up.recv() => Told::ReadAgain,
        }
    }

    /// Until the process shall end.
    async fn end(&mut self, read_again: &ReadAgain) -> End {
        loop {
            match self.next().await {
                Told::Stop => return End::Stop,
                Told::MakeWay => return End::MakeWay,
                Told::ReadAgain => {
                    tracing::info!("reading certificates and keys again");
                    read_again.ask();
                }
            }
        }
    }
}

/// Waits for a signal, or for a part of the exchange to end by a fault, and stops.
pub async fn stop(mut node: Node, signals: &mut Signals) -> Result<Stopped, Failure> {
    let calls = tokio::select! {
        end = signals.end(&node.read_again) => match end {
            End::Stop => {
                let limit = node.config.shutdown.drain;
                tracing::info!(limit_secs = limit.as_secs(), "stopping: no new calls, running calls may end");
                Calls::End(limit)
            }
            End::MakeWay => {
                tracing::info!("making way for a restart: running calls stay as they are");
                Calls::Leave
            }
        },
        cause = node.exchange.ended(&node.ground.db) => {
            tracing::error!(cause, "stopping by a fault: running calls are ended");
            close(node, Calls::EndNow).await;
            return Err(Failure::Fault(anyhow::anyhow!(cause)));
        }
    };
    let read_again = node.read_again.clone();
    tokio::select! {
        () = close(node, calls) => Ok(Stopped::InOrder),
        _ = signals.end(&read_again) => {
            tracing::warn!("stopped at once by a second signal");
            Ok(Stopped::AtOnce)
        }
    }
}

/// Stops in order.
pub async fn in_order(node: Node) {
    let limit = node.config.shutdown.drain;
    close(node, Calls::End(limit)).await;
}

async fn close(node: Node, calls: Calls) {
    let Node { ground, exchange, readiness, stop, doors, loops, .. } = node;
    readiness.set(false);
    // Calls that nobody is there to end are taken up by the next process.
    let are_left = calls == Calls::Leave || exchange.switch_loop.is_finished();
    match calls {
        Calls::End(limit) => exchange.switch.drain(limit).await,
        Calls::EndNow => exchange.switch.drain(Duration::ZERO).await,
        Calls::Leave => exchange.switch.leave().await,
    }
    // Consoles hear that the server goes; loops end after what they are doing.
    stop.send_replace(true);
    doors.close().await;
    let Exchange { switch, media, recorder, forks, switch_loop, journal_loop, snapshot_loop, .. } = exchange;
    drop(switch);
    for mut task in [switch_loop, journal_loop, snapshot_loop].into_iter().chain(loops) {
        // The one whose end is the reason has said so.
        if calls == Calls::EndNow && task.is_finished() {
            continue;
        }
        match tokio::time::timeout(LOOP_END_MAX, &mut task).await {
            Ok(Err(error)) if error.is_panic() => tracing::error!(%error, "a loop ended by a fault"),
            Ok(_) => {}
            Err(_) => {
                tracing::error!("a loop did not end in time and was cut off");
                task.abort();
            }
        }
    }
    if !are_left && let Err(error) = snapshot_loop::forget_calls(ground.db.data().path(), ground.clock.now().wall) {
        tracing::error!(%error, "the file of live calls cannot be tidied: the next start will ask for calls that have ended");
    }
    ground.db.close().await;
    let has_ended = has_ended(LOOP_END_MAX, move || {
        media.stop();
        forks.stop();
        recorder.join();
    });
    if !has_ended.await {
        tracing::error!("media and recordings did not end in time and were cut off: does the disk of recordings hang?");
    }
    tracing::info!("stopped");
}

/// Joins threads, which is not for a worker of the runtime. `false` when they go on at the limit.
async fn has_ended(limit: Duration, join: impl FnOnce() + Send + 'static) -> bool {
    tokio::time::timeout(limit, tokio::task::spawn_blocking(join)).await.is_ok()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_thread_that_hangs_does_not_hold_up_the_stop() {
        let (go_on, hanging) = mpsc::channel::<()>();
        assert!(has_ended(LOOP_END_MAX, || {}).await);
        let hangs = move || {
            let _ = hanging.recv();
        };
        assert!(!has_ended(Duration::from_millis(20), hangs).await);
        drop(go_on);
    }
}
