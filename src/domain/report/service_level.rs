//! The service level by each of the seven definitions of the trade, and "95 % within 180 s". Exact: whole counts in, a ratio out;
//! where nothing counts there is no ratio.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{QueueCounts, VisitCounts};
use crate::domain::directory::{LevelCounts, ServiceLevelVariant};

/// How many of a hundred the rule "95 % within 180 s" wants answered in that time.
pub const WITHIN_180_S_GOAL_PERCENT: i64 = 95;
/// The whole, in basis points.
const WHOLE: i64 = 10_000;

/// A part of a whole, exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Ratio {
    /// The part.
    pub numerator: i64,
    /// The whole.
    pub denominator: i64,
    /// Hundredths of a percent, rounded to the nearest, halves up; `None` when the whole is nothing.
    pub basis_points: Option<i64>,
}

impl Ratio {
    /// `numerator` of `denominator`.
    pub fn new(numerator: i64, denominator: i64) -> Self {
        // Sums of milliseconds times ten thousand do not fit 64 bits.
        let (part, whole) = (i128::from(numerator) * i128::from(WHOLE), i128::from(denominator));
        let basis_points = (denominator > 0).then(|| (2 * part + whole) / (2 * whole));
        Self { numerator, denominator, basis_points: basis_points.and_then(|points| i64::try_from(points).ok()) }
    }

    /// Whether it is `percent` at least; `None` when the whole is nothing. Asked of the counts, not of the rounded figure.
    pub fn is_at_least(&self, percent: i64) -> Option<bool> {
        (self.denominator > 0).then(|| i128::from(self.numerator) * 100 >= i128::from(percent) * i128::from(self.denominator))
    }
}

/// A service level with the definition that it was computed by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceLevel {
    /// What counts.
    pub variant: ServiceLevelVariant,
    /// Its short name: `SL-4`.
    pub code: String,
    /// The least threshold of these visits, in milliseconds: each counts by the one that held when it began. `None` without visits.
    pub threshold_ms_min: Option<i64>,
    /// The greatest one.
    pub threshold_ms_max: Option<i64>,
    /// What it comes to.
    #[serde(flatten)]
    pub ratio: Ratio,
}

impl ServiceLevel {
    /// Of these visits by this definition.
    pub fn of(counts: &VisitCounts, variant: ServiceLevelVariant) -> Self {
        Self::new(&counts.into(), (counts.threshold_ms_min, counts.threshold_ms_max), variant)
    }

    /// Of the counts of a board by this definition.
    pub fn of_board(counts: &QueueCounts, variant: ServiceLevelVariant) -> Self {
        Self::new(&counts.into(), (counts.threshold_ms_min, counts.threshold_ms_max), variant)
    }

    fn new(
        counts: &LevelCounts,
        (threshold_ms_min, threshold_ms_max): (Option<i64>, Option<i64>),
        variant: ServiceLevelVariant,
    ) -> Self {
        let (part, whole) = variant.parts(counts);
        let ratio = Ratio::new(part, whole);
        Self { variant, code: variant.code().to_owned(), threshold_ms_min, threshold_ms_max, ratio }
    }
}

/// The definitions by which a queue went as the visits of an interval began: one, or the two ends where it changed meanwhile. `None`
/// of visits from before definitions were kept with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HeldDefinitions {
    /// One of them.
    pub first: Option<ServiceLevelVariant>,
    /// Another one, or the same.
    pub last: Option<ServiceLevelVariant>,
}

impl HeldDefinitions {
    /// The level by the definition that held, and by the present one where they are not the same.
    pub fn levels(&self, counts: &VisitCounts, present: ServiceLevelVariant) -> (ServiceLevel, Option<ServiceLevel>) {
        let earlier = [self.first, self.last].into_iter().flatten().find(|held| *held != present);
        let level = |variant| ServiceLevel::of(counts, variant);
        (level(earlier.unwrap_or(present)), earlier.map(|_| level(present)))
    }
}

