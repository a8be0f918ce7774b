//! Whole calls over real sockets.

mod dialogs;
mod echo;
mod edge;
mod loss;
mod numbers;
mod signalling;
mod telephone;
mod trunks;
