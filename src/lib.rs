//! Centralita: a contact-centre telephony and ticketing server.
//! The floors, lowest first; imports only point down (`tests/tidy.rs` holds them; `src/ARCHITECTURE.md` explains them).

/// Floor 4: use cases and loops. Load, decide, save, send.
pub mod app;
/// Floor 6: the command line.
pub mod cli;
/// Floor 6: every module's settings, read from file, environment and command line.
pub mod config;
/// Floor 5: the consoles' door.
pub mod console;
/// Floor 1: what we decide. The contact centre itself, pure.
pub mod domain;
/// Floor 5: the door for browsers and programs.
pub mod http;
/// Floor 3: sockets, the clock, the operating system's randomness.
pub mod net;
/// Floor 1: how wires speak. SIP, SDP, RTP, browser media and audio, pure.
pub mod protocol;
/// Floor 6: the composition root.
pub mod server;
/// Floor 3: what lasts. SQLite or PostgreSQL.
pub mod store;
/// Floor 2: the exchange. Joins the two below, still pure.
pub mod switch;
/// Floor 0: ids, time, numbers, chance.
pub mod types;
