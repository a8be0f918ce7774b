//! What the stories share.

pub mod tone_peer;
