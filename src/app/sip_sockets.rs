//! Places for SIP over WebSocket, for the doors, which do not reach past this floor.

pub use crate::net::{SipSocket, SipSockets, SocketOver};
