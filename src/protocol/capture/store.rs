//! The last messages by call. A call's dialogs have a Call-ID each (RFC 3261 8.1.1.4): the caller's, and one for every phone that
//! was rung. They come together as soon as the switch says which call a Call-ID belongs to; until then an INVITE is a stranger's.
//! Bounded in octets and messages. Strangers but the newest fall out first, so that nobody's scan pushes calls out, then the oldest
//! calls.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use super::message::{CapturedMessage, Outline};
use crate::types::CallId;

/// What a message costs besides its octets: its entry here and the counters of its allocation.
const MESSAGE_OVERHEAD: usize = 128;
/// Strangers that are not pushed out before calls: the switch needs a moment to say whose they are.
const STRANGERS_SPARED: usize = 64;
/// Messages kept of a stranger, half of them its first ones: an INVITE, what was answered, and how it ended.
const STRANGER_MESSAGES_MAX: usize = 16;

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptureLimits {
    /// Octets, all together.
    pub bytes_max: usize,
    /// Messages, all together.
    pub messages_max: usize,
    /// Messages of one call: the first half and the last half are kept, what lies between falls out.
    pub messages_per_call_max: usize,
}

/// What became of messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CaptureCounts {
    /// Taken in so far.
    pub kept: u64,
    /// Fell out because their call was the oldest.
    pub fell_out: u64,
    /// Fell out of the middle of a call with too many.
    pub cut: u64,
    /// Calls and attempts now.
    pub calls: usize,
    /// Messages now.
    pub messages: usize,
    /// Octets now.
    pub bytes: usize,
}

/// What is kept of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapturedCall {
    /// Its messages in the order in which they passed.
    pub messages: Vec<CapturedMessage>,
    /// Messages that fell out of the middle.
    pub cut: u64,
    /// How many of `messages` passed before those.
    pub cut_after: usize,
}

/// The messages of the last calls.
#[derive(Debug)]
pub struct CaptureStore {
    limits: CaptureLimits,
    groups: BTreeMap<u64, Group>,
    by_call_id: BTreeMap<Arc<str>, u64>,
    by_call: BTreeMap<CallId, u64>,
    /// Groups of no call, oldest first.
    strangers: BTreeSet<u64>,
    /// Groups of calls, oldest first.
    known: BTreeSet<u64>,
    next: u64,
    counts: CaptureCounts,
}

/// Dialogs that belong together.
#[derive(Debug, Default)]
struct Group {
    call_ids: Vec<Arc<str>>,
    calls: Vec<CallId>,
    head: Vec<CapturedMessage>,
    tail: VecDeque<CapturedMessage>,
    cut: u64,
}

impl CaptureStore {
    /// Nothing yet.
    pub fn new(limits: CaptureLimits) -> Self {
        Self {
            limits,
            groups: BTreeMap::new(),
            by_call_id: BTreeMap::new(),
            by_call: BTreeMap::new(),
            strangers: BTreeSet::new(),
            known: BTreeSet::new(),
            next: 1,
            counts: CaptureCounts::default(),
        }
    }

    /// Keeps a message, if an INVITE began what it belongs to. Registrations and questions are not kept: they would push calls out.
    pub fn keep(&mut self, message: CapturedMessage) {
        let (is_invite, call_id) = Outline::key_of(&message.bytes);
        let id = match self.by_call_id.get(call_id) {
            Some(id) => *id,
            None if is_invite && !call_id.is_empty() => self.open(call_id),
            None => return,
        };
        self.counts.kept += 1;
        self.add(id, message);
        self.make_room();
    }

    /// The dialog of this Call-ID belongs to this call. Two calls that share a dialog are shown together from then on.
    pub fn name(&mut self, call: CallId, call_id: &str) {
        let of_dialog = match self.by_call_id.get(call_id) {
            Some(id) => *id,
            None => self.open(call_id),
        };
        let id = match self.by_call.get(&call) {
            Some(of_call) if *of_call != of_dialog => self.join(*of_call, of_dialog),
            Some(_) | None => of_dialog,
        };
        if let Some(group) = self.groups.get_mut(&id)
            && !group.calls.contains(&call)
        {
            group.calls.push(call);
            self.by_call.insert(call, id);
        }
        self.strangers.remove(&id);
        self.known.insert(id);
        self.make_room();
    }

    /// What is kept of a call; `None` when it fell out, or had no signalling.
    pub fn of_call(&self, call: CallId) -> Option<CapturedCall> {
        let group = self.groups.get(self.by_call.get(&call)?)?;
        let mut messages: Vec<_> = group.head.iter().chain(&group.tail).cloned().collect();
        // Two sockets are read side by side; the time of reading is what counts.
        messages.sort_by_key(|message| message.at_us);
        Some(CapturedCall { messages, cut: group.cut, cut_after: group.head.len() })
    }

