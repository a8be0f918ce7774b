//! The outside world of packets, chance and time: each file knows one thing of the operating system. Decides nothing about
//! calls; what it refuses, it refuses before anything is understood.

mod certificates;
pub mod clips;
mod clock;
mod dns;
mod file_watch;
mod flood_gate;
pub mod forks;
mod hep_export;
mod kept_task;
pub mod media;
mod priority;
mod public_address;
mod recent_invites;
pub mod recording;
mod resolver;
mod secrets;
mod sip;
mod sip_addresses;
mod sip_capture;
mod sip_intake;
mod sip_pinger;
mod sip_places;
mod sip_socket;
mod sip_tcp;
mod sip_tls;
mod sip_udp;
mod stir;
mod tls_verifiers;
mod webhook;

#[cfg(test)]
mod sip_stories;
#[cfg(test)]
mod sip_tls_stories;

pub use certificates::{CertificateFault, CertificateState, Certificates};
pub use clock::SystemClock;
pub use file_watch::{FileWatch, FilesSeen, ReadAgain};
pub use flood_gate::FloodGate;
pub use kept_task::keep;
pub use priority::prefer_this_thread;
pub use resolver::{PeerNames, Reach};
pub use secrets::{NoRandomness, Secrets};
pub use sip::{SipNet, SipNetFault, SipNetSettings, Wire};
pub use sip_capture::{CaptureHandle, CaptureSettings, CaptureStats, SipCapture, SipTap};
pub use sip_intake::SipNetStats;
pub use sip_socket::{SipSocket, SipSockets, SocketOver};
pub use stir::{Stir, StirFault, StirSettings, StirVerifier};
pub use webhook::{WebhookAddress, WebhookFault, WebhookMessage, WebhookPoster, WebhookSettings};
