//! SIP over TCP and TLS: connections of others and our own, each with one task that frames what comes in and writes what goes out.
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
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use super::{
    sip::SipNetSettings,
    sip_intake::{Counters, SipIntake},
    sip_tls::SipTls,
};
use crate::{
    protocol::sip::{Flow, FlowId, Frame, Framer, KEEP_ALIVE_ANSWER, Transport},
    types::Mono,
};

/// Messages that may wait for a peer that reads slowly; with more the connection is closed.
const UNWRITTEN_MAX: usize = 256;
/// A peer that takes nothing for this long is gone.
const WRITE_MS_MAX: u64 = 10_000;
/// A connection of ours that is not up by then has failed, and so has a handshake of theirs.
const CONNECT_MS_MAX: u64 = 5_000;
/// Pause when the operating system has no more descriptors.
const ACCEPT_PAUSE_MS: u64 = 200;
/// Octets read at a time.
const READ_OCTETS: usize = 16 * 1024;

/// Every open connection.
#[derive(Debug)]
pub(super) struct Connections {
    intake: Arc<SipIntake>,
    tls: SipTls,
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
    pub(super) fn new(settings: &SipNetSettings, intake: Arc<SipIntake>, tls: SipTls) -> Self {
        Self {
            intake,
            tls,
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

    pub(super) fn tls(&self) -> &SipTls {
        &self.tls
    }

    /// Takes connections until the task is ended.
    pub(super) async fn accept(self: Arc<Self>, listener: Arc<TcpListener>, transport: Transport) {
        loop {
            match listener.accept().await {
                Ok((stream, remote)) => {
                    let flow = Flow { transport, id: self.next_inbound_flow(), remote };
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
            let carried = match writer {
                Some(writer) => this.outbound(flow, writer).await,
                None => Err(io::ErrorKind::QuotaExceeded.into()),
            };
            if let Err(error) = carried {
                let transport = flow.transport.as_str();
                tracing::warn!(%error, remote = %flow.remote, transport, "no SIP connection could be opened");
            }
            this.leave(flow, false).await;
        });
    }

    /// Carries a connection that we open; an error says why it was not opened.
    async fn outbound(&self, flow: Flow, writer: mpsc::Receiver<Arc<[u8]>>) -> io::Result<()> {
        let stream = prompt(self.in_time(TcpStream::connect(flow.remote)).await?);
        self.tap_address(flow, &stream);
        if flow.transport == Transport::Tls {
            let stream = self.in_time(self.tls.connect(stream, flow.remote)).await?;
            self.carry(stream, flow, writer).await;
        } else {
            self.carry(stream, flow, writer).await;
        }
        Ok(())
    }

    async fn inbound(self: Arc<Self>, stream: TcpStream, flow: Flow, writer: mpsc::Receiver<Arc<[u8]>>) {
        let stream = prompt(stream);
        self.tap_address(flow, &stream);
        if flow.transport == Transport::Tls {
            // A handshake costs more than a message, so it counts as one.
            let is_admitted = self.intake.admit(flow.remote.ip(), self.intake.clock().now().mono);
            let handshake =
                async { if is_admitted { self.tls.accept(stream).await } else { Err(io::ErrorKind::QuotaExceeded.into()) } };
            match self.in_time(handshake).await {
                Ok(stream) => self.carry(stream, flow, writer).await,
                Err(error) => tracing::debug!(%error, remote = %flow.remote, "a TLS handshake for SIP failed"),
            }
        } else {
            self.carry(stream, flow, writer).await;
        }
        self.leave(flow, true).await;
    }

    /// Whoever looks at the signalling wants to know our end as well.
    fn tap_address(&self, flow: Flow, stream: &TcpStream) {
        if let Ok(local) = stream.local_addr() {
            self.intake.tap().opened(flow.id, local);
        }
    }

    async fn in_time<T>(&self, opening: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        tokio::select! {
            opened = opening => opened,
            () = self.sleep(CONNECT_MS_MAX) => Err(io::ErrorKind::TimedOut.into()),
        }
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
        self.intake.tap().closed(flow.id);
        self.intake.flow_closed(flow.id).await;
    }

    /// Carries a connection's messages both ways until either side ends it.
    async fn carry(&self, stream: impl AsyncRead + AsyncWrite, flow: Flow, mut unwritten: mpsc::Receiver<Arc<[u8]>>) {
        let (mut reader, mut writer) = split(stream);
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
    async fn take_frames(&self, framer: &mut Framer, flow: Flow, writer: &mut (impl AsyncWrite + Unpin)) -> Option<usize> {
        let mut count = 0;
        loop {
            let frame = framer.next_frame().ok()?;
            let Some(frame) = frame else { return Some(count) };
            count += 1;
            if !self.intake.admit(flow.remote.ip(), self.intake.clock().now().mono) {
                return None;
            }
            match frame {
                Frame::Message(message) => {
                    self.intake.tap().heard(flow, framer.last_octets());
                    self.intake.deliver(flow, message).await;
                }
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

    async fn write(&self, writer: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> bool {
        tokio::select! {
            written = async { writer.write_all(bytes).await?; writer.flush().await } => written.is_ok(),
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

/// Signalling is small and waited for.
fn prompt(stream: TcpStream) -> TcpStream {
    let _ = stream.set_nodelay(true);
    stream
}
