//! One figure under watch: quiet → pending → raised → clearing → quiet. A figure that sways between the two thresholds changes nothing.

use crate::{
    domain::directory::AlertRule,
    types::{AlertId, Mono},
};

/// Where one rule stands with one queue, or with all together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Watch {
    /// All is well.
    #[default]
    Quiet,
    /// Bad, but not for long enough yet.
    Pending {
        /// Since when without a break.
        since: Mono,
    },
    /// An alert stands.
    Raised {
        /// Which.
        alert: AlertId,
    },
    /// Good again, but not for long enough yet: the alert stands.
    Clearing {
        /// Which.
        alert: AlertId,
        /// Since when without a break.
        since: Mono,
    },
}

/// What has to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A new alert.
    Raise {
        /// Which.
        alert: AlertId,
        /// The figure.
        value: i64,
    },
    /// The alert is over.
    Clear {
        /// Which.
        alert: AlertId,
        /// The figure, if there is one.
        value: Option<i64>,
    },
}

impl Watch {
    /// The alert that stands.
    pub const fn alert(self) -> Option<AlertId> {
        match self {
            Self::Raised { alert } | Self::Clearing { alert, .. } => Some(alert),
            Self::Quiet | Self::Pending { .. } => None,
        }
    }

    /// Where it stands after a look at the figure, and what is to be told. Nothing to say (`None`) is nothing bad. Whoever tells it keeps
    /// the old state when that fails: then the next look says the same again.
    pub fn look(
        self,
        rule: &AlertRule,
        value: Option<i64>,
        now: Mono,
        new_alert: impl FnOnce() -> AlertId,
    ) -> (Self, Option<Change>) {
        let beyond = value.filter(|value| rule.is_beyond(*value));
        let is_within = value.is_none_or(|value| rule.is_within(value));
        let has_lasted = |since: Mono, secs: i64| now.millis_since(since) >= millis(secs);
        match self {
            Self::Quiet | Self::Pending { .. } => {
                let Some(value) = beyond else { return (Self::Quiet, None) };
                let since = if let Self::Pending { since } = self { since } else { now };
                if !has_lasted(since, rule.raise_after_secs) {
                    return (Self::Pending { since }, None);
                }
                let alert = new_alert();
                (Self::Raised { alert }, Some(Change::Raise { alert, value }))
            }
            Self::Raised { alert } | Self::Clearing { alert, .. } => {
                if !is_within {
                    return (Self::Raised { alert }, None);
                }
                let since = if let Self::Clearing { since, .. } = self { since } else { now };
                if !has_lasted(since, rule.clear_after_secs) {
                    return (Self::Clearing { alert, since }, None);
                }
                (Self::Quiet, Some(Change::Clear { alert, value }))
            }
        }
    }
}

fn millis(secs: i64) -> u64 {
    u64::try_from(secs).unwrap_or(0).saturating_mul(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::directory::AlertMetric,
        types::{Rng, Timestamp},
    };

    fn rule(metric: AlertMetric, raise_at: i64, clear_at: i64) -> AlertRule {
        AlertRule {
            id: "queue-full".parse().expect("a key"),
            name: "Queue full".into(),
            metric,
            queues: Vec::new(),
            raise_at,
            clear_at,
            raise_after_secs: 10,
            clear_after_secs: 30,
            webhooks: Vec::new(),
            is_active: true,
        }
    }

    /// Looks once a second from `from` on; what was told, with the second.
    fn watch(
        rule: &AlertRule,
        watch: &mut Watch,
        from: u64,
        values: impl IntoIterator<Item = Option<i64>>,
    ) -> Vec<(u64, Change)> {
        let mut rng = Rng::seeded(5);
        let mut told = Vec::new();
        for (second, value) in (from..).zip(values) {
            let alert = AlertId::mint(Timestamp::from_millis(1_000), &mut rng);
            let (next, change) = watch.look(rule, value, Mono::from_millis(second * 1_000), || alert);
            *watch = next;
            told.extend(change.map(|change| (second, change)));
        }
        told
    }

    #[test]
    fn it_is_raised_after_its_time_and_cleared_after_its_time() {
        let (rule, mut state) = (rule(AlertMetric::Waiting, 10, 5), Watch::Quiet);
        let raised = watch(&rule, &mut state, 0, [Some(12); 20]);
        assert!(matches!(raised[..], [(10, Change::Raise { value: 12, .. })]), "{raised:?}");
        let cleared = watch(&rule, &mut state, 20, [Some(5); 60]);
        assert!(matches!(cleared[..], [(50, Change::Clear { value: Some(5), .. })]), "{cleared:?}");
        assert_eq!(state, Watch::Quiet);
    }

    #[test]
    fn a_figure_that_sways_about_one_threshold_does_not_flap() {
        let (rule, mut state) = (rule(AlertMetric::Waiting, 10, 5), Watch::Quiet);
        let swaying = |low, high| (0..200).map(move |n| Some(if n % 2 == 0 { high } else { low }));
        assert_eq!(watch(&rule, &mut state, 0, swaying(9, 10)), [], "never bad for long enough");
        assert_eq!(watch(&rule, &mut state, 200, [Some(11); 11]).len(), 1);
        assert_eq!(watch(&rule, &mut state, 211, swaying(9, 10)), [], "about the one that raises it");
        assert_eq!(watch(&rule, &mut state, 411, swaying(5, 6)), [], "about the one that clears it");
        assert!(matches!(state, Watch::Raised { .. } | Watch::Clearing { .. }));
    }

    #[test]
    fn where_low_is_bad_the_thresholds_stand_the_other_way_round() {
        let (rule, mut state) = (rule(AlertMetric::AgentsReady, 0, 2), Watch::Quiet);
        let told = watch(&rule, &mut state, 0, [Some(0); 11].into_iter().chain([Some(1); 40]).chain([Some(2); 31]));
        assert!(
            matches!(told[..], [(10, Change::Raise { value: 0, .. }), (81, Change::Clear { value: Some(2), .. })]),
            "{told:?}"
        );
    }

    #[test]
    fn nothing_to_say_is_nothing_bad() {
        let (rule, mut state) = (rule(AlertMetric::ServiceLevelToday, 60, 80), Watch::Quiet);
        assert_eq!(watch(&rule, &mut state, 0, [None; 30]), []);
        assert_eq!(watch(&rule, &mut state, 30, [Some(50); 11]).len(), 1);
        let told = watch(&rule, &mut state, 41, [None; 31]);
        assert!(matches!(told[..], [(71, Change::Clear { value: None, .. })]), "a new day has no calls yet: {told:?}");
    }

    #[test]
    fn without_times_it_is_told_at_once() {
        let rule = AlertRule { raise_after_secs: 0, clear_after_secs: 0, ..rule(AlertMetric::TrunksDown, 1, 0) };
        let mut state = Watch::Quiet;
        assert_eq!(watch(&rule, &mut state, 0, [Some(1), Some(0)]).len(), 2);
    }
}