    /// The call that a message belongs to, as far as it is known.
    pub fn call_of(&self, message: &CapturedMessage) -> Option<CallId> {
        let (_, call_id) = Outline::key_of(&message.bytes);
        self.groups.get(self.by_call_id.get(call_id)?)?.calls.first().copied()
    }

    /// In figures.
    pub fn counts(&self) -> CaptureCounts {
        CaptureCounts { calls: self.groups.len(), ..self.counts }
    }

    fn open(&mut self, call_id: &str) -> u64 {
        let (id, call_id) = (self.next, Arc::<str>::from(call_id));
        self.next += 1;
        self.by_call_id.insert(call_id.clone(), id);
        self.groups.insert(id, Group { call_ids: vec![call_id], ..Group::default() });
        self.strangers.insert(id);
        id
    }

    fn add(&mut self, id: u64, message: CapturedMessage) {
        let Some(group) = self.groups.get_mut(&id) else { return };
        let per_call_max = self.limits.messages_per_call_max;
        let most = if group.calls.is_empty() { per_call_max.min(STRANGER_MESSAGES_MAX) } else { per_call_max };
        let half = (most / 2).max(1);
        self.counts.messages += 1;
        self.counts.bytes += cost(&message);
        if group.head.len() < half {
            return group.head.push(message);
        }
        group.tail.push_back(message);
        if group.tail.len() > half
            && let Some(oldest) = group.tail.pop_front()
        {
            group.cut += 1;
            self.counts.cut += 1;
            self.counts.messages -= 1;
            self.counts.bytes -= cost(&oldest);
        }
    }

    /// Two groups are one: the older takes the younger in.
    fn join(&mut self, one: u64, other: u64) -> u64 {
        let (id, younger) = (one.min(other), one.max(other));
        let (Some(mut group), Some(joined)) = (self.forget(id), self.forget(younger)) else { return id };
        group.call_ids.extend(joined.call_ids);
        group.calls.extend(joined.calls);
        let mut messages: Vec<_> =
            group.head.drain(..).chain(group.tail.drain(..)).chain(joined.head).chain(joined.tail).collect();
        messages.sort_by_key(|message| message.at_us);
        group.cut += joined.cut;
        for call_id in &group.call_ids {
            self.by_call_id.insert(call_id.clone(), id);
        }
        for call in &group.calls {
            self.by_call.insert(*call, id);
        }
        self.groups.insert(id, group);
        for message in messages {
            self.add(id, message);
        }
        id
    }

    fn make_room(&mut self) {
        while self.counts.bytes > self.limits.bytes_max
            || self.counts.messages > self.limits.messages_max
            // A group without messages holds memory too.
            || self.groups.len() > self.limits.messages_max
        {
            let spared = (self.limits.messages_max / 8).clamp(1, STRANGERS_SPARED);
            let is_strangers_turn = self.strangers.len() > spared || self.known.len() <= 1;
            let (first, second) =
                if is_strangers_turn { (&self.strangers, &self.known) } else { (&self.known, &self.strangers) };
            let Some(oldest) = first.first().or(second.first()).copied() else { return };
            if let Some(group) = self.forget(oldest) {
                let messages = group.head.len() + group.tail.len();
                self.counts.fell_out += u64::try_from(messages).unwrap_or(u64::MAX);
            }
        }
    }

    fn forget(&mut self, id: u64) -> Option<Group> {
        self.strangers.remove(&id);
        self.known.remove(&id);
        let group = self.groups.remove(&id)?;
        for call_id in &group.call_ids {
            self.by_call_id.remove(call_id);
        }
        for call in &group.calls {
            self.by_call.remove(call);
        }
        for message in group.head.iter().chain(&group.tail) {
            self.counts.messages -= 1;
            self.counts.bytes -= cost(message);
        }
        Some(group)
    }
}

