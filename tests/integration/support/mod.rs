//! What the stories share.

pub mod baresip;
pub mod browser_peer;
pub mod carrier_peer;
pub mod centre;
pub mod console;
pub mod crowd_peer;
pub mod database;
pub mod desk_phone;
pub mod directory;
pub mod exchange;
pub mod lossy_relay;
pub mod node;
pub mod outside_system;
pub mod recorder_peer;
pub mod rest;
pub mod sipp;
pub mod tls_pipe;
pub mod tone_peer;
pub mod wav;

use std::path::{Path, PathBuf};

/// Every file in this folder and those within it.
pub fn files_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}
