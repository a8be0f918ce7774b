//! The media plane: RTP ports, the browsers' port, and the threads that carry audio between legs (`protocol::media` has the
//! words). It relays, mixes, plays and listens for keys; it never decides who hears whom.
//!
//! Dedicated threads, no tokio: each waits for readiness, and every 20 ms for the legs that must be clocked. Three ways of
//! feeding a leg, cheapest first: *relay* (its only source speaks its codec: header rewritten, payload untouched, on readiness),
//! *clocked* (playing, mixing, transcoding, keys, and silence to telephones, also while who they hear says nothing: decoded and
//! encoded on the tick), *silent* (a browser between calls, a peer that asked for no packets; one frame a second keeps
//! translators open).
//!
//! Legs that hear each other are on one thread (`places.rs`), so no packet of a call is locked or crosses. Who begins to hear a leg of another
//! thread brings them together: the legs move (`moving.rs`), in a moment and in the state in which they are, while telephones' packets wait in
//! their sockets. The one port of all browsers is read by the first thread, which hands on by the batch what is not its own (`crew.rs`); each
//! thread sends from it. A thread is filled to three fifths of a processor before the next one gets calls, because what is taken in
//! one turn costs less.
//!
//! Tried with Chromium 156: G.711 both ways without a concealed sample, keys, ICE restart, and audio again 0.1 s after a reload.
//!
//! What it costs, measured on two shared virtual cores, loopback, optimisation level 2 (processor time of the thread;
//! `tests/integration/media/load.rs`): a relayed G.711 call 0.49 ms per second, of which the kernel takes nine tenths; a prompt or
//! music to one leg that is sending too 0.32 ms; PCMU to PCMA 0.7 ms a call; PCMU to Opus 2.8 ms a call; a browser that
//! hears nothing and sends 0.13 ms (a telephone gets silence, which costs what a prompt does).
//!
//! What was tried against the kernel's nine tenths, old and new by turns on a machine that others kept busy (processor time of the
//! thread per packet that goes out, 200 calls relayed: 8.4 µs before, 7.8 µs after; 400 who wait with music: 9.7 µs before, 8.0 µs after):
//! packets of a millisecond are taken in one turn where thousands come in a second (`gather.rs`); one read a packet instead of two, for the
//! poll tells of a socket as long as anything waits in it (`socket.rs`); music and silence are encoded once for all who hear them
//! (`common.rs`). Later, on a busier one: what a turn sends to telephones goes in one piece, and packets of one and a half milliseconds are
//! taken in one turn (`departures.rs`, `gather.rs`; 200 calls relayed: 13.5 µs before, 11.1 µs after; 400: 12.3 µs and 10.3 µs, with 99 of 100
//! packets there 0.6 ms later); the browsers' port is read and written in batches (`batch.rs`; 150 browsers that talk to telephones: 21.2 µs and
//! 18.3 µs). A batch call for the one packet that a telephone's socket holds costs more than the read. Being told of a packet once
//! (EPOLLET) rather than as long as it waits gained nothing that could be measured. Where who hears a packet is on the same machine, a
//! quarter of the thread's time went into waking it, packet by packet. At saturation sending
//! is half of all, receiving a fifth, waiting an eighth, our own code an eighth. One thread carries some 1,000 relayed calls in time;
//! behind its clock it says so (`lag.rs`).
//!
//! RTCP of SIP legs: reports go out from the RTP port, to the peer's RTP port if it multiplexes and to the next one if not; no
//! second port is bound, which halves sockets and descriptors.

mod batch;
mod bell;
mod browser_door;
mod browsers;
mod carry;
mod common;
mod connections;
mod crew;
mod departures;
mod dscp;
mod ear;
mod forked;
mod gather;
mod incoming;
mod lag;
mod leg;
mod line;
mod locked;
mod mixing;
mod moving;
mod notices;
mod places;
mod plane;
mod recorded;
mod settings;
mod sip_peer;
mod socket;
mod sound;
mod speech;
mod srtp;
mod stats;
mod tick;
mod usage;
mod worker;

pub use dscp::Dscp;
pub use plane::{MediaHandle, MediaPlane};
pub use settings::{MediaSettings, advertised_of, detect_address};
pub(super) use sip_peer::{PortPool, bind_each};
pub(super) use srtp::draw_keys;
pub use stats::{Lateness, MediaStats, Opinions, ThreadStats};
