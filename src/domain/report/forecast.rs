//! How good the forecasts of waits were that were made as callers entered. Only the answered have a wait to hold them against: who gave up
//! would perhaps have waited longer, which leaves a small bias towards long forecasts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Ratio;

/// Forecasts and the waits that followed, as counts and sums of the answered visits that had one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct ForecastCounts {
    /// Answered visits with a forecast.
    pub forecasts: i64,
    /// Their expected waits, milliseconds.
    pub expected_ms: i64,
    /// Their waits, milliseconds.
    pub waited_ms: i64,
    /// Of those, who waited 10 s or longer: of a shorter wait any error is a large percentage.
    pub long_waits: i64,
    /// The errors of those as parts of their waits, in hundredths of a percent, summed.
    pub error_basis_points: i64,
    /// Who waited no longer than the median of the forecast.
    pub within_p50: i64,
    /// Who waited no longer than its 90th percentile.
    pub within_p90: i64,
}

/// How good forecasts were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ForecastError {
    /// The mean absolute percentage error (MAPE) of the waits of 10 s or longer, in hundredths of a percent; `None` without any.
    pub mape_basis_points: Option<i64>,
    /// Expected less waited, on the average, milliseconds: above zero the forecasts were too long. `None` without forecasts.
    pub bias_ms: Option<i64>,
    /// Who waited no longer than the median of the forecast: half, when it is right.
    pub within_p50: Ratio,
    /// Who waited no longer than its 90th percentile: nine of ten, when it is right.
    pub within_p90: Ratio,
}

impl ForecastError {
    /// What follows from these counts.
    pub fn of(counts: &ForecastCounts) -> Self {
        let mean = |sum: i64, count: i64| (count > 0).then(|| (2 * sum + count).div_euclid(2 * count));
        Self {
            mape_basis_points: mean(counts.error_basis_points, counts.long_waits),
            bias_ms: mean(counts.expected_ms - counts.waited_ms, counts.forecasts),
            within_p50: Ratio::new(counts.within_p50, counts.forecasts),
            within_p90: Ratio::new(counts.within_p90, counts.forecasts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_follow_from_the_sums_and_are_absent_without_forecasts() {
        let counts = ForecastCounts {
            forecasts: 4,
            expected_ms: 100_000,
            waited_ms: 120_001,
            long_waits: 3,
            error_basis_points: 10_000,
            within_p50: 1,
            within_p90: 3,
        };
        let error = ForecastError::of(&counts);
        assert_eq!((error.mape_basis_points, error.bias_ms), (Some(3_333), Some(-5_000)));
        assert_eq!((error.within_p50, error.within_p90), (Ratio::new(1, 4), Ratio::new(3, 4)));
        let none = ForecastError::of(&ForecastCounts::default());
        assert_eq!((none.mape_basis_points, none.bias_ms, none.within_p90.basis_points), (None, None, None));
    }
}
