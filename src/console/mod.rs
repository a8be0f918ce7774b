//! The consoles' door: one WebSocket per console tab, one per web phone. Authenticated by the session cookie and an exact Origin.

#[cfg(test)]
mod examples;
pub mod wire;
