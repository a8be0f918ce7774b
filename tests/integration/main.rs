//! Stories that drive the real thing: real sockets, real stores, real processes.

mod administration;
mod calls;
mod doors;
mod media;
mod process;
mod support;
mod tickets;