fn cost(message: &CapturedMessage) -> usize {
    message.bytes.len() + MESSAGE_OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        protocol::sip::Transport,
        types::{Rng, Timestamp},
    };

    const LIMITS: CaptureLimits = CaptureLimits { bytes_max: 1 << 20, messages_max: 1_000, messages_per_call_max: 100 };

    fn message(at_us: i64, start: &str, call_id: &str) -> CapturedMessage {
        let text = format!("{start} sip:1001@h SIP/2.0\r\nCall-ID: {call_id}\r\nCSeq: {at_us} {start}\r\n\r\n");
        CapturedMessage {
            at_us,
            source: "192.0.2.1:5060".parse().unwrap(),
            destination: "192.0.2.2:5060".parse().unwrap(),
            transport: Transport::Udp,
            is_inbound: true,
            bytes: text.into_bytes().into(),
        }
    }

    fn call(seed: u64) -> CallId {
        CallId::mint(Timestamp::from_millis(1_766_000_000_000), &mut Rng::seeded(seed))
    }

    /// The methods kept of a call, in order.
    fn methods(store: &CaptureStore, call: CallId) -> Vec<String> {
        let kept = store.of_call(call).map(|kept| kept.messages).unwrap_or_default();
        kept.iter().map(|message| Outline::of(&message.bytes).method.unwrap_or("").to_owned()).collect()
    }

    #[test]
    fn the_dialogs_of_one_call_come_together_in_the_order_in_which_they_passed() {
        let mut store = CaptureStore::new(LIMITS);
        store.keep(message(1, "INVITE", "caller"));
        store.name(call(1), "caller");
        // Named before and after its first message, as it happens.
        store.keep(message(3, "INVITE", "agent"));
        store.name(call(1), "agent");
        store.keep(message(2, "ACK", "caller"));
        store.name(call(1), "second-phone");
        store.keep(message(4, "BYE", "second-phone"));
        store.keep(message(5, "REGISTER", "elsewhere"));
        store.keep(message(6, "INVITE", "elsewhere"));
        assert_eq!(methods(&store, call(1)), ["INVITE", "ACK", "INVITE", "BYE"]);
        let call_of = |call_id| store.call_of(&message(7, "INFO", call_id));
        assert_eq!((call_of("agent"), call_of("elsewhere"), call_of("unknown")), (Some(call(1)), None, None));
        assert_eq!(store.of_call(call(2)), None);
        assert_eq!((store.counts().messages, store.counts().kept), (5, 5), "a registration is not kept");
    }

    #[test]
    fn calls_that_share_a_dialog_are_shown_together() {
        let mut store = CaptureStore::new(LIMITS);
        for (at, call_id, of) in [(1, "a", 1), (2, "b", 2), (3, "c", 1)] {
            store.keep(message(at, "INVITE", call_id));
            store.name(call(of), call_id);
        }
        store.name(call(2), "a");
        for of in [1, 2] {
            assert_eq!(store.of_call(call(of)).unwrap().messages.len(), 3, "call {of}");
        }
        assert_eq!((store.counts().calls, store.counts().messages), (1, 3));
    }

    #[test]
    fn strangers_fall_out_before_calls_and_then_the_oldest_call_as_a_whole() {
        let mut store = CaptureStore::new(CaptureLimits { messages_max: 6, ..LIMITS });
        for (at, of) in [(1, 1), (3, 2)] {
            let (caller, agent) = (format!("caller{of}"), format!("agent{of}"));
            store.keep(message(at, "INVITE", &caller));
            store.name(call(of), &caller);
            store.keep(message(at + 1, "INVITE", &agent));
            store.name(call(of), &agent);
        }
        for at in 10..40 {
            store.keep(message(at, "INVITE", &format!("scan{at}")));
        }
        assert_eq!((methods(&store, call(1)).len(), methods(&store, call(2)).len()), (2, 2));
        assert_eq!((store.counts().messages, store.counts().fell_out), (6, 28));
        for at in 50..54 {
            store.keep(message(at, "INFO", "caller2"));
        }
        assert_eq!(store.of_call(call(1)), None);
        assert_eq!(methods(&store, call(2)), ["INVITE", "INVITE", "INFO", "INFO", "INFO", "INFO"]);
    }

    #[test]
    fn octets_are_bounded_too_and_nothing_stays_of_what_fell_out() {
        let each = cost(&message(1, "INVITE", "call0"));
        let mut store = CaptureStore::new(CaptureLimits { bytes_max: each * 3, ..LIMITS });
        for n in 0..9 {
            let call_id = format!("call{n}");
            store.keep(message(1, "INVITE", &call_id));
            store.name(call(n), &call_id);
        }
        let counts = store.counts();
        assert_eq!((counts.messages, counts.calls, counts.fell_out), (3, 3, 6));
        assert!(counts.bytes <= each * 3);
        assert_eq!((store.by_call.len(), store.by_call_id.len(), store.known.len(), store.strangers.len()), (3, 3, 3, 0));
        assert_eq!(store.of_call(call(8)).map(|kept| kept.messages.len()), Some(1));
    }

    #[test]
    fn a_call_with_too_many_messages_keeps_its_beginning_and_its_end() {
        let mut store = CaptureStore::new(CaptureLimits { messages_per_call_max: 4, ..LIMITS });
        store.keep(message(0, "INVITE", "caller"));
        store.name(call(1), "caller");
        for at in 1..10 {
            store.keep(message(at, if at == 9 { "BYE" } else { "INFO" }, "caller"));
        }
        let kept = store.of_call(call(1)).unwrap();
        assert_eq!(kept.messages.iter().map(|message| message.at_us).collect::<Vec<_>>(), [0, 1, 8, 9]);
        assert_eq!((kept.cut, kept.cut_after, store.counts().cut, store.counts().messages), (6, 2, 6, 4));
    }
}
