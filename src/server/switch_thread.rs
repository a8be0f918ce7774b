//! The thread on which calls are decided. SIP datagrams are read there and the switch runs there, so that a message wakes one thread
//! and not three, and nothing that consoles, reports or the database do stands in a call's way. Connections (TCP, TLS, WebSocket)
//! stay with the other threads, which carry their encryption.

use std::{io, thread};

use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};

use crate::net::prefer_this_thread;

/// Before everything else: what it does is short, and late answers are sent again, keep calls standing that were over, and so cost more
/// audio than they delay.
const NICENESS: i32 = -10;

/// Runs what is spawned on its handle. Dropping it ends the thread once it has nothing at hand.
pub struct SwitchThread {
    handle: Handle,
    /// Its end is the thread's.
    _alive: oneshot::Sender<()>,
}

impl SwitchThread {
    /// Starts the thread.
    pub fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (alive, over) = oneshot::channel();
        thread::Builder::new().name("switch".into()).spawn(move || {
            prefer_this_thread(NICENESS);
            // Nothing is ever sent: the sender's end is what ends this.
            let _ = runtime.block_on(over);
        })?;
        Ok(Self { handle, _alive: alive })
    }

    /// By which work is given to it.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_spawned_runs_on_one_thread_until_it_is_dropped() {
        let thread = SwitchThread::start().unwrap();
        let name = || async { thread::current().name().map(str::to_owned) };
        let (first, second) = (thread.handle().spawn(name()), thread.handle().spawn(name()));
        assert_eq!((first.await.unwrap().as_deref(), second.await.unwrap().as_deref()), (Some("switch"), Some("switch")));
        let endless = thread.handle().spawn(std::future::pending::<()>());
        drop(thread);
        assert!(endless.await.unwrap_err().is_cancelled());
    }
}
