//! What the stories share.

pub mod exchange;
pub mod sipp;
pub mod browser_peer;
pub mod tone_peer;
