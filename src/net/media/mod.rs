//! The media plane: RTP ports, the browsers' port, and the thread that carries audio between legs (`protocol::media` has the
//! words). It relays, mixes, plays and listens for keys; it never decides who hears whom.
//!
//! One dedicated thread, no tokio: it waits for readiness, and every 20 ms for the legs that must be clocked. Three ways of
//! feeding a leg, cheapest first: *relay* (its only source speaks its codec: header rewritten, payload untouched, on readiness),
//! *clocked* (playing, mixing, transcoding, keys, and silence to telephones, also while who they hear says nothing: decoded and
//! encoded on the tick), *silent* (a browser between calls, a peer that asked for no packets; one frame a second keeps
//! translators open). All legs are on the one worker, so nothing is locked and nothing crosses threads but orders and notices.
//!
//! Tried with Chromium 156: G.711 both ways without a concealed sample, keys, ICE restart, and audio again 0.1 s after a reload.
//!
//! What it costs, measured on two shared virtual cores, loopback, optimisation level 2 (processor time of the thread;
//! `tests/integration/media/load.rs`): a relayed G.711 call 0.49 ms per second, of which the kernel takes nine tenths; a prompt or
//! music to one leg that is sending too 0.32 ms; PCMU to PCMA 0.7 ms a call; PCMU to Opus 2.8 ms a call; a browser that
//! hears nothing and sends 0.13 ms (a telephone gets silence, which costs what a prompt does). Receiving asks the kernel twice a
//! packet (the second time to learn that no more waits), which is cheaper here than a batch call for one packet.
//!
//! RTCP of SIP legs: reports go out from the RTP port, to the peer's RTP port if it multiplexes and to the next one if not; no
//! second port is bound, which halves sockets and descriptors.

mod bell;
mod browser_port;
mod browsers;
mod carry;
mod dscp;
mod ear;
mod incoming;
mod leg;
mod mixing;
mod notices;
mod plane;
mod recorded;
mod settings;
mod sip_peer;
mod sound;
mod srtp;
mod tick;
mod worker;

pub use dscp::Dscp;
pub use plane::{MediaHandle, MediaPlane, MediaStats, Opinions};
pub use settings::{MediaSettings, advertised_of, detect_address};
