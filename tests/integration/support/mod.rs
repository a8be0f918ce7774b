//! What the stories share.

pub mod exchange;
pub mod sipp;
pub mod tone_peer;
