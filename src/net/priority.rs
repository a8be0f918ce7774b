//! Which threads of ours go first.

/// Asks the system to prefer this thread by so much, as `nice` has it (setpriority(2)): a smaller number goes first, 0 is everybody's.
/// Without the right to it nothing changes.
pub fn prefer_this_thread(niceness: i32) {
    // SAFETY: takes and returns numbers only; 0 is the calling thread on Linux.
    let result = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, niceness) };
    if result != 0 {
        tracing::debug!("this thread may not raise its priority; it runs like all others");
    }
}
