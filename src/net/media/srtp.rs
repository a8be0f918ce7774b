//! Encryption of a SIP leg (SRTP): which keys hold now, what is sealed with ours and opened with theirs. Packets are opened before
//! anything else is made of them, so that one which is not the peer's neither latches its sender nor keeps the leg alive.

use std::io;

use crate::{
    net::Secrets,
    protocol::{
        media::RemoteMedia,
        rtp::{KeyMaterial, SrtpFault, SrtpKeys, SrtpReceiver, SrtpSender, is_rtcp},
    },
};

/// Octets that are added to an RTCP packet at most: index and tag.
const REPORT_GROWS_MAX: usize = 20;

/// The two directions of a leg.
pub(super) struct LegSrtp {
    keys: Box<SrtpKeys>,
    sender: SrtpSender,
    receiver: SrtpReceiver,
}

impl LegSrtp {
    fn new(keys: &SrtpKeys) -> Self {
        Self { keys: Box::new(keys.clone()), sender: SrtpSender::new(&keys.ours), receiver: SrtpReceiver::new(&keys.theirs) }
    }

    /// As it is after an agreement: a key that is said again goes on with what it has counted (RFC 4568 7.1.4), a new one begins.
    pub(super) fn agree(current: &mut Option<Box<Self>>, remote: &RemoteMedia) {
        match (current.as_mut(), remote.srtp.as_ref()) {
            (_, None) => *current = None,
            (None, Some(keys)) => *current = Some(Box::new(Self::new(keys))),
            (Some(now), Some(keys)) => {
                if now.keys.ours != keys.ours {
                    now.sender = SrtpSender::new(&keys.ours);
                }
                if now.keys.theirs != keys.theirs {
                    now.receiver = SrtpReceiver::new(&keys.theirs);
                }
                now.keys.clone_from(keys);
            }
        }
    }

    /// Seals the RTP packet in the first `length` octets: the octets to send.
    pub(super) fn seal<'a>(&self, datagram: &'a mut [u8], length: usize, sequence: u64) -> Option<&'a [u8]> {
        let length = self.sender.seal(datagram, length, sequence)?;
        datagram.get(..length)
    }

    /// Seals an RTCP packet: `false` if that cannot be done any more, and it must not be sent.
    pub(super) fn seal_report(&mut self, report: &mut Vec<u8>) -> bool {
        let length = report.len();
        report.resize(length + REPORT_GROWS_MAX, 0);
        let sealed = self.sender.seal_report(report, length);
        report.truncate(sealed.unwrap_or(0));
        sealed.is_some()
    }

    /// Opens what came from the peer, RTP or RTCP, where it lies.
    pub(super) fn open<'a>(&mut self, datagram: &'a mut [u8]) -> Result<&'a [u8], SrtpFault> {
        let length = if is_rtcp(datagram) { self.receiver.open_report(datagram) } else { self.receiver.open(datagram) }?;
        datagram.get(..length).ok_or(SrtpFault::Forged)
    }
}

/// Chance for the keys of a leg.
pub(super) fn draw_keys() -> io::Result<KeyMaterial> {
    Secrets.octets().map(KeyMaterial::new).map_err(io::Error::other)
}
