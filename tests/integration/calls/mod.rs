//! Whole calls over real sockets.

mod echo;
mod edge;
mod numbers;
mod telephone;
mod trunks;
