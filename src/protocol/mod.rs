//! How wires speak: bytes and state machines without sockets, threads or clock. Has never heard of queues or agents.
//! Notices go up (something was heard), orders come down (say this).

pub mod audio;
pub mod capture;
pub mod certificate;
mod der;
pub mod dns;
pub mod forking;
pub mod media;
pub mod recording;
pub mod rtp;
pub mod sdp;
pub mod sip;
pub mod siprec;
pub mod stir;
pub mod stun;
pub mod webrtc;
