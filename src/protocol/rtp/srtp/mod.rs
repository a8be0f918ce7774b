//! Encrypted RTP and RTCP (RFC 3711, AES-GCM by RFC 7714): packets are sealed and opened where they lie, nothing is allocated for
//! one. What the keys are and who may have them is said in SDP (`protocol::sdp`).

mod key;
mod session;

use self::session::SessionKeys;
use super::replay::ReplayWindow;
pub use key::{KeyMaterial, SrtpKey, SrtpKeys, SrtpSuite};

/// Streams of one peer that are told apart; one more, and that which was silent for longest is forgotten.
const STREAMS_MAX: usize = 4;
/// Rollovers (RFC 3711 3.3.1) in which the first packet of a key may be: a peer that was asked anew in a long call, as after a
/// restart of ours, goes on counting where it was, and each rollover is 22 minutes.
const FIRST_ROLLOVERS: u64 = 16;
/// RFC 3711 3.4: the index of RTCP has 31 bits.
const RTCP_INDEX_MAX: u32 = 0x7fff_ffff;

/// Why a packet of a peer is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SrtpFault {
    /// It is not one of those that are encrypted with the key.
    Forged,
    /// It came before, or is too old to tell.
    Replayed,
}

/// Seals what we send.
#[derive(Debug)]
pub struct SrtpSender {
    rtp: SessionKeys,
    rtcp: SessionKeys,
    next_report: u32,
}

impl SrtpSender {
    /// With our key.
    pub fn new(key: &SrtpKey) -> Self {
        Self { rtp: SessionKeys::for_rtp(key), rtcp: SessionKeys::for_rtcp(key), next_report: 1 }
    }

    /// Seals the RTP packet in the first `length` octets, whose extended sequence number this is: the octets of the whole, or
    /// `None` if there is no room behind it.
    pub fn seal(&self, datagram: &mut [u8], length: usize, sequence: u64) -> Option<usize> {
        let header = header_octets(datagram.get(..length)?)?;
        self.rtp.seal_rtp(datagram, header, length, sequence)
    }

    /// The same of an RTCP packet.
    pub fn seal_report(&mut self, datagram: &mut [u8], length: usize) -> Option<usize> {
        let index = self.next_report;
        if index > RTCP_INDEX_MAX {
            return None;
        }
        self.next_report += 1;
        self.rtcp.seal_rtcp(datagram, length, index)
    }
}

/// Opens what a peer sends.
#[derive(Debug)]
pub struct SrtpReceiver {
    rtp: SessionKeys,
    rtcp: SessionKeys,
    /// The one heard last comes first.
    streams: Vec<Stream>,
}

/// One stream of a peer.
#[derive(Debug, Clone, Copy)]
struct Stream {
    ssrc: u32,
    packets: ReplayWindow,
    reports: ReplayWindow,
}

impl SrtpReceiver {
    /// With their key.
    pub fn new(key: &SrtpKey) -> Self {
        Self { rtp: SessionKeys::for_rtp(key), rtcp: SessionKeys::for_rtcp(key), streams: Vec::with_capacity(STREAMS_MAX) }
    }

    /// Opens an RTP packet where it lies: the octets of the plain one. Nothing is noted of a packet that is not the peer's.
    pub fn open(&mut self, datagram: &mut [u8]) -> Result<usize, SrtpFault> {
        let header = header_octets(datagram).ok_or(SrtpFault::Forged)?;
        let (sequence, ssrc) = (u16_at(datagram, 2), u32_at(datagram, 8));
        let known = self.streams.iter().find(|stream| stream.ssrc == ssrc).and_then(|stream| stream.packets.highest());
        if let Some(highest) = known {
            let index = index_near(highest, sequence);
            self.is_new(ssrc, |stream| &stream.packets, index)?;
            let length = self.rtp.open_rtp(datagram, header, index)?;
            self.note(ssrc).packets.note(index);
            return Ok(length);
        }
        // Later streams of a peer that is known begin where every stream does. Reports say nothing of where packets are.
        let is_first = self.streams.iter().all(|stream| stream.packets.highest().is_none());
        let rollovers = if is_first { FIRST_ROLLOVERS } else { 1 };
        for rollover in 0..rollovers {
            let index = rollover << 16 | u64::from(sequence);
            if self.rtp.is_of_peer(datagram, header, index) {
                let length = self.rtp.open_rtp(datagram, header, index)?;
                self.note(ssrc).packets.note(index);
                return Ok(length);
            }
        }
        Err(SrtpFault::Forged)
    }

    /// The same of an RTCP packet.
    pub fn open_report(&mut self, datagram: &mut [u8]) -> Result<usize, SrtpFault> {
        let index = self.rtcp.rtcp_index(datagram).ok_or(SrtpFault::Forged)?;
        let ssrc = u32_at(datagram, 4);
        self.is_new(ssrc, |stream| &stream.reports, u64::from(index))?;
        let length = self.rtcp.open_rtcp(datagram, index)?;
        self.note(ssrc).reports.note(u64::from(index));
        Ok(length)
    }

    fn is_new(&self, ssrc: u32, window: impl Fn(&Stream) -> &ReplayWindow, index: u64) -> Result<(), SrtpFault> {
        let stream = self.streams.iter().find(|stream| stream.ssrc == ssrc);
        if stream.is_none_or(|stream| window(stream).is_new(index)) { Ok(()) } else { Err(SrtpFault::Replayed) }
    }

    /// The stream of a packet that has proven to be the peer's; it comes first from now on.
    fn note(&mut self, ssrc: u32) -> &mut Stream {
        match self.streams.iter().position(|stream| stream.ssrc == ssrc) {
            Some(0) => {}
            Some(at) => self.streams[..=at].rotate_right(1),
            None => {
                self.streams.truncate(STREAMS_MAX - 1);
                let fresh = Stream { ssrc, packets: ReplayWindow::default(), reports: ReplayWindow::default() };
                self.streams.insert(0, fresh);
            }
        }
        &mut self.streams[0]
    }
}

/// RFC 3711 3.3.1: the index nearest to the highest that has come.
fn index_near(highest: u64, sequence: u16) -> u64 {
    let ahead = i64::from(sequence.wrapping_sub(highest as u16) as i16);
    highest.checked_add_signed(ahead).unwrap_or_else(|| u64::from(sequence))
}

/// Octets before the payload: the header, its contributing sources and its extension (RFC 3550 5.1, 5.3.1).
fn header_octets(packet: &[u8]) -> Option<usize> {
    let first = *packet.first().filter(|first| *first >> 6 == 2)?;
    let fixed = 12 + 4 * usize::from(first & 0x0f);
    let length = match first & 0x10 {
        0 => fixed,
        _ => fixed + 4 + 4 * usize::from(u16::from_be_bytes([*packet.get(fixed + 2)?, *packet.get(fixed + 3)?])),
    };
    (packet.len() >= length).then_some(length)
}

/// Both are read behind a header whose length has been checked.
fn u16_at(octets: &[u8], at: usize) -> u16 {
    octets.get(at..at + 2).map_or(0, |octets| u16::from_be_bytes([octets[0], octets[1]]))
}

fn u32_at(octets: &[u8], at: usize) -> u32 {
    u32::from(u16_at(octets, at)) << 16 | u32::from(u16_at(octets, at + 2))
}

#[cfg(test)]
mod tests;
