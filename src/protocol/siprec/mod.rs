//! What a recorder of another house is told of a call whose audio it gets (SIPREC, RFC 7866): the description of who takes part
//! and who is heard on which stream (RFC 7865), and the body that carries it beside the session description. The recording
//! session itself is a dialog like others (`protocol::sip`), its two streams are agreed in `protocol::sdp::RecorderSession`.

mod body;
mod metadata;
mod sender;
mod unique_id;
#[cfg(test)]
mod xml;

pub use body::{METADATA, METADATA_REQUEST, asks_for_metadata, recording_body};
pub use metadata::{PARTICIPANTS_MAX, Participant, RecordedSession, address_of_record};
pub use sender::{DATAGRAM_OCTETS_MAX, StreamSender};
pub use unique_id::UniqueId;
