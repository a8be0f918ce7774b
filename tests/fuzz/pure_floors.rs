//! What the fuzz targets need of the server, under its own name: the pure floors, from the same files.
#![allow(unused_macros, unused_imports)] // Settings are made on floors above.

#[path = "../../src/types/mod.rs"]
pub mod types;

#[path = "../../src/protocol"]
pub mod protocol {
    pub mod certificate;
    mod der;
    pub mod media;
    pub mod rtp;
    pub mod sdp;
    pub mod sip;
    pub mod stir;
    pub mod stun;
    #[path = "webrtc"]
    pub mod webrtc {
        mod demux;
        pub use demux::{Demux, stun_username};
    }
}
