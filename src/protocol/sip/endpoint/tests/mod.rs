//! Stories over the endpoint's public door: two endpoints on a wire that delays, loses and repeats, in virtual time.

mod calls;
mod certificates;
mod devices;
mod doors;
mod families;
mod identity;
mod kept_subscriptions;
mod messages;
mod phones;
mod presentation;
mod provisional;
mod reasons;
mod recording;
mod session_timers;
mod streams;
mod subscriptions;
mod torture;
mod transfers;
mod trunks;
mod world;
