#![no_main]

#[path = "../entries/access.rs"]
mod access;
#[path = "../entries/siprec.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entry::run(bytes));
