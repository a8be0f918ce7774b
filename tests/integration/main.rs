//! Stories that drive the real thing: real sockets, real stores, real processes.

mod media;
mod support;
