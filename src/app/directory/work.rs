//! What is wrong with how a queue's work items are given to its agents.

use crate::{
    app::field_problem::Problems,
    domain::directory::{WORK_ITEMS_EACH_MAX, WorkRules},
};

/// Every mistake in the rules.
pub(super) fn rules(rules: &WorkRules, problems: &mut Problems) {
    problems.within("work.promote_mins", rules.promote_mins, 1, 10_080);
    problems.within("work.open_mins_max", rules.open_mins_max, 1, 1_440);
}

/// How many items an agent may have open.
pub(super) fn capacity(most: i64, problems: &mut Problems) {
    problems.within("work_items_max", most, 0, WORK_ITEMS_EACH_MAX);
}
