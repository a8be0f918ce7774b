//! How long a caller will wait, by an open formula (the virtual wait of Erlang A). Whoever has `k` callers ahead waits for `k + 1` agents
//! to become free, while callers ahead may give up:
//!
//! E[W] = Σ over j = 0..k of 1 / (N·μ + j·θ)
//!
//! with N the agents whose work goes to this queue, μ the calls that one of them finishes in a time, θ the rate at which one caller gives
//! up. While few are ahead, the first of these waits is taken from how long the busy agents have been at their calls. What comes after
//! it, the ringing at the agent, is added.
//!
//! The range is [p50, p90]: half of such callers wait no longer than the one, nine of ten no longer than the other. It is that of a gamma
//! distribution with the mean and the variance of this sum, made wider by how few calls the mean is known from.

use crate::types::ExpectedWait;

/// Callers ahead up to which the busy agents' own times count for the first wait.
const RESIDUAL_AHEAD_MAX: usize = 2;
/// Callers ahead who are added one by one; the line behind them goes on at the rate of the last of these.
const AHEAD_MAX: usize = 10_000;
/// Below so many agents there is no saying.
const AGENTS_LEAST: f64 = 0.05;
/// Longer than a day is no forecast.
const WAIT_MS_MAX: f64 = 86_400_000.0;
/// The 90th percentile of the normal distribution.
const Z_90: f64 = 1.281_551_6;

/// What a forecast follows from. All rates are per millisecond.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ServicePace {
    /// Agents whose work goes to the queue, as a sum of shares.
    pub agents: f64,
    /// The time that a call takes an agent, from the offer until the agent is free again; milliseconds.
    pub handle_ms: f64,
    /// How many calls that time is known from.
    pub calls_known: f64,
    /// The rate at which one waiting caller gives up.
    pub gives_up: f64,
    /// The rate at which the next of the agents who are busy now becomes free; 0 when none is.
    pub next_free: f64,
    /// From the offer to the answer; milliseconds.
    pub ring_ms: f64,
}

/// The wait of whoever has so many callers ahead, of whom so many will find an agent who is free now. `None` when nobody serves the queue,
/// or when a forecast would be longer than a day.
pub fn expected_wait(pace: &ServicePace, ahead: usize, free: usize) -> Option<ExpectedWait> {
    let Some(still_ahead) = ahead.checked_sub(free) else { return answered_after(pace, 0.0, 0.0) };
    let (mean, variance) = line_wait(pace, still_ahead)?;
    let mut wait = answered_after(pace, mean, variance)?;
    // The first wait is taken from another source while few are ahead: nobody waits less than whoever stands nearer the front.
    for nearer in 0..still_ahead.min(RESIDUAL_AHEAD_MAX + 1) {
        let (mean, variance) = line_wait(pace, nearer)?;
        wait = wait.or_longer(answered_after(pace, mean, variance)?);
    }
    Some(wait)
}

/// With the ringing that follows when an agent is free.
fn answered_after(pace: &ServicePace, mut mean: f64, mut variance: f64) -> Option<ExpectedWait> {
    // Telephones are answered about as irregularly as they are fast.
    mean += pace.ring_ms;
    variance += (pace.ring_ms / 2.0) * (pace.ring_ms / 2.0);
    range(mean, variance)
}

/// Mean and variance of the time until the one with so many ahead is offered to an agent.
fn line_wait(pace: &ServicePace, ahead: usize) -> Option<(f64, f64)> {
    if pace.agents < AGENTS_LEAST || pace.handle_ms <= 0.0 {
        return None;
    }
    let finishes = pace.agents / pace.handle_ms;
    let (mut mean, mut variance) = (0.0, 0.0);
    for left in 0..=ahead.min(AHEAD_MAX) {
        let is_first = left == ahead;
        let by_agents = if is_first && ahead <= RESIDUAL_AHEAD_MAX && pace.next_free > 0.0 { pace.next_free } else { finishes };
        let wait = 1.0 / (by_agents + left as f64 * pace.gives_up);
        mean += wait;
        variance += wait * wait;
    }
    if let Some(beyond) = ahead.checked_sub(AHEAD_MAX).filter(|beyond| *beyond > 0) {
        let wait = 1.0 / (finishes + AHEAD_MAX as f64 * pace.gives_up);
        mean += wait * beyond as f64;
        variance += wait * wait * beyond as f64;
    }
    // The mean itself is only known from so many calls.
    variance += mean * mean / pace.calls_known.max(1.0);
    Some((mean, variance))
}

/// The quantiles of a gamma distribution by Wilson and Hilferty's cube: no more than a square root, so that every machine agrees.
fn range(mean: f64, variance: f64) -> Option<ExpectedWait> {
    if mean > WAIT_MS_MAX {
        return None;
    }
    if mean < 0.5 {
        return Some(ExpectedWait { mean_ms: 0, p50_ms: 0, p90_ms: 0 });
    }
    let ninth = variance / (mean * mean) / 9.0;
    let quantile = |z: f64| {
        let root = (1.0 - ninth + z * ninth.sqrt()).max(0.0);
        mean * root * root * root
    };
    let whole = |ms: f64| ms.round() as i64;
    let p50_ms = whole(quantile(0.0));
    Some(ExpectedWait { mean_ms: whole(mean), p50_ms, p90_ms: whole(quantile(Z_90)).max(p50_ms) })
}

#[cfg(test)]
mod tests;
