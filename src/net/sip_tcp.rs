//! SIP over TCP: connections of others and our own, each with one task that frames what comes in and writes what goes out.
//! Bounded in number, per source, in time without a whole message, and in what waits to be written.

use std::{
    collections::BTreeMap,
    io,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp::OwnedWriteHalf},
    sync::mpsc,
};

use super::{
    sip::SipNetSettings,
    sip_intake::{Counters, SipIntake},
};
use crate::{
    protocol::sip::{Flow, FlowId, Frame, Framer, KEEP_ALIVE_ANSWER, Transport},
    types::Mono,
};

/// Messages that may wait for a peer that reads slowly; with more the connection is closed.
const UNWRITTEN_MAX: usize = 256;
/// A peer that takes nothing for this long is gone.
const WRITE_MS_MAX: u64 = 10_000;
/// A connection of ours that is not up by then has failed.
const CONNECT_MS_MAX: u64 = 5_000;
/// Pause when the operating system has no more descriptors.
const ACCEPT_PAUSE_MS: u64 = 200;
/// Octets read at a time.
const READ_OCTETS: usize = 16 * 1024;

/// Every open connection.
#[derive(Debug)]
pub(super) struct Connections {
    intake: Arc<SipIntake>,
    open: Mutex<Open>,
    next_inbound: AtomicU64,
    idle: Duration,
    all_max: usize,
    per_source_max: usize,
}

#[derive(Debug, Default)]
struct Open {
    writers: BTreeMap<FlowId, mpsc::Sender<Arc<[u8]>>>,
    by_source: BTreeMap<IpAddr, usize>,
}

impl Connections {
    pub(super) fn new(settings: &SipNetSettings, intake: Arc<SipIntake>) -> Self {
        Self {
            intake,
            open: Mutex::default(),
            next_inbound: AtomicU64::new(1),
            idle: settings.idle,
            all_max: settings.connections_max,
            per_source_max: settings.connections_per_source_max,
        }
    }

    /// Flows that others open are odd; the switch's own are even.
    pub(super) fn next_inbound_flow(&self) -> FlowId {
        FlowId(self.next_inbound.fetch_add(2, Relaxed))
    }

    /// How many are open.
    pub(super) fn open(&self) -> usize {
        self.lock().writers.len()
    }

    /// Lets nobody write any more, which ends every connection's task.
    pub(super) fn close_all(&self) {
        self.lock().writers.clear();
    }

    /// Queues bytes for a connection.
    pub(super) fn send(&self, flow: FlowId, bytes: Arc<[u8]>) {
        let mut open = self.lock();
        let is_sent = open.writers.get(&flow).is_some_and(|writer| writer.try_send(bytes).is_ok());
        if !is_sent {
            // Full or gone: without its writer the connection's task ends and tells the switch.
            open.writers.remove(&flow);
        }
        self.intake.counters().sent(is_sent);
    }

    /// Takes connections until the task is ended.
    pub(super) async fn accept(self: Arc<Self>, listener: Arc<TcpListener>) {
        loop {
            match listener.accept().await {
                Ok((stream, remote)) => {
                    let flow = Flow { transport: Transport::Tcp, id: self.next_inbound_flow(), remote };
                    let Some(writer) = self.enter(flow, true) else {
                        Counters::add(&self.intake.counters().refused_connections);
                        continue;
                    };
                    tokio::spawn(self.clone().inbound(stream, flow, writer));
                }
                Err(error) => {
                    tracing::warn!(%error, "a SIP connection could not be taken");
                    self.sleep(ACCEPT_PAUSE_MS).await;
                }
            }
        }
    }

    /// Opens a connection of ours.
    pub(super) fn connect(self: &Arc<Self>, flow: Flow) {
        let this = self.clone();
        // What is sent meanwhile waits in the queue.
        let writer = self.enter(flow, false);
        tokio::spawn(async move {
            let stream = match writer.is_some() {
                true => this.dial(flow).await,
                false => Err(io::ErrorKind::QuotaExceeded.into()),
            };
            match (stream, writer) {
                (Ok(stream), Some(writer)) => this.carry(stream, flow, writer).await,
                (Err(error), _) => tracing::info!(%error, remote = %flow.remote, "no SIP connection could be opened"),
                (Ok(_), None) => {}
            }
            this.leave(flow, false).await;
        });
    }

