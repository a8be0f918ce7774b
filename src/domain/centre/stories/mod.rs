//! Stories of the live floor, told through its public door.

mod agents;
mod answered_by;
mod by_hand;
mod calls;
mod conferring;
mod consulting;
mod days;
mod dialling;
mod floor;
mod flows;
mod forecasts;
mod forks;
mod outward;
mod parking;
mod phones_that_dial;
mod queueing;
mod reasons;
mod recording;
mod redirected;
mod replacing;
mod routing;
mod supervising;
mod talking;
mod trunks;
mod unanswered;
mod waiting_rules;
