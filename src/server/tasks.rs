//! The loops of a node, kept running and counted when they fail. Without the exchange, the journal, the database's writer or the audio there
//! is no node: their end is the process's end (`stop.rs`), so that whoever watches the process starts it anew.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::task::JoinHandle;

use crate::{net, types::Clock};

/// The kept loops of this process. Cheap to clone.
#[derive(Clone)]
pub struct Tasks {
    clock: Arc<dyn Clock>,
    failures: Arc<Mutex<BTreeMap<&'static str, u64>>>,
}

impl Tasks {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, failures: Arc::default() }
    }

    /// Runs what `begin` makes until it ends by itself, and again after each panic.
    pub fn keep<F>(&self, name: &'static str, begin: impl Fn() -> F + Send + 'static) -> JoinHandle<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.failures().insert(name, 0);
        let this = self.clone();
        let failed = move || *this.failures().entry(name).or_default() += 1;
        let clock = Arc::clone(&self.clock);
        tokio::spawn(async move { net::keep(name, clock, failed, begin).await })
    }

    /// How often each loop has failed.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.failures().clone()
    }

    fn failures(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, u64>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
