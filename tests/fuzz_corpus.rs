//! The fuzz targets' corpus through the same entries as `make fuzz`, with the captures besides: what once broke stays mended.

use std::{fs, path::Path};

#[path = "fuzz/entries/access.rs"]
mod access;
#[path = "fuzz/entries/playout.rs"]
mod playout;
#[path = "fuzz/entries/rtcp.rs"]
mod rtcp;
#[path = "fuzz/entries/rtp.rs"]
mod rtp;
#[path = "fuzz/entries/sdp.rs"]
mod sdp;
#[path = "fuzz/entries/sdp_keys.rs"]
mod sdp_keys;
#[path = "fuzz/entries/sip_endpoint.rs"]
mod sip_endpoint;
#[path = "fuzz/entries/sip_headers.rs"]
mod sip_headers;
#[path = "fuzz/entries/sip_stream.rs"]
mod sip_stream;
#[path = "fuzz/entries/siprec.rs"]
mod siprec;
#[path = "fuzz/entries/srtp.rs"]
mod srtp;
#[path = "fuzz/entries/stun.rs"]
mod stun;

/// Runs every file of these folders of `tests/`.
fn replay(folders: &[&str], entry: fn(&[u8])) {
    let mut played = 0;
    for folder in folders {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
        for file in fs::read_dir(&folder).expect("a folder of inputs").flatten() {
            let path = file.path();
            if path.is_file() {
                // What fails is named by the last line before the panic.
                println!("{}", path.display());
                entry(&fs::read(&path).expect("a readable input"));
                played += 1;
            }
        }
    }
    assert!(played > 0, "no inputs in {folders:?}");
}

#[test]
fn datagrams_leave_nothing_behind_in_the_endpoint() {
    let folders = ["fuzz/corpus/sip_endpoint", "captures/sip", "captures/sip/rfc4475", "captures/sip/rfc5118"];
    replay(&folders, sip_endpoint::run);
}

#[test]
fn header_values_are_read_and_answered() {
    replay(&["fuzz/corpus/sip_headers"], |bytes| {
        sip_headers::run(bytes);
    });
}

#[test]
fn a_statement_of_the_corpus_gets_as_far_as_its_signature() {
    assert_eq!(sip_headers::run(include_bytes!("fuzz/corpus/sip_headers/identity-that-fits")), 2);
}

#[test]
fn streams_give_the_same_messages_however_they_are_cut() {
    replay(&["fuzz/corpus/sip_stream", "captures/sip/rfc4475"], sip_stream::run);
}

#[test]
fn session_descriptions_are_answered_readably() {
    replay(&["fuzz/corpus/sdp"], sdp::run);
}

#[test]
fn media_packets_are_read_as_they_were_written() {
    replay(&["fuzz/corpus/rtp"], rtp::run);
}

#[test]
fn what_has_to_be_encrypted_never_comes_out_plain() {
    replay(&["fuzz/corpus/sdp_keys", "fuzz/corpus/sdp"], sdp_keys::run);
}

#[test]
fn only_what_the_peer_has_sealed_is_taken() {
    replay(&["fuzz/corpus/srtp"], srtp::run);
}

#[test]
fn reports_make_sense() {
    replay(&["fuzz/corpus/rtcp"], rtcp::run);
}

#[test]
fn payloads_and_comfort_noise_become_a_steady_sound() {
    replay(&["fuzz/corpus/playout"], playout::run);
}

#[test]
fn recorders_leave_nothing_behind_in_the_endpoint() {
    replay(&["fuzz/corpus/siprec"], siprec::run);
}

#[test]
fn browsers_are_told_apart() {
    replay(&["fuzz/corpus/stun"], stun::run);
}
