//! Many datagrams of one socket with one call of the system (recvmmsg(2), sendmmsg(2)): for the port that all browsers share. A telephone
//! has a port of its own, on which one packet waits at a time; there a batch costs more than the packet.

use std::{
    array, mem,
    net::{IpAddr, SocketAddr},
    os::fd::AsRawFd as _,
    ptr,
};

use mio::net::UdpSocket;
use socket2::{SockAddr, SockAddrStorage};

use super::socket::DATAGRAM_MAX;
use crate::types::{IpFamily, OfFamily as _, PerFamily};

/// Datagrams of one call.
pub(super) const BATCH: usize = 32;

/// Room for what is read at once. Without any ([`Default`]), nothing is read.
#[derive(Default)]
pub(super) struct Inbox {
    octets: Vec<[u8; DATAGRAM_MAX]>,
    /// From where each came, and its length.
    came: Vec<(SocketAddr, usize)>,
}

impl Inbox {
    pub(super) fn new() -> Self {
        Self { octets: vec![[0; DATAGRAM_MAX]; BATCH], came: Vec::with_capacity(BATCH) }
    }

    /// Reads what waits in a socket; `true` if more may wait.
    pub(super) fn read(&mut self, socket: &UdpSocket) -> bool {
        self.came.clear();
        let mut names: [SockAddrStorage; BATCH] = array::from_fn(|_| SockAddrStorage::zeroed());
        // SAFETY: headers are pointers and numbers, for which zeros are valid.
        let (mut pieces, mut heads): ([libc::iovec; BATCH], [libc::mmsghdr; BATCH]) = unsafe { (mem::zeroed(), mem::zeroed()) };
        for (((head, piece), name), octets) in heads.iter_mut().zip(&mut pieces).zip(&mut names).zip(&mut self.octets) {
            *piece = libc::iovec { iov_base: octets.as_mut_ptr().cast(), iov_len: octets.len() };
            (head.msg_hdr.msg_name, head.msg_hdr.msg_namelen) = (ptr::from_mut(name).cast(), name.size_of());
            (head.msg_hdr.msg_iov, head.msg_hdr.msg_iovlen) = (piece, 1);
        }
        let room = self.octets.len().min(BATCH);
        // SAFETY: so many headers point to places that are theirs alone and outlive the call, with the sizes that they have.
        let count =
            unsafe { libc::recvmmsg(socket.as_raw_fd(), heads.as_mut_ptr(), room as u32, libc::MSG_DONTWAIT, ptr::null_mut()) };
        // Would block: nothing waits.
        let count = usize::try_from(count).unwrap_or(0);
        for (head, name) in heads.iter().zip(names).take(count) {
            // SAFETY: the system has written the sender of each datagram that it counts, and says how long that is.
            let from = unsafe { SockAddr::new(name, head.msg_hdr.msg_namelen) };
            // One without a sender is none of ours, and is refused as such.
            let from = from.as_socket().unwrap_or(SocketAddr::new(IpAddr::V4(0.into()), 0));
            self.came.push((from, head.msg_len as usize));
        }
        count > 0 && count == room
    }

    /// What was read last: from where, and what.
    pub(super) fn datagrams(&self) -> impl Iterator<Item = (SocketAddr, &[u8])> {
        self.came.iter().zip(&self.octets).filter_map(|((from, length), octets)| Some((*from, octets.get(..*length)?)))
    }
}

/// What goes out together.
#[derive(Default)]
pub(super) struct Outbox {
    waiting: Vec<Waiting>,
}

struct Waiting {
    family: IpFamily,
    to: SockAddr,
    octets: Vec<u8>,
}

impl Outbox {
    /// `true` if it is time to send.
    pub(super) fn push(&mut self, to: SocketAddr, octets: Vec<u8>) -> bool {
        self.waiting.push(Waiting { family: to.family(), to: to.into(), octets });
        self.waiting.len() >= BATCH
    }

