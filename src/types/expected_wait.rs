//! How long a caller is expected to wait, as it is told and kept.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long a caller is expected to wait from now on until an agent answers, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExpectedWait {
    /// On the average.
    pub mean_ms: i64,
    /// Half of such callers wait no longer.
    pub p50_ms: i64,
    /// Nine of ten wait no longer.
    pub p90_ms: i64,
}

impl ExpectedWait {
    /// As people read it: to 5 s below a minute, to 30 s below ten, to whole minutes above; upwards.
    pub fn rounded(self) -> Self {
        let [mean_ms, p50_ms, p90_ms] = [self.mean_ms, self.p50_ms, self.p90_ms].map(|ms| {
            let step = match ms {
                ..=60_000 => 5_000,
                60_001..=600_000 => 30_000,
                _ => 60_000,
            };
            (ms + step - 1).div_euclid(step) * step
        });
        Self { mean_ms, p50_ms, p90_ms }
    }

    /// Of each figure the greater one.
    pub fn or_longer(self, other: Self) -> Self {
        Self {
            mean_ms: self.mean_ms.max(other.mean_ms),
            p50_ms: self.p50_ms.max(other.p50_ms),
            p90_ms: self.p90_ms.max(other.p90_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_it_in_steps_that_grow_with_it() {
        let exact = ExpectedWait { mean_ms: 61_000, p50_ms: 41_200, p90_ms: 700_001 };
        assert_eq!(exact.rounded(), ExpectedWait { mean_ms: 90_000, p50_ms: 45_000, p90_ms: 720_000 });
        assert_eq!(exact.rounded().rounded(), exact.rounded());
        let none = ExpectedWait { mean_ms: 0, p50_ms: 0, p90_ms: 0 };
        assert_eq!(none.rounded(), none);
    }
}
