//! What is wrong with how a queue calls back.

use crate::{
    app::field_problem::{Flaw, Problems},
    domain::directory::{CallbackRules, Directory, Thing},
};

/// Every mistake in the rules.
pub(super) fn rules(rules: &CallbackRules, directory: &Directory, problems: &mut Problems) {
    if let Some(calendar) = &rules.calendar {
        let is_known = directory.calendars.contains_key(calendar);
        problems.unless(is_known, "callback.calendar", Flaw::unknown(Thing::Calendar, calendar));
    }
    problems.within("callback.attempts_max", rules.attempts_max, 1, 20);
    problems.within("callback.retry_mins", rules.retry_mins, 1, 1_440);
    problems.within("callback.expire_mins", rules.expire_mins, 5, 43_200);
    problems.within("callback.personal_mins", rules.personal_mins, 0, 10_080);
    problems.within("callback.promise_mins", rules.promise_mins, 1, 1_440);
}