    /// Sends all that waits, each from the socket of its family. What the system does not take now is lost, as on any network; every
    /// layer above repeats what matters.
    pub(super) fn send(&mut self, sockets: &PerFamily<UdpSocket>) {
        let mut waiting = self.waiting.as_slice();
        while let Some(first) = waiting.first() {
            let run = waiting.iter().take(BATCH).take_while(|next| next.family == first.family).count();
            let (together, _) = waiting.split_at(run);
            let sent = send_together(sockets.of(first.family), together);
            // It stops at one that is not taken; those behind it are no worse for it.
            waiting = waiting.get(sent.max(1)..).unwrap_or_default();
        }
        self.waiting.clear();
    }
}

/// How many of these were taken, in their order.
fn send_together(socket: &UdpSocket, together: &[Waiting]) -> usize {
    // SAFETY: headers are pointers and numbers, for which zeros are valid.
    let (mut pieces, mut heads): ([libc::iovec; BATCH], [libc::mmsghdr; BATCH]) = unsafe { (mem::zeroed(), mem::zeroed()) };
    for ((head, piece), Waiting { to, octets, .. }) in heads.iter_mut().zip(&mut pieces).zip(together) {
        *piece = libc::iovec { iov_base: octets.as_ptr().cast_mut().cast(), iov_len: octets.len() };
        (head.msg_hdr.msg_name, head.msg_hdr.msg_namelen) = (to.as_ptr().cast_mut().cast(), to.len());
        (head.msg_hdr.msg_iov, head.msg_hdr.msg_iovlen) = (piece, 1);
    }
    let count = together.len().min(BATCH) as u32;
    // SAFETY: so many headers point to octets and addresses that outlive the call, which only reads them.
    let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), heads.as_mut_ptr(), count, libc::MSG_DONTWAIT) };
    usize::try_from(sent).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket() -> UdpSocket {
        UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap()
    }

    #[test]
    fn what_is_sent_together_comes_each_by_itself_however_many() {
        let (ours, theirs) = (socket(), [socket(), socket()]);
        let (from, mut outbox) = (ours.local_addr().unwrap(), Outbox::default());
        let sockets = PerFamily::One(ours);
        let total = 2 * BATCH + 3;
        for i in 0..total {
            let is_full = outbox.push(theirs[i % 2].local_addr().unwrap(), vec![i as u8; 1 + i]);
            assert_eq!(is_full, i + 1 >= BATCH);
        }
        outbox.send(&sockets);
        for (parity, theirs) in theirs.iter().enumerate() {
            let (mut inbox, mut came) = (Inbox::new(), Vec::new());
            while {
                let may_more = inbox.read(theirs);
                came.extend(inbox.datagrams().map(|(of, octets)| (of, octets.to_vec())));
                may_more
            } {}
            let sent: Vec<_> = (parity..total).step_by(2).map(|i| (from, vec![i as u8; 1 + i])).collect();
            assert_eq!(came, sent);
        }
        outbox.send(&sockets);
        assert!(!Inbox::new().read(&theirs[0]), "nothing is sent twice");
    }

    #[test]
    fn one_that_is_not_taken_holds_up_none_behind_it() {
        let (sockets, theirs, mut outbox) = (PerFamily::One(socket()), socket(), Outbox::default());
        let to = theirs.local_addr().unwrap();
        outbox.push(to, vec![1]);
        // More than a datagram holds.
        outbox.push(to, vec![2; 70_000]);
        outbox.push(to, vec![3]);
        outbox.send(&sockets);
        let mut inbox = Inbox::new();
        inbox.read(&theirs);
        assert_eq!(inbox.datagrams().map(|(_, octets)| octets).collect::<Vec<_>>(), [[1], [3]]);
    }

    #[test]
    fn an_inbox_without_room_leaves_what_waits() {
        let (ours, theirs) = (socket(), socket());
        ours.send_to(b"audio", theirs.local_addr().unwrap()).unwrap();
        assert!(!Inbox::default().read(&theirs));
        let mut inbox = Inbox::new();
        inbox.read(&theirs);
        assert_eq!(inbox.datagrams().count(), 1);
    }
}
