//! Whole calls over real sockets.

mod answering_machines;
mod dialling_phones;
mod dialogs;
mod echo;
mod edge;
mod families;
mod forks;
mod key_tones;
mod lamps;
mod loss;
mod messages;
mod numbers;
mod outbound;
mod reasons;
mod recorders;
mod recordings;
mod redirected;
mod reports;
mod secure_trunks;
mod shared_agents;
mod signalling;
mod signed_callers;
mod telephone;
mod transfers;
mod trunks;
mod unanswered;
