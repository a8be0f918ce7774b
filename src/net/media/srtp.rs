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
    /// Whether ours begins: then our stream has to as well, for its receiver counts rollovers from zero (RFC 3711 3.3.1), and a key
    /// that was ours once before never seals the same numbers of one source again (RFC 3711 9.1).
    #[must_use]
    pub(super) fn agree(current: &mut Option<Box<Self>>, remote: &RemoteMedia) -> bool {
        match (current.as_mut(), remote.srtp.as_ref()) {
            (_, None) => {
                *current = None;
                false
            }
            (None, Some(keys)) => {
                *current = Some(Box::new(Self::new(keys)));
                true
            }
            (Some(now), Some(keys)) => {
                let begins = now.keys.ours != keys.ours;
                if begins {
                    now.sender = SrtpSender::new(&keys.ours);
                }
                if now.keys.theirs != keys.theirs {
                    now.receiver = SrtpReceiver::new(&keys.theirs);
                }
                now.keys.clone_from(keys);
                begins
            }
        }
    }

    /// Seals the RTP packet in the first `length` octets: its length then.
    pub(super) fn seal(&self, datagram: &mut [u8], length: usize, sequence: u64) -> Option<usize> {
        self.sender.seal(datagram, length, sequence)
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
pub(in crate::net) fn draw_keys() -> io::Result<KeyMaterial> {
    Secrets.octets().map(KeyMaterial::new).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::{net::UdpSocket, sync::Arc, time::Duration};

    use tokio::sync::mpsc;

    use super::*;
    use crate::{
        net::{
            SystemClock,
            media::{MediaHandle, MediaPlane, MediaSettings},
        },
        protocol::{
            media::{Codec, MediaNotice, MediaOrder},
            rtp::{Packet, SrtpKey, SrtpSuite, XrTerms},
        },
        types::{IpFamilies, LegId, Rng, Timestamp},
    };

    fn keys(suite: SrtpSuite) -> Box<SrtpKeys> {
        let key = |first: u8| SrtpKey::new(suite, &(first..).take(suite.master_octets()).collect::<Vec<_>>()).unwrap();
        Box::new(SrtpKeys { ours: key(1), theirs: key(101) })
    }

    /// A telephone that hears silence all the time.
    struct Telephone {
        leg: LegId,
        socket: UdpSocket,
        media: MediaHandle,
    }

    impl Telephone {
        /// Agrees to these keys: source and sequence number of the first packet that it can read then, which has no rollover.
        fn agree(&self, srtp: Option<Box<SrtpKeys>>) -> (u32, u16) {
            let mut receiver = srtp.as_ref().map(|keys| SrtpReceiver::new(&keys.ours));
            let remote = RemoteMedia {
                address: self.socket.local_addr().unwrap(),
                codec: Codec::Pcmu,
                payload_type: 0,
                digit_payload_type: None,
                noise_payload_type: None,
                xr: XrTerms::default(),
                is_receiving: true,
                is_sending: true,
                srtp,
                keeps_level: false,
            };
            self.media.order(MediaOrder::SetRemote { leg: self.leg, remote, signalled_from: None, is_settled: true });
            loop {
                let mut datagram = [0; 400];
                let length = self.socket.recv(&mut datagram).expect("a packet in time");
                let opened = match &mut receiver {
                    Some(receiver) => receiver.open(&mut datagram[..length]).ok(),
                    None => (length == 172).then_some(length),
                };
                if let Some(packet) = opened.and_then(|length| Packet::read(&datagram[..length])) {
                    return (packet.ssrc, packet.sequence);
                }
            }
        }
    }

    #[test]
    fn each_time_that_a_key_begins_our_stream_does_too() {
        let (notices, mut heard) = mpsc::channel(16);
        let settings = MediaSettings { bind: vec!["127.0.0.1".parse().unwrap()], browser_port: 0, ..MediaSettings::default() };
        let media = MediaPlane::start(&settings, Arc::new(SystemClock::start()), Rng::seeded(1), notices).unwrap();
        let leg = LegId::mint(Timestamp::from_millis(0), &mut Rng::seeded(2));
        media.order(MediaOrder::Open { leg, families: IpFamilies::Both });
        assert!(matches!(heard.blocking_recv(), Some(MediaNotice::Opened { .. })));
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let telephone = Telephone { leg, socket, media };

        let (gcm, counter_mode) = (keys(SrtpSuite::AeadAes128Gcm), keys(SrtpSuite::AesCm128HmacSha1_80));
        let plain = telephone.agree(None);
        let first = telephone.agree(Some(gcm.clone()));
        let same = telephone.agree(Some(gcm.clone()));
        assert_eq!(same.0, first.0);
        assert!(same.1 > first.1, "a key that is said again goes on");
        let other = telephone.agree(Some(counter_mode));
        let again = telephone.agree(Some(gcm.clone()));
        telephone.agree(None);
        let after_plain = telephone.agree(Some(gcm));
        let mut sources = [plain, first, other, again, after_plain].map(|(ssrc, _)| ssrc).to_vec();
        sources.sort_unstable();
        sources.dedup();
        assert_eq!(sources.len(), 5);
        telephone.media.stop();
    }
}
