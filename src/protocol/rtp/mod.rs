//! RTP as state machines: packets, what was received, what is sent, keys, reports. Knows no sockets and asks no clock; times
//! come in as [`Mono`](crate::types::Mono). What a payload sounds like is `protocol::audio`'s matter.

mod bursts;
mod jitter;
mod latch;
mod lateness;
mod outgoing;
mod packet;
mod quality;
mod reception;
mod replay;
mod rtcp;
mod srtp;
mod telephone_event;
mod xr;

pub use bursts::BurstFigures;
pub use jitter::{Arrival, Jitter, Popped};
pub use latch::{Latch, Latched};
pub use outgoing::{Outgoing, Stamp};
pub use packet::{HEADER_BYTES, Packet, is_rtcp, write_packet};
pub use quality::{Impairment, opinion, rating};
pub use reception::{Received, Reception};
pub use rtcp::{PeerReport, PeerReports, PeerSending, ReferenceEcho, ntp, read_reports, write_report};
pub use srtp::{KeyMaterial, SrtpFault, SrtpKey, SrtpKeys, SrtpReceiver, SrtpSender, SrtpSuite};
pub use telephone_event::{EventPacket, EventReceiver, EventSender, digit_of, event_of};
pub use xr::{ExtendedReport, PeerExtendedReport, VoipMetrics, XrTerms};
