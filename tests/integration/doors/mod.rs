//! Who comes in by which door, and what they find.

mod coming_in;
mod consoles;
mod process;
mod requests;
