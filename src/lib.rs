//! Centralita: a contact-centre telephony and ticketing server.
//! The floors, lowest first; imports only point down (`tests/tidy.rs` holds them; `src/ARCHITECTURE.md` explains them).

/// Floor 5: the consoles' door.
pub mod console;
/// Floor 1: what we decide. The contact centre itself, pure.
pub mod domain;
/// Floor 1: how wires speak. SIP, SDP, RTP, browser media and audio, pure.
pub mod protocol;
/// Floor 2: the exchange. Joins the two below, still pure.
pub mod switch;
/// Floor 0: ids, time, numbers, chance.
pub mod types;