impl From<&VisitCounts> for LevelCounts {
    fn from(counts: &VisitCounts) -> Self {
        Self {
            answered: counts.answered,
            answered_in_time: counts.answered_in_time,
            abandoned: counts.abandoned,
            abandoned_short: counts.abandoned_short,
            abandoned_in_time: counts.abandoned_in_time,
            flowed_out: counts.flowed_out,
        }
    }
}

impl From<&QueueCounts> for LevelCounts {
    fn from(counts: &QueueCounts) -> Self {
        Self {
            answered: counts.answered,
            answered_in_time: counts.answered_in_time,
            abandoned: counts.abandoned,
            abandoned_short: counts.abandoned_short,
            abandoned_in_time: counts.abandoned_in_time,
            flowed_out: counts.flowed_out,
        }
    }
}

/// What the counts come to by a definition (its formula stands at [`ServiceLevelVariant`]).
pub fn service_level(counts: &VisitCounts, variant: ServiceLevelVariant) -> Ratio {
    let (part, whole) = variant.parts(&counts.into());
    Ratio::new(part, whole)
}

/// Answered within 180 s of all whose wait is over: the separate measure that Spanish customer-service law asks for. The strict reading:
/// whoever asked for a person and got none here counts as not served, be it by hanging up, however soon, or by being sent away or
/// elsewhere. Only who came while the queue was closed does not count.
pub fn within_180_s(counts: &VisitCounts) -> Ratio {
    let sent_away = counts.flowed_out - counts.closed_on_arrival;
    Ratio::new(counts.answered_within_180_s, counts.answered + counts.abandoned + sent_away)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 12 answered of whom 9 within T, 6 abandons of whom 2 short and 3 within T, 5 flow-outs of whom 3 found the queue closed.
    const COUNTS: VisitCounts = VisitCounts {
        offered: 23,
        answered: 12,
        answered_in_time: 9,
        answered_within_180_s: 11,
        abandoned: 6,
        abandoned_short: 2,
        abandoned_in_time: 3,
        flowed_out: 5,
        closed_on_arrival: 3,
        ..VisitCounts::NONE
    };

    #[test]
    fn the_seven_definitions_of_the_same_counts_come_to_their_own_figures() {
        let figures: Vec<(&str, i64, i64, Option<i64>)> = ServiceLevelVariant::ALL
            .iter()
            .map(|variant| {
                let level = ServiceLevel::of(&COUNTS, *variant);
                (variant.code(), level.ratio.numerator, level.ratio.denominator, level.ratio.basis_points)
            })
            .collect();
        assert_eq!(
            figures,
            [
                ("SL-1", 9, 12, Some(7_500)),
                ("SL-2", 12, 18, Some(6_667)),
                ("SL-3", 9, 18, Some(5_000)),
                ("SL-4", 9, 16, Some(5_625)),
                ("SL-5", 9, 15, Some(6_000)),
                ("SL-6", 9, 23, Some(3_913)),
                ("SL-7", 9, 12, Some(7_500)),
            ]
        );
    }

    #[test]
    fn a_definition_that_changed_is_shown_beside_the_one_that_held() {
        let (strict, late) = (ServiceLevelVariant::Strict, ServiceLevelVariant::LateAbandonsOnly);
        let codes = |first, last, present| {
            let (held, now) = HeldDefinitions { first, last }.levels(&COUNTS, present);
            (held.code, now.map(|level| level.code))
        };
        assert_eq!(codes(Some(strict), Some(strict), strict), ("SL-3".into(), None));
        assert_eq!(codes(Some(strict), Some(strict), late), ("SL-3".into(), Some("SL-5".into())));
        assert_eq!(codes(Some(strict), Some(late), late), ("SL-3".into(), Some("SL-5".into())), "changed meanwhile");
        assert_eq!(codes(Some(strict), Some(late), strict), ("SL-5".into(), Some("SL-3".into())), "and back again");
        assert_eq!(codes(None, None, late), ("SL-5".into(), None), "not known: the present one");
    }

    #[test]
    fn a_board_s_counts_come_to_the_same_figures_as_a_report_s() {
        let board = QueueCounts {
            offered: 23,
            answered: 12,
            answered_in_time: 9,
            abandoned: 6,
            abandoned_short: 2,
            abandoned_in_time: 3,
            flowed_out: 5,
            threshold_ms_min: Some(20_000),
            threshold_ms_max: Some(30_000),
            ..QueueCounts::default()
        };
        for variant in ServiceLevelVariant::ALL {
            let level = ServiceLevel::of_board(&board, variant);
            assert_eq!(level.ratio, ServiceLevel::of(&COUNTS, variant).ratio, "{}", level.code);
            assert_eq!((level.threshold_ms_min, level.threshold_ms_max), (Some(20_000), Some(30_000)));
        }
    }

    #[test]
    fn where_nothing_counts_there_is_no_figure() {
        let only_short =
            VisitCounts { offered: 2, abandoned: 2, abandoned_short: 2, abandoned_in_time: 2, ..VisitCounts::NONE };
        let figure = |variant| service_level(&only_short, variant).basis_points;
        assert_eq!(figure(ServiceLevelVariant::OfAnswered), None);
        assert_eq!(figure(ServiceLevelVariant::WithoutShortAbandons), None);
        assert_eq!(figure(ServiceLevelVariant::LateAbandonsOnly), None);
        assert_eq!(figure(ServiceLevelVariant::Strict), Some(0));
        assert_eq!(figure(ServiceLevelVariant::AbandonsInTimeAreGood), Some(10_000));
        assert_eq!(within_180_s(&VisitCounts::NONE).is_at_least(WITHIN_180_S_GOAL_PERCENT), None);
    }

    #[test]
    fn ninety_five_percent_is_asked_of_the_counts_and_not_of_the_rounded_figure() {
        let of = |within, answered| Ratio::new(within, answered).is_at_least(WITHIN_180_S_GOAL_PERCENT);
        assert_eq!((of(95, 100), of(94, 100)), (Some(true), Some(false)));
        // 94.9996 %, which rounds to 95.
        assert_eq!(Ratio::new(949_996, 1_000_000).basis_points, Some(9_500));
        assert_eq!(of(949_996, 1_000_000), Some(false));
        assert_eq!(within_180_s(&COUNTS), Ratio::new(11, 20), "sent away is not served, but nobody is when it is closed");
    }

    proptest! {
        #[test]
        fn every_figure_lies_between_nothing_and_all_and_the_definitions_keep_their_order(
            in_time in 0_i64..500, late in 0_i64..500, short in 0_i64..500, soon in 0_i64..500, long in 0_i64..500, out in 0_i64..500,
        ) {
            // Short abandons are within T here, as they are wherever the short time is less than the threshold.
            let counts = VisitCounts {
                offered: in_time + late + short + soon + long + out,
                answered: in_time + late,
                answered_in_time: in_time,
                abandoned: short + soon + long,
                abandoned_short: short,
                abandoned_in_time: short + soon,
                flowed_out: out,
                ..VisitCounts::NONE
            };
            for variant in ServiceLevelVariant::ALL {
                let ratio = service_level(&counts, variant);
                prop_assert!(0 <= ratio.numerator && ratio.numerator <= ratio.denominator);
                prop_assert_eq!(ratio.basis_points.is_none(), ratio.denominator == 0);
                prop_assert!(ratio.basis_points.is_none_or(|points| (0..=10_000).contains(&points)));
            }
            // The fewer count as failures, the better the figure: SL-6, SL-3, SL-4, SL-5, SL-1.
            let order = [
                ServiceLevelVariant::WithFlowOuts,
                ServiceLevelVariant::Strict,
                ServiceLevelVariant::WithoutShortAbandons,
                ServiceLevelVariant::LateAbandonsOnly,
                ServiceLevelVariant::OfAnswered,
            ];
            let figures: Vec<i64> = order.iter().filter_map(|variant| service_level(&counts, *variant).basis_points).collect();
            prop_assert!(figures.is_sorted(), "{:?}", figures);
        }
    }
}
