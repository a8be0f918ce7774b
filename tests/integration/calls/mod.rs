//! Whole calls over real sockets.

mod echo;
