//! What threads share behind locks.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is behind the lock; a thread that failed while it held it left whole values behind.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
