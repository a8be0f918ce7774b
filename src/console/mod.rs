//! The consoles' door: one WebSocket per console tab, one per web phone. Authenticated by the session cookie and an exact Origin.
//! Decides what each console is told (`redact.rs`) and turns what it asks into commands; what may be done is decided below.
//! Deliberately absent: REST (`http`), and any state that lasts.

mod command;
#[cfg(test)]
mod examples;
mod redact;
mod settings;
mod sockets;
pub mod wire;

pub use settings::WebPhoneSettings;