    async fn dial(&self, flow: Flow) -> io::Result<TcpStream> {
        tokio::select! {
            stream = TcpStream::connect(flow.remote) => stream,
            () = self.sleep(CONNECT_MS_MAX) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    async fn inbound(self: Arc<Self>, stream: TcpStream, flow: Flow, writer: mpsc::Receiver<Arc<[u8]>>) {
        self.carry(stream, flow, writer).await;
        self.leave(flow, true).await;
    }

    /// Enters a connection; `None` when a limit is reached. Our own are not counted by source: a trunk may need many.
    fn enter(&self, flow: Flow, is_inbound: bool) -> Option<mpsc::Receiver<Arc<[u8]>>> {
        let mut open = self.lock();
        if open.writers.len() >= self.all_max {
            return None;
        }
        if is_inbound {
            let count = open.by_source.entry(flow.remote.ip()).or_default();
            if *count >= self.per_source_max {
                return None;
            }
            *count += 1;
        }
        let (writer, unwritten) = mpsc::channel(UNWRITTEN_MAX);
        open.writers.insert(flow.id, writer);
        Some(unwritten)
    }

    async fn leave(&self, flow: Flow, is_inbound: bool) {
        {
            let mut open = self.lock();
            open.writers.remove(&flow.id);
            if is_inbound && let Some(count) = open.by_source.get_mut(&flow.remote.ip()) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    open.by_source.remove(&flow.remote.ip());
                }
            }
        }
        self.intake.flow_closed(flow.id).await;
    }

    /// Carries a connection's messages both ways until either side ends it.
    async fn carry(&self, stream: TcpStream, flow: Flow, mut unwritten: mpsc::Receiver<Arc<[u8]>>) {
        // Signalling is small and waited for.
        let _ = stream.set_nodelay(true);
        let (mut reader, mut writer) = stream.into_split();
        let mut framer = Framer::new();
        let mut buffer = vec![0; READ_OCTETS];
        let mut idle_at = self.idle_deadline();
        loop {
            tokio::select! {
                read = reader.read(&mut buffer) => {
                    let Ok(length @ 1..) = read else { return };
                    framer.push(buffer.get(..length).unwrap_or_default());
                    match self.take_frames(&mut framer, flow, &mut writer).await {
                        Some(0) => {}
                        Some(_) => idle_at = self.idle_deadline(),
                        None => return,
                    }
                }
                bytes = unwritten.recv() => {
                    let Some(bytes) = bytes else { return };
                    if !self.write(&mut writer, &bytes).await {
                        return;
                    }
                }
                // Counted from the last whole message, so that a trickle of octets holds nothing open.
                () = self.intake.clock().sleep_until(idle_at) => return,
            }
        }
    }

    /// How many whole frames there were; `None` ends the connection.
    async fn take_frames(&self, framer: &mut Framer, flow: Flow, writer: &mut OwnedWriteHalf) -> Option<usize> {
        let mut count = 0;
        loop {
            let frame = framer.next_frame().ok()?;
            let Some(frame) = frame else { return Some(count) };
            count += 1;
            if !self.intake.admit(flow.remote.ip(), self.intake.clock().now().mono) {
                return None;
            }
            match frame {
                Frame::Message(message) => self.intake.deliver(flow, message).await,
                Frame::Malformed(malformed) => {
                    if let Some(answer) = self.intake.malformed(&malformed)
                        && !self.write(writer, &answer).await
                    {
                        return None;
                    }
                }
                Frame::KeepAlive => {
                    if !self.write(writer, KEEP_ALIVE_ANSWER).await {
                        return None;
                    }
                }
            }
        }
    }

    async fn write(&self, writer: &mut OwnedWriteHalf, bytes: &[u8]) -> bool {
        tokio::select! {
            written = writer.write_all(bytes) => written.is_ok(),
            () = self.sleep(WRITE_MS_MAX) => false,
        }
    }

    fn idle_deadline(&self) -> Mono {
        self.intake.clock().now().mono + u64::try_from(self.idle.as_millis()).unwrap_or(u64::MAX)
    }

    async fn sleep(&self, millis: u64) {
        let clock = self.intake.clock();
        clock.sleep_until(clock.now().mono + millis).await;
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // Nothing panics while it holds the lock; if it did, the maps are still sound.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
