//! SIP over TCP and TLS: connections of others and our own, each with one task that frames what comes in and writes what goes out.
//! Bounded in number, per source, in time without a whole message, and in what waits to be written.

use std::{
    io,
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use futures_util::FutureExt as _;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    net::{TcpListener, TcpStream},
    runtime::Handle,
};

use super::{
    kept_task::words,
    sip::SipNetSettings,
    sip_intake::{Counters, SipIntake},
    sip_pinger::{Pinger, Turn},
    sip_places::{Opener, PlaceLimits, Places, Unwritten},
    sip_tls::{SipTls, shown},
    tls_verifiers::problem_of,
};
use crate::{
    protocol::sip::{CertificateTerms, Flow, FlowId, Frame, Framer, KEEP_ALIVE, KEEP_ALIVE_ANSWER, Transport},
    types::Mono,
};

/// A peer that takes nothing for this long is gone.
const WRITE_MS_MAX: u64 = 10_000;
/// A connection of ours that is not up by then has failed, and so has a handshake of theirs.
const CONNECT_MS_MAX: u64 = 5_000;
/// How long the other side may still write to a connection that we have ended.
const LINGER_MS: u64 = 1_000;
/// Pause when the operating system has no more descriptors.
const ACCEPT_PAUSE_MS: u64 = 200;
/// Octets read at a time.
const READ_OCTETS: usize = 16 * 1024;

/// What was read at once, by its weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Heard {
    /// Nothing whole, or nothing readable.
    Nothing,
    /// Keep-alives.
    KeepAlive,
    /// A message at least.
    Message,
}

/// Every open connection.
#[derive(Debug)]
pub(super) struct Connections {
    intake: Arc<SipIntake>,
    tls: SipTls,
    places: Mutex<Places>,
    limits: PlaceLimits,
    next_inbound: AtomicU64,
    first_message: Duration,
    keep_alive: Duration,
    idle: Duration,
    /// Where connections have their tasks, whoever asks for them.
    runtime: Handle,
}

impl Connections {
    pub(super) fn new(settings: &SipNetSettings, intake: Arc<SipIntake>, tls: SipTls) -> Self {
        Self {
            intake,
            tls,
            places: Mutex::default(),
            limits: PlaceLimits { all_max: settings.connections_max, per_source_max: settings.connections_per_source_max },
            next_inbound: AtomicU64::new(1),
            first_message: settings.first_message,
            keep_alive: settings.keep_alive,
            idle: settings.idle,
            runtime: Handle::current(),
        }
    }

    /// Flows that others open are odd; the switch's own are even.
    pub(super) fn next_inbound_flow(&self) -> FlowId {
        FlowId(self.next_inbound.fetch_add(2, Relaxed))
    }

    /// How many are open.
    pub(super) fn open(&self) -> usize {
        self.lock().taken()
    }

    /// Lets nobody write any more, which ends every connection's task.
    pub(super) fn close_all(&self) {
        self.lock().close_all();
    }

    /// Ends a connection's task once it has written what is queued.
    pub(super) fn close(&self, flow: FlowId) {
        self.lock().close(flow);
    }

