//! How much of the processor this thread has had, and how often it found nothing to do.

use std::mem::MaybeUninit;

/// Figures since the thread began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// Processor time in microseconds.
    pub(super) busy_us: u64,
    /// Times that the thread waited.
    pub(super) rests: u64,
}

impl Usage {
    /// Of the calling thread (getrusage(2)); zeros where the system does not tell.
    pub(super) fn of_this_thread() -> Self {
        let mut figures = MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: the call writes one `rusage` to where one lies; all of it are numbers, for which zeros are valid.
        let figures = unsafe {
            libc::getrusage(libc::RUSAGE_THREAD, figures.as_mut_ptr());
            figures.assume_init()
        };
        let micros = |time: libc::timeval| number(time.tv_sec) * 1_000_000 + number(time.tv_usec);
        Self { busy_us: micros(figures.ru_utime) + micros(figures.ru_stime), rests: number(figures.ru_nvcsw) }
    }
}

/// None of the figures is ever negative.
fn number(figure: i64) -> u64 {
    u64::try_from(figure).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::{net::UdpSocket, time::Duration};

    use super::*;

    #[test]
    fn a_thread_that_works_is_busy_and_one_that_waits_rests() {
        let before = Usage::of_this_thread();
        let mut sum = 0_u64;
        while Usage::of_this_thread().busy_us < before.busy_us + 2_000 {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        let worked = Usage::of_this_thread();
        let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
        silent.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        assert!(silent.recv(&mut [0; 8]).is_err());
        assert!(Usage::of_this_thread().rests > worked.rests);
    }
}
