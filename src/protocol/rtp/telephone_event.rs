//! Keys as telephone events (RFC 4733), both ways. Received: one digit per press, at the first packet of it that arrives,
//! whatever is lost or repeated after. Sent: 100 ms a key, its end three times, 60 ms between keys.

use std::collections::VecDeque;

use crate::types::Mono;

/// Keys that wait to be sent to one peer.
const QUEUED_MAX: usize = 64;
/// Packets of one key before its end is told: with the end 100 ms at 20 ms a packet.
const PACKETS_BEFORE_END: u16 = 4;
/// The end is told so often (RFC 4733 2.5.1.4).
const END_PACKETS: u8 = 3;
/// Frames of 20 ms between two keys.
const PAUSE_FRAMES: u8 = 3;
/// A press whose end was lost is over when nothing of it has come for so long.
const LOST_END_MS: u64 = 100;
/// Volume field: -10 dBm0, what telephones send.
const VOLUME: u8 = 10;

/// The key of an event code, if it is a key.
pub fn digit_of(event: u8) -> Option<char> {
    b"0123456789*#ABCD".get(usize::from(event)).map(|key| char::from(*key))
}

/// The event code of a key.
pub fn event_of(digit: char) -> Option<u8> {
    let digit = digit.to_ascii_uppercase();
    (0..16).find(|event| digit_of(*event) == Some(digit))
}

/// Turns a peer's event packets into keys.
#[derive(Debug, Clone, Default)]
pub struct EventReceiver {
    last: Option<Press>,
}

#[derive(Debug, Clone, Copy)]
struct Press {
    event: u8,
    timestamp: u32,
    is_over: bool,
    heard: Mono,
}

impl EventReceiver {
    /// Takes an event packet; returns the key if it begins a press.
    pub fn hear(&mut self, timestamp: u32, has_marker: bool, payload: &[u8], now: Mono) -> Option<char> {
        let &[event, flags, ..] = payload else { return None };
        if payload.len() < 4 {
            return None;
        }
        let digit = digit_of(event)?;
        let has_ended = flags & 0x80 != 0;
        if let Some(last) = &mut self.last {
            let is_same = last.timestamp == timestamp;
            // Older than the press that we know: a late repetition.
            let is_late = (timestamp.wrapping_sub(last.timestamp) as i32) < 0 && now.millis_since(last.heard) < LOST_END_MS;
            // Long presses come in segments, each with its own time (RFC 4733 2.5.1.3), and some gateways give every packet one.
            let goes_on = last.event == event && !last.is_over && !has_marker && now.millis_since(last.heard) <= LOST_END_MS;
            if is_same || is_late {
                last.is_over |= is_same && has_ended;
                last.heard = now;
                return None;
            }
            if goes_on {
                *last = Press { event, timestamp, is_over: has_ended, heard: now };
                return None;
            }
        }
        self.last = Some(Press { event, timestamp, is_over: has_ended, heard: now });
        Some(digit)
    }
}

/// An event packet to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPacket {
    /// Time of the key's begin, in all of its packets.
    pub timestamp: u32,
    /// First packet of the key.
    pub has_marker: bool,
    /// The four bytes.
    pub payload: [u8; 4],
}

/// Sends keys to a peer, one packet each frame.
#[derive(Debug, Clone, Default)]
pub struct EventSender {
    queue: VecDeque<u8>,
    state: SenderState,
}

#[derive(Debug, Clone, Copy, Default)]
enum SenderState {
    #[default]
    Idle,
    Sending {
        event: u8,
        timestamp: u32,
        packets: u16,
        ends: u8,
    },
    Pausing {
        frames: u8,
    },
}

impl EventSender {
    /// Queues keys; what is no key is left out, what does not fit is dropped. Returns how many will be sent.
    pub fn press(&mut self, digits: &str) -> usize {
        let room = QUEUED_MAX.saturating_sub(self.queue.len());
        let events: Vec<u8> = digits.chars().filter_map(event_of).take(room).collect();
        self.queue.extend(&events);
        events.len()
    }

    /// Whether keys are being sent: no audio meanwhile.
    pub fn is_busy(&self) -> bool {
        !self.queue.is_empty() || matches!(self.state, SenderState::Sending { .. })
    }