    /// Queues bytes for a connection.
    pub(super) fn send(&self, flow: FlowId, bytes: Arc<[u8]>) {
        let is_sent = self.lock().send(flow, bytes);
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
                    let Some(unwritten) = self.enter(flow, Opener::Them) else {
                        Counters::add(&self.intake.counters().refused_connections);
                        continue;
                    };
                    let this = self.clone();
                    let carried = async move { this.inbound(stream, flow, unwritten).await };
                    tokio::spawn(self.clone().kept(flow, Opener::Them, carried));
                }
                Err(error) => {
                    tracing::warn!(%error, "a SIP connection could not be taken");
                    self.sleep(ACCEPT_PAUSE_MS).await;
                }
            }
        }
    }

    /// Opens a connection of ours; over TLS the certificate has to fulfil the trunk's `terms`, or else to carry `name`, or the address.
    pub(super) fn connect(self: &Arc<Self>, flow: Flow, name: Option<Arc<str>>, terms: Option<Arc<CertificateTerms>>) {
        // What is sent meanwhile waits in the queue.
        let unwritten = self.enter(flow, Opener::Us);
        let this = self.clone();
        let carried = async move {
            let carried = match unwritten {
                Some(unwritten) => this.outbound(flow, name.as_deref(), terms.as_ref(), unwritten).await,
                None => Err(io::ErrorKind::QuotaExceeded.into()),
            };
            if let Err(error) = carried {
                this.tell_problem(flow, &error).await;
                let error = problem_of(&error).map_or_else(|| error.to_string(), |problem| problem.to_string());
                let transport = flow.transport.as_str();
                tracing::warn!(error, remote = %flow.remote, transport, "no SIP connection could be opened");
            }
        };
        self.runtime.spawn(self.clone().kept(flow, Opener::Us, carried));
    }

    /// Runs what carries a connection. However that ends, by a fault of ours too, its place is given back and the switch told.
    async fn kept(self: Arc<Self>, flow: Flow, opener: Opener, carried: impl Future<Output = ()>) {
        if let Err(panic) = AssertUnwindSafe(carried).catch_unwind().await {
            Counters::add(&self.intake.counters().failed_tasks);
            tracing::error!(remote = %flow.remote, cause = words(panic.as_ref()), "a SIP connection failed");
        }
        self.leave(flow, opener).await;
    }

    /// Gives a place back and tells the switch.
    pub(super) async fn leave(&self, flow: Flow, opener: Opener) {
        self.lock().leave(flow, opener);
        self.intake.tap().closed(flow.id);
        self.intake.flow_closed(flow.id).await;
    }

    pub(super) fn intake(&self) -> &SipIntake {
        &self.intake
    }

    pub(super) fn first_message(&self) -> Duration {
        self.first_message
    }

    /// Carries a connection that we open; an error says why it was not opened.
    async fn outbound(
        &self,
        flow: Flow,
        name: Option<&str>,
        terms: Option<&Arc<CertificateTerms>>,
        unwritten: Unwritten,
    ) -> io::Result<()> {
        if flow.transport.is_web() {
            // Only the browser can come back.
            return Err(io::ErrorKind::Unsupported.into());
        }
        let stream = prompt(self.in_time(TcpStream::connect(flow.remote)).await?);
        self.tap_address(flow, &stream);
        if flow.transport == Transport::Tls {
            let stream = self.in_time(self.tls.connect(stream, flow.remote, name, terms)).await?;
            if terms.is_some() {
                self.tell_shown(flow, stream.get_ref().1).await;
            }
            self.carry(stream, flow, Opener::Us, unwritten).await;
        } else {
            self.carry(stream, flow, Opener::Us, unwritten).await;
        }
        Ok(())
    }

    async fn inbound(&self, stream: TcpStream, flow: Flow, unwritten: Unwritten) {
        let stream = prompt(stream);
        self.tap_address(flow, &stream);
        if flow.transport == Transport::Tls {
            // A handshake costs more than a message, so it counts as one.
            let is_admitted = self.intake.admit(flow.remote.ip(), self.intake.clock().now().mono);
            let handshake =
                async { if is_admitted { self.tls.accept(stream).await } else { Err(io::ErrorKind::QuotaExceeded.into()) } };
            match self.in_time(handshake).await {
                Ok(stream) => {
                    self.tell_shown(flow, stream.get_ref().1).await;
                    self.carry(stream, flow, Opener::Them, unwritten).await;
                }
                Err(error) => tracing::debug!(%error, remote = %flow.remote, "a TLS handshake for SIP failed"),
            }
        } else {
            self.carry(stream, flow, Opener::Them, unwritten).await;
        }
    }

    async fn tell_shown(&self, flow: Flow, connection: &rustls::CommonState) {
        if let Some(chain) = shown(connection) {
            self.intake.certificate_shown(flow.id, Ok(chain)).await;
        }
    }

    /// A connection of ours failed: if a certificate is the reason, its trunk's health says so.
    async fn tell_problem(&self, flow: Flow, error: &io::Error) {
        if let Some(problem) = problem_of(error) {
            self.intake.certificate_shown(flow.id, Err(problem)).await;
        }
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

    pub(super) fn enter(&self, flow: Flow, opener: Opener) -> Option<Unwritten> {
        self.lock().enter(flow, opener, self.limits)
    }

    /// Carries a connection's messages both ways until either side ends it.
    async fn carry(&self, stream: impl AsyncRead + AsyncWrite, flow: Flow, opener: Opener, mut unwritten: Unwritten) {
        let (mut reader, mut writer) = split(stream);
        let mut framer = Framer::new();
        let mut buffer = vec![0; READ_OCTETS];
        // A keep-alive is no message: who comes and has nothing to say does not hold a place by it.
        let mut is_speaking = opener == Opener::Us;
        let mut end_at = self.after(if is_speaking { self.idle } else { self.first_message.min(self.idle) });
        let mut pinger = Pinger::new((opener == Opener::Us).then_some(self.keep_alive), self.intake.clock().now().mono);
        loop {
            tokio::select! {
                read = reader.read(&mut buffer) => {
                    let length = match read {
                        Ok(0) => return,
                        Ok(length) => length,
                        // Over TLS 1.3 the other side's word on our certificate comes after the handshake.
                        Err(error) if opener == Opener::Us => return self.tell_problem(flow, &error).await,
                        Err(_) => return,
                    };
                    if pinger.heard(self.intake.clock().now().mono) {
                        end_at = self.after(self.idle);
                    }
                    framer.push(buffer.get(..length).unwrap_or_default());
                    match self.take_frames(&mut framer, flow, &mut writer).await {
                        Some(Heard::Message) => {
                            is_speaking = true;
                            end_at = self.after(self.idle);
                        }
                        Some(Heard::KeepAlive) if is_speaking => end_at = self.after(self.idle),
                        Some(Heard::KeepAlive | Heard::Nothing) => {}
                        None => return,
                    }
                }
                bytes = unwritten.recv() => {
                    let Some(bytes) = bytes else { return self.linger(reader, writer).await };
                    if !self.write(&mut writer, &bytes).await {
                        return;
                    }
                }
                // Counted from the last whole message, so that a trickle of octets holds nothing open.
                () = self.intake.clock().sleep_until(end_at.min(pinger.due_at())) => {
                    let now = self.intake.clock().now().mono;
                    match pinger.turn(now) {
                        _ if now >= end_at => return,
                        Turn::Wait => {}
                        Turn::Ping => if !self.write(&mut writer, KEEP_ALIVE).await {
                            return;
                        },
                        Turn::Dead => {
                            tracing::info!(remote = %flow.remote, "a SIP connection no longer answers keep-alives; it is closed");
                            return;
                        }
                    }
                }
            }
        }
    }

    /// What the whole frames were; `None` ends the connection.
    async fn take_frames(&self, framer: &mut Framer, flow: Flow, writer: &mut (impl AsyncWrite + Unpin)) -> Option<Heard> {
        let mut heard = Heard::Nothing;
        loop {
            let frame = framer.next_frame().ok()?;
            let Some(frame) = frame else { return Some(heard) };
            if !self.intake.admit(flow.remote.ip(), self.intake.clock().now().mono) {
                return None;
            }
            match frame {
                Frame::Message(message) => {
                    self.intake.tap().heard(flow, framer.last_octets());
                    heard = Heard::Message;
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
                    heard = heard.max(Heard::KeepAlive);
                    if !self.write(writer, KEEP_ALIVE_ANSWER).await {
                        return None;
                    }
                }
            }
        }
    }

    /// Ends our side and reads past what still comes: were the connection closed with something unread in it, or something came later,
    /// the other side's kernel would throw away what it has not read yet, our last words among it (RFC 9112 9.6 has the same for HTTP).
    async fn linger(&self, mut reader: impl AsyncRead + Unpin, mut writer: impl AsyncWrite + Unpin) {
        let mut unread = [0; 512];
        let ends = async {
            if writer.shutdown().await.is_ok() {
                while let Ok(1..) = reader.read(&mut unread).await {}
            }
        };
        tokio::select! {
            () = ends => {}
            () = self.sleep(LINGER_MS) => {}
        }
    }

    async fn write(&self, writer: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> bool {
        tokio::select! {
            written = async { writer.write_all(bytes).await?; writer.flush().await } => written.is_ok(),
            () = self.sleep(WRITE_MS_MAX) => false,
        }
    }

    fn after(&self, time: Duration) -> Mono {
        self.intake.clock().now().mono + u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
    }

    async fn sleep(&self, millis: u64) {
        let clock = self.intake.clock();
        clock.sleep_until(clock.now().mono + millis).await;
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        // Nothing panics while it holds the lock; if it did, the maps are still sound.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Signalling is small and waited for.
fn prompt(stream: TcpStream) -> TcpStream {
    let _ = stream.set_nodelay(true);
    stream
}
