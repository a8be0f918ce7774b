//! What the stories share.

pub mod browser_peer;
pub mod exchange;
pub mod sipp;
pub mod tone_peer;
