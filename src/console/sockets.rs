//! Which socket is each agent's newest, and how many there are. A newer one evicts the older; one that closed may come back
//! within a grace (a page reload) before the floor hears that the agent is gone.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::oneshot;

use crate::types::{AgentId, SessionId};

/// Every console socket of this node.
#[derive(Debug)]
pub struct Sockets {
    newest: Mutex<BTreeMap<AgentId, Newest>>,
    open: AtomicUsize,
    open_max: usize,
}

#[derive(Debug)]
struct Newest {
    session: SessionId,
    /// Told when a newer one comes; gone when the socket has closed.
    evict: Option<oneshot::Sender<()>>,
}

/// A place among the sockets, given back when dropped.
#[derive(Debug)]
pub struct Place<'a>(&'a Sockets);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Sockets {
    /// With room for so many.
    pub fn new(open_max: usize) -> Self {
        Self { newest: Mutex::default(), open: AtomicUsize::new(0), open_max }
    }

    /// A place, unless all are taken.
    pub fn place(&self) -> Option<Place<'_>> {
        let taken =
            self.open.fetch_update(Ordering::AcqRel, Ordering::Acquire, |open| (open < self.open_max).then_some(open + 1));
        // Lazily: a place that is made and not handed out would be given back on being dropped.
        taken.is_ok().then(|| Place(self))
    }

    /// How many are open.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    /// A socket of this agent; an older one is evicted. The receiver tells when this one is.
    pub fn join(&self, agent: AgentId, session: SessionId) -> oneshot::Receiver<()> {
        let (evict, evicted) = oneshot::channel();
        let older = self.lock().insert(agent, Newest { session, evict: Some(evict) });
        if let Some(evict) = older.and_then(|older| older.evict) {
            // An older one that is closing by itself needs no telling.
            let _ = evict.send(());
        }
        evicted
    }

    /// The socket closed. Whether it was still the agent's newest.
    pub fn close(&self, agent: &AgentId, session: SessionId) -> bool {
        let mut newest = self.lock();
        match newest.get_mut(agent).filter(|newest| newest.session == session) {
            Some(mine) => {
                mine.evict = None;
                true
            }
            None => false,
        }
    }

    /// The grace is over: whether nobody came back, which is then forgotten.
    pub fn forget(&self, agent: &AgentId, session: SessionId) -> bool {
        let mut newest = self.lock();
        let is_gone = newest.get(agent).is_some_and(|newest| newest.session == session && newest.evict.is_none());
        if is_gone {
            newest.remove(agent);
        }
        is_gone
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<AgentId, Newest>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Rng, Timestamp};

    #[test]
    fn a_reload_within_the_grace_keeps_the_agent_and_a_second_tab_evicts_the_first() {
        let sockets = Sockets::new(2);
        let mut rng = Rng::seeded(1);
        let mut session = || SessionId::mint(Timestamp::default(), &mut rng);
        let (first, second, third) = (session(), session(), session());
        let ana: AgentId = "ana".parse().expect("a key");
        let mut first_evicted = sockets.join(ana.clone(), first);
        let mut second_evicted = sockets.join(ana.clone(), second);
        assert_eq!(first_evicted.try_recv(), Ok(()));
        assert!(!sockets.close(&ana, first), "the older one says nothing about the agent");
        assert!(sockets.close(&ana, second));
        let _third = sockets.join(ana.clone(), third);
        assert!(second_evicted.try_recv().is_err(), "it was closed, not evicted");
        assert!(!sockets.forget(&ana, second), "came back in time");
        assert!(sockets.close(&ana, third));
        assert!(sockets.forget(&ana, third));
    }

    #[test]
    fn there_is_room_for_so_many_sockets_and_no_more() {
        let sockets = Sockets::new(1);
        let place = sockets.place().expect("room");
        assert!(sockets.place().is_none());
        drop(place);
        assert!(sockets.place().is_some());
    }
}
