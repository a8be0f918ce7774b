//! The body of a recorder's INVITE: a session description and the metadata, one behind the other (RFC 7866 9.1, RFC 2046 5.1).

use crate::protocol::sip::SipMessage;

/// Media type of the description of a recorded session.
pub const METADATA: &str = "application/rs-metadata+xml";
/// Media type by which a recorder asks for all of it again (RFC 7866 9.2).
pub const METADATA_REQUEST: &str = "application/rs-metadata-request";

/// Media type and text of the body with both. `boundary`: any number.
pub fn recording_body(sdp: &str, metadata: &str, boundary: u64) -> (String, String) {
    // Neither part has a line that begins with two hyphens: of SDP each begins with a letter, and there are no line ends in the
    // texts within the metadata.
    let boundary = format!("recording-{boundary:016x}");
    let body = format!(
        "--{boundary}\r\nContent-Type: application/sdp\r\n\r\n{sdp}\r\n--{boundary}\r\nContent-Type: {METADATA}\r\n\
         Content-Disposition: recording-session\r\n\r\n{metadata}\r\n--{boundary}--\r\n"
    );
    (format!("multipart/mixed;boundary={boundary}"), body)
}

/// Whether a recorder wants to be told everything anew. What stands in its request is only why.
pub fn asks_for_metadata(request: &SipMessage) -> bool {
    let kind = request.content_type();
    !request.body().is_empty()
        && kind.is_some_and(|kind| kind == METADATA_REQUEST || kind.strip_suffix("+xml") == Some(METADATA_REQUEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_are_found_by_whoever_reads_them_by_the_book() {
        let (kind, body) = recording_body("v=0\r\ns=-\r\n", "<recording/>\n", 7);
        let boundary = kind.strip_prefix("multipart/mixed;boundary=").expect("a boundary");
        let parts: Vec<&str> = body.split(&format!("--{boundary}")).collect();
        assert_eq!(
            parts,
            [
                "",
                "\r\nContent-Type: application/sdp\r\n\r\nv=0\r\ns=-\r\n\r\n",
                "\r\nContent-Type: application/rs-metadata+xml\r\nContent-Disposition: recording-session\r\n\r\n<recording/>\n\r\n",
                "--\r\n",
            ]
        );
        // RFC 2046 5.1.1.
        assert!(boundary.len() <= 70);
    }
}
