//! What comes encrypted to an audio port, RTP and RTCP. The first octet names the suite; then packets, each with its length in one
//! octet before it. Whatever comes, nothing but what the peer has sealed is taken, and that once.

use centralita::protocol::rtp::{SrtpFault, SrtpKey, SrtpReceiver, SrtpSender, SrtpSuite};

/// Octets that sealing adds at most.
const GROWS_MAX: usize = 24;
/// Packets of one case; a stream counts on.
const PACKETS_MAX: u64 = 64;

pub fn run(bytes: &[u8]) {
    let Some((which, mut rest)) = bytes.split_first() else { return };
    let suite = SrtpSuite::ALL[usize::from(*which) % SrtpSuite::ALL.len()];
    let key = SrtpKey::new(suite, &vec![7; suite.master_octets()]).expect("a key of the suite's length");
    let (mut sender, mut receiver) = (SrtpSender::new(&key), SrtpReceiver::new(&key));
    for number in 1..=PACKETS_MAX {
        let Some((length, tail)) = rest.split_first() else { break };
        let (packet, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        rest = tail;
        strange(packet, &mut receiver);
        sealed(packet, number, &sender, &mut receiver);
        report(packet, &mut sender, &mut receiver);
    }
}

/// As a stranger would send it.
fn strange(packet: &[u8], receiver: &mut SrtpReceiver) {
    assert!(receiver.open(&mut packet.to_vec()).is_err(), "a packet that nobody has sealed");
    assert!(receiver.open_report(&mut packet.to_vec()).is_err(), "a report that nobody has sealed");
}

/// As the peer would, if it is a packet.
fn sealed(packet: &[u8], number: u64, sender: &SrtpSender, receiver: &mut SrtpReceiver) {
    let mut plain = packet.to_vec();
    // Its own sequence number, so that it is new.
    if let Some(sequence) = plain.get_mut(2..4) {
        sequence.copy_from_slice(&(number as u16).to_be_bytes());
    }
    let Some(wire) = grown(&plain, |datagram| sender.seal(datagram, plain.len(), number)) else { return };
    spoilt(&wire, number, |datagram| receiver.open(datagram));
    let mut datagram = wire.clone();
    let length = receiver.open(&mut datagram).expect("what the peer has sealed");
    assert_eq!(datagram[..length], plain);
    assert_eq!(receiver.open(&mut wire.clone()), Err(SrtpFault::Replayed));
}

fn report(packet: &[u8], sender: &mut SrtpSender, receiver: &mut SrtpReceiver) {
    let Some(wire) = grown(packet, |datagram| sender.seal_report(datagram, packet.len())) else { return };
    spoilt(&wire, packet.len() as u64, |datagram| receiver.open_report(datagram));
    let mut datagram = wire.clone();
    let length = receiver.open_report(&mut datagram).expect("what the peer has sealed");
    assert_eq!(datagram[..length], *packet);
    assert_eq!(receiver.open_report(&mut wire.clone()), Err(SrtpFault::Replayed));
}

fn grown(plain: &[u8], seal: impl FnOnce(&mut [u8]) -> Option<usize>) -> Option<Vec<u8>> {
    let mut datagram = plain.to_vec();
    datagram.resize(plain.len() + GROWS_MAX, 0);
    let length = seal(&mut datagram)?;
    datagram.truncate(length);
    Some(datagram)
}

/// One bit is another, or the end is missing.
fn spoilt(wire: &[u8], pick: u64, mut open: impl FnMut(&mut [u8]) -> Result<usize, SrtpFault>) {
    let at = pick as usize * 31 % (wire.len() * 8);
    let mut flipped = wire.to_vec();
    flipped[at / 8] ^= 1 << (at % 8);
    assert!(open(&mut flipped).is_err(), "bit {at} of {} octets is another", wire.len());
    assert!(open(&mut wire[..wire.len() - 1].to_vec()).is_err(), "cut off");
}
