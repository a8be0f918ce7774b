//! Stories that drive the real thing: real sockets, real stores, real processes.

mod calls;
mod media;
mod support;
