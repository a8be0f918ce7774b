//! Tasks that run for as long as the process. One that fails by a panic is said, counted and begun again: a fault in one place
//! must not silently end what everybody relies on.

use std::{any::Any, future::Future, panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt;

use crate::types::Clock;

/// A task that failed begins again after this; one that fails at once every time does not burn the processor.
const AGAIN_MS: u64 = 1_000;

/// Runs what `begin` makes until it ends by itself; after a panic it tells `failed` and begins again.
pub async fn keep<F>(name: &'static str, clock: Arc<dyn Clock>, failed: impl Fn(), begin: impl Fn() -> F)
where
    F: Future<Output = ()>,
{
    // Nothing is shared with the run that failed but what its own parts keep consistent by locks and messages.
    while let Err(panic) = AssertUnwindSafe(begin()).catch_unwind().await {
        tracing::error!(task = name, cause = words(panic.as_ref()), "a task failed; it begins again in {AGAIN_MS} ms");
        failed();
        clock.sleep_until(clock.now().mono + AGAIN_MS).await;
    }
}

/// What a panic said.
pub(super) fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no words")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use super::*;
    use crate::{net::SystemClock, types::Mono};

    #[tokio::test]
    async fn a_task_that_fails_is_counted_and_begins_again_until_it_ends_by_itself() {
        let (begun, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let clock = Arc::new(SystemClock::start());
        let from = clock.now().mono;
        keep(
            "story",
            clock.clone(),
            || {
                failed.fetch_add(1, Relaxed);
            },
            || async {
                assert!(begun.fetch_add(1, Relaxed) >= 1, "the first run fails");
            },
        )
        .await;
        assert_eq!((begun.load(Relaxed), failed.load(Relaxed)), (2, 1));
        assert!(clock.now().mono >= Mono::from_millis(from.as_millis() + AGAIN_MS));
    }
}
