//! What the fuzz targets need of the server, under its own name: the pure floors, from the same files.
#![allow(unused_macros, unused_imports)] // Settings are made on floors above.

#[path = "../../src/types/mod.rs"]
pub mod types;

#[path = "../../src/protocol"]
pub mod protocol {
    pub mod audio;
    pub mod certificate;
    mod der;
    pub mod forking;
    pub mod media;
    pub mod recording;
    pub mod rtp;
    pub mod sdp;
    pub mod sip;
    pub mod siprec;
    pub mod stir;
    pub mod stun;
    #[path = "webrtc"]
    pub mod webrtc {
        mod demux;
        pub use demux::{Demux, stun_username};
    }
}
