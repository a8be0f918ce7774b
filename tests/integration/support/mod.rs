//! What the stories share.

pub mod baresip;
pub mod browser_peer;
pub mod centre;
pub mod console;
pub mod database;
pub mod desk_phone;
pub mod exchange;
pub mod lossy_relay;
pub mod node;
pub mod recorder_peer;
pub mod rest;
pub mod sipp;
pub mod tls_pipe;
pub mod tone_peer;
