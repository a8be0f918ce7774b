//! Stories of the live floor, told through its public door.

mod calls;
mod days;
mod floor;