    /// The packet of this frame. `timestamp` is the stream's time now, `step` the ticks of a frame.
    pub fn frame(&mut self, timestamp: u32, step: u32) -> Option<EventPacket> {
        match self.state {
            SenderState::Pausing { frames: 1.. } if !self.queue.is_empty() => {
                let SenderState::Pausing { frames } = &mut self.state else { return None };
                *frames -= 1;
                None
            }
            SenderState::Pausing { .. } | SenderState::Idle => {
                let event = self.queue.pop_front()?;
                self.state = SenderState::Sending { event, timestamp, packets: 1, ends: 0 };
                Some(EventPacket { timestamp, has_marker: true, payload: payload(event, false, step) })
            }
            SenderState::Sending { event, timestamp, packets, ends } => {
                let is_end = packets >= PACKETS_BEFORE_END;
                let duration = u32::from(packets.min(PACKETS_BEFORE_END) + 1) * step;
                self.state = if ends + 1 >= END_PACKETS {
                    SenderState::Pausing { frames: PAUSE_FRAMES }
                } else {
                    SenderState::Sending { event, timestamp, packets: packets + 1, ends: ends + u8::from(is_end) }
                };
                Some(EventPacket { timestamp, has_marker: false, payload: payload(event, is_end, duration) })
            }
        }
    }
}

fn payload(event: u8, is_end: bool, duration: u32) -> [u8; 4] {
    let [high, low] = (duration.min(0xffff) as u16).to_be_bytes();
    [event, if is_end { 0x80 } else { 0 } | VOLUME, high, low]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Mono {
        Mono::from_millis(millis)
    }

    fn packets(digits: &str) -> Vec<Option<EventPacket>> {
        let mut sender = EventSender::default();
        sender.press(digits);
        (0..40).map(|frame| sender.frame(frame * 160, 160)).collect()
    }

    #[test]
    fn a_key_is_sent_as_rising_durations_and_three_equal_ends() {
        let sent: Vec<_> = packets("5").into_iter().flatten().collect();
        let durations: Vec<_> = sent.iter().map(|p| u16::from_be_bytes([p.payload[2], p.payload[3]])).collect();
        assert_eq!(durations, [160, 320, 480, 640, 800, 800, 800]);
        let ends: Vec<_> = sent.iter().map(|p| p.payload[1] & 0x80 != 0).collect();
        assert_eq!(ends, [false, false, false, false, true, true, true]);
        assert!(sent.iter().all(|p| p.timestamp == 0 && p.payload[0] == 5));
        assert!(sent[0].has_marker && !sent[1].has_marker);
    }

    #[test]
    fn what_is_sent_is_heard_whatever_single_packet_is_lost() {
        let sent = packets("1#1D");
        for lost in 0..sent.len() {
            let mut receiver = EventReceiver::default();
            let heard: String = (0_u64..)
                .zip(&sent)
                .filter(|(frame, _)| *frame != lost as u64)
                .filter_map(|(frame, packet)| {
                    packet.and_then(|p| receiver.hear(p.timestamp, p.has_marker, &p.payload, at(frame * 20)))
                })
                .collect();
            assert_eq!(heard, "1#1D", "frame {lost} lost");
        }
    }

    #[test]
    fn the_same_key_twice_with_all_ends_lost_is_two_presses() {
        let mut receiver = EventReceiver::default();
        assert_eq!(receiver.hear(0, true, &[7, 10, 0, 160], at(0)), Some('7'));
        assert_eq!(receiver.hear(0, false, &[7, 10, 1, 64], at(20)), None);
        assert_eq!(receiver.hear(4_000, false, &[7, 10, 0, 160], at(500)), Some('7'));
    }

    #[test]
    fn a_gateway_that_gives_each_packet_its_own_time_is_one_press() {
        let mut receiver = EventReceiver::default();
        let heard: Vec<_> =
            (0_u32..10).filter_map(|i| receiver.hear(i * 160, i == 0, &[3, 10, 0, 160], at(u64::from(i) * 20))).collect();
        assert_eq!(heard, ['3']);
    }

    #[test]
    fn flash_and_cut_payloads_are_no_keys() {
        let mut receiver = EventReceiver::default();
        assert_eq!(receiver.hear(0, true, &[16, 0, 0, 0], at(0)), None);
        assert_eq!(receiver.hear(0, true, &[1, 0], at(0)), None);
        assert_eq!(receiver.hear(0, true, &[], at(0)), None);
    }

    #[test]
    fn more_keys_than_fit_are_dropped_and_not_kept() {
        let mut sender = EventSender::default();
        assert_eq!(sender.press(&"1".repeat(100)), QUEUED_MAX);
        assert_eq!(sender.press("x y z"), 0);
    }
}
