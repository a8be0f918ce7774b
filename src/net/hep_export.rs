//! Copies of the captured messages for a HEP v3 collector over UDP. A message waits for a moment, until the switch has said which
//! call it belongs to; what cannot be sent then is dropped and counted, since the collector is a looker-on.

use std::{
    collections::VecDeque,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use tokio::net::UdpSocket;

use crate::{
    protocol::capture::{CaptureStore, CapturedMessage, HepIdentity, hep_packet, masked},
    types::Mono,
};

/// A message goes this long after it was taken in.
const EXPORT_AFTER_MS: u64 = 250;
/// Messages and octets that may wait; more are dropped.
const WAITING_MAX: usize = 16_384;
const WAITING_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The way to the collector.
pub(super) struct HepExport {
    collector: SocketAddr,
    identity: HepIdentity,
    socket: Option<UdpSocket>,
    /// Messages and when they go, oldest first.
    waiting: VecDeque<(Mono, CapturedMessage)>,
    waiting_bytes: usize,
    figures: Arc<ExportFigures>,
}

/// What became of messages for the collector.
#[derive(Debug, Default)]
pub(super) struct ExportFigures {
    pub(super) sent: AtomicU64,
    pub(super) dropped: AtomicU64,
}

impl HepExport {
    /// To this collector, as this node.
    pub(super) fn new(collector: SocketAddr, identity: HepIdentity, figures: Arc<ExportFigures>) -> Self {
        Self { collector, identity, socket: None, waiting: VecDeque::new(), waiting_bytes: 0, figures }
    }

    /// A message that passed.
    pub(super) fn add(&mut self, message: CapturedMessage, now: Mono) {
        let bytes = self.waiting_bytes + message.bytes.len();
        if self.waiting.len() < WAITING_MAX && bytes <= WAITING_BYTES_MAX {
            self.waiting_bytes = bytes;
            self.waiting.push_back((now + EXPORT_AFTER_MS, message));
        } else {
            self.figures.dropped.fetch_add(1, Relaxed);
        }
    }

    /// When [`HepExport::send_due`] is next needed.
    pub(super) fn next_due(&self) -> Option<Mono> {
        self.waiting.front().map(|(due, _)| *due)
    }

    /// Sends what is due by then, or everything; `store` knows the calls.
    pub(super) async fn send_due(&mut self, by: Option<Mono>, store: &CaptureStore) {
        while let Some((due, message)) = self.waiting.pop_front() {
            if by.is_some_and(|by| due > by) {
                self.waiting.push_front((due, message));
                return;
            }
            self.waiting_bytes -= message.bytes.len();
            let call = store.call_of(&message).map(|call| call.to_string());
            let packet = hep_packet(&message, &masked(&message.bytes), call.as_deref(), &self.identity);
            let is_sent = self.send(&packet).await;
            let counter = if is_sent { &self.figures.sent } else { &self.figures.dropped };
            counter.fetch_add(1, Relaxed);
        }
    }

    async fn send(&mut self, packet: &[u8]) -> bool {
        if self.socket.is_none() {
            let any: IpAddr =
                if self.collector.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
            match UdpSocket::bind((any, 0)).await {
                Ok(socket) => self.socket = Some(socket),
                Err(error) => tracing::warn!(%error, "no socket for the HEP collector"),
            }
        }
        let Some(socket) = &self.socket else { return false };
        match socket.send_to(packet, self.collector).await {
            Ok(_) => true,
            Err(error) => {
                tracing::debug!(%error, collector = %self.collector, "a message could not be sent to the HEP collector");
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        protocol::{capture::CaptureLimits, sip::Transport},
        types::{CallId, Rng, Timestamp},
    };

    const HEP_HEADER: usize = 6;

    fn message(start: &str, call_id: &str) -> CapturedMessage {
        let text = format!("{start} sip:1@h SIP/2.0\r\nCall-ID: {call_id}\r\nAuthorization: Digest response=\"abc\"\r\n\r\n");
        CapturedMessage {
            at_us: 1_766_000_000_123_456,
            source: "192.0.2.1:5070".parse().unwrap(),
            destination: "192.0.2.2:5060".parse().unwrap(),
            transport: Transport::Udp,
            is_inbound: true,
            bytes: text.into_bytes().into(),
        }
    }

    fn store() -> CaptureStore {
        CaptureStore::new(CaptureLimits { bytes_max: 1 << 20, messages_max: 100, messages_per_call_max: 100 })
    }

    /// A packet taken apart as HEP v3 says: "HEP3", its length, then vendor, type, length and value of every chunk.
    fn chunks(packet: &[u8]) -> BTreeMap<u16, Vec<u8>> {
        let short = |at: usize| u16::from_be_bytes([packet[at], packet[at + 1]]);
        assert_eq!((&packet[..4], usize::from(short(4))), (&b"HEP3"[..], packet.len()));
        let (mut at, mut found) = (HEP_HEADER, BTreeMap::new());
        while at < packet.len() {
            let length = usize::from(short(at + 4));
            assert_eq!(short(at), 0);
            found.insert(short(at + 2), packet[at + HEP_HEADER..at + length].to_vec());
            at += length;
        }
        assert_eq!(at, packet.len());
        found
    }

    #[tokio::test]
    async fn a_collector_gets_every_message_masked_and_with_its_call() {
        let collector = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let identity = HepIdentity { capture_id: 7, password: "pw".into() };
        let figures = Arc::new(ExportFigures::default());
        let mut export = HepExport::new(collector.local_addr().unwrap(), identity, figures.clone());
        let (mut store, began) = (store(), Mono::from_millis(1_000));
        let call = CallId::mint(Timestamp::from_millis(1_766_000_000_000), &mut Rng::seeded(1));
        let call_text = call.to_string();
        store.keep(message("INVITE", "a"));
        export.add(message("INVITE", "a"), began);
        export.add(message("REGISTER", "b"), began + 10);
        assert_eq!(export.next_due(), Some(began + EXPORT_AFTER_MS));
        export.send_due(Some(began + 100), &store).await;
        assert_eq!(figures.sent.load(Relaxed), 0, "nobody has said yet whose the dialog is");
        store.name(call, "a");
        export.send_due(Some(began + EXPORT_AFTER_MS), &store).await;
        assert_eq!(figures.sent.load(Relaxed), 1);
        export.send_due(None, &store).await;

        let mut packets = Vec::new();
        for _ in 0..2 {
            let mut packet = vec![0; 2_000];
            let length = collector.recv(&mut packet).await.unwrap();
            packets.push(chunks(&packet[..length]));
        }
        let expected: [(u16, &[u8]); 13] = [
            (1, &[2]),
            (2, &[17]),
            (3, &[192, 0, 2, 1]),
            (4, &[192, 0, 2, 2]),
            (7, &5070_u16.to_be_bytes()),
            (8, &5060_u16.to_be_bytes()),
            (9, &1_766_000_000_u32.to_be_bytes()),
            (10, &123_456_u32.to_be_bytes()),
            (11, &[1]),
            (12, &7_u32.to_be_bytes()),
            (14, b"pw"),
            (15, b"INVITE sip:1@h SIP/2.0\r\nCall-ID: a\r\nAuthorization: Digest response=\"***\"\r\n\r\n"),
            (17, call_text.as_bytes()),
        ];
        assert_eq!(packets[0], expected.map(|(kind, value)| (kind, value.to_vec())).into());
        assert!(packets[1][&15].starts_with(b"REGISTER ") && !packets[1].contains_key(&17), "no call's message");
        assert_eq!((figures.sent.load(Relaxed), figures.dropped.load(Relaxed), export.next_due()), (2, 0, None));
    }

    #[tokio::test]
    async fn what_waits_is_bounded_and_what_is_dropped_is_counted() {
        let figures = Arc::new(ExportFigures::default());
        let mut export = HepExport::new("127.0.0.1:9".parse().unwrap(), HepIdentity::default(), figures.clone());
        for _ in 0..WAITING_MAX + 5 {
            export.add(message("REGISTER", "b"), Mono::default());
        }
        assert_eq!((export.waiting.len(), figures.dropped.load(Relaxed)), (WAITING_MAX, 5));
    }
}
