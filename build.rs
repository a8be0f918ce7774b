//! Gives the binary a name of its build: the console compares it with its own page's.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=web-console/dist/index.html");
    println!("cargo::rerun-if-changed=web-console/dist");
    // The page names its hashed files, so its content changes with any of them.
    let page = fs::read("web-console/dist/index.html").unwrap_or_default();
    let mut hasher = DefaultHasher::new();
    page.hash(&mut hasher);
    println!("cargo::rustc-env=CENTRALITA_BUILD={:016x}", hasher.finish());
}
