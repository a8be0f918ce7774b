//! What comes to the port that all browsers share: whose datagram is it? The first octet says how many of the rest name a session. The
//! same datagram on the port of SIP: a keep-alive that is answered?

use centralita::protocol::{
    stun,
    webrtc::{Demux, stun_username},
};

pub fn run(bytes: &[u8]) {
    let Some((length, rest)) = bytes.split_first() else { return };
    let (name, datagram) = rest.split_at(usize::from(*length % 32).min(rest.len()));
    let name = String::from_utf8_lossy(name);
    let mut demux = Demux::default();
    demux.name(1, &name);
    demux.name(2, "other");
    let port = 1024 + u16::from(*length);
    let from = ([192, 0, 2, 1], port).into();
    if let Some(username) = stun_username(datagram) {
        let is_ours = username.split_once(':').is_some_and(|(local, _)| local == name || local == "other");
        assert_eq!(demux.leg_of(from, datagram).is_some(), is_ours);
    }
    if let Some(leg) = demux.leg_of(from, datagram) {
        demux.confirm(leg, from);
        assert_eq!(demux.leg_of(from, b"\x80"), Some(leg));
        demux.forget(leg);
        assert_eq!(demux.leg_of(from, b"\x80"), None);
    }
    if let Some(answer) = stun::answer(datagram, from) {
        assert!(stun::is_stun(datagram) && answer.len() <= 3 * datagram.len(), "no use to who would flood others with answers");
    }
}
