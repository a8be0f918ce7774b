//! Stories of calendars, and the algebra that must hold for any of them.

use proptest::prelude::*;

use super::*;
use crate::domain::directory::Holiday;

fn source(tz: &str, weekly: &[(&str, &[(&str, &str)])]) -> CalendarSource {
    let pairs = |windows: &[(&str, &str)]| windows.iter().map(|(o, c)| ((*o).to_owned(), (*c).to_owned())).collect();
    CalendarSource {
        id: "test".parse().unwrap(),
        name: "Test".into(),
        tz: tz.into(),
        weekly: weekly.iter().map(|(day, windows)| ((*day).to_owned(), pairs(windows))).collect(),
        holidays: Vec::new(),
        overrides: BTreeMap::new(),
        breaks: BTreeMap::new(),
    }
}

fn office(tz: &str) -> CalendarSource {
    let day: &[(&str, &str)] = &[("09:00", "18:00")];
    source(tz, &[("mon", day), ("tue", day), ("wed", day), ("thu", day), ("fri", day)])
}

fn always(tz: &str) -> CalendarSource {
    let day: &[(&str, &str)] = &[("00:00", "24:00")];
    source(tz, &WEEKDAYS.map(|name| (name, day)))
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn hours(n: i64) -> i64 {
    n * 3_600_000
}

#[test]
fn open_time_is_counted_only_while_open() {
    let calendar = Calendar::resolve(&office("Europe/Madrid")).unwrap();
    // Friday 17:00 local and two hours: one on Friday, one on Monday.
    assert_eq!(calendar.due(at("2026-11-20T16:00:00Z"), hours(2), &[]), Some(at("2026-11-23T09:00:00Z")));
    // A budget that ends at closing time is due at closing time.
    assert_eq!(calendar.due(at("2026-11-20T16:00:00Z"), hours(1), &[]), Some(at("2026-11-20T17:00:00Z")));
    assert_eq!(calendar.due(at("2026-11-21T10:00:00Z"), 0, &[]), Some(at("2026-11-23T08:00:00Z")));
    assert_eq!(calendar.elapsed(at("2026-11-20T16:00:00Z"), at("2026-11-23T09:00:00Z"), &[]), hours(2));
    assert!(calendar.is_open(at("2026-11-20T16:59:59Z")));
    assert!(!calendar.is_open(at("2026-11-20T17:00:00Z")));
    assert_eq!(calendar.next_change(at("2026-11-20T16:59:59Z")), Some(at("2026-11-20T17:00:00Z")));
    assert_eq!(calendar.due_back(at("2026-11-23T09:00:00Z"), hours(2)), Some(at("2026-11-20T16:00:00Z")));
}

#[test]
fn a_day_with_a_clock_change_has_its_real_length() {
    let calendar = Calendar::resolve(&always("Europe/Madrid")).unwrap();
    // 2026-03-29 has 23 hours, 2026-10-25 has 25.
    assert_eq!(calendar.elapsed(at("2026-03-28T23:00:00Z"), at("2026-03-29T22:00:00Z"), &[]), hours(23));
    assert_eq!(calendar.elapsed(at("2026-10-24T22:00:00Z"), at("2026-10-25T23:00:00Z"), &[]), hours(25));
    let night = Calendar::resolve(&source("Europe/Madrid", &[("sun", &[("02:00", "03:00")])])).unwrap();
    assert_eq!(
        night.next_open(at("2026-03-28T00:00:00Z")),
        Some(at("2026-04-05T00:00:00Z")),
        "a window inside the gap is empty, so the next one is a week later"
    );
    assert_eq!(
        Calendar::resolve(&always("America/Los_Angeles")).unwrap().resolve_local("2014-03-09T02:30:00"),
        Some(at("2014-03-09T10:30:00Z"))
    );
}

#[test]
fn a_date_that_the_zone_skipped_has_no_hours() {
    let calendar = Calendar::resolve(&office("Pacific/Apia")).unwrap();
    // Friday 2011-12-30 did not exist in Samoa: Thursday 18:00 is followed by Monday 09:00.
    assert_eq!(calendar.next_open(at("2011-12-30T04:00:00Z")), Some(at("2012-01-01T19:00:00Z")));
}

#[test]
fn a_window_past_midnight_goes_on_the_next_day() {
    let calendar = Calendar::resolve(&source("UTC", &[("sun", &[("21:00", "26:00")])])).unwrap();
    let span = calendar.span_at(at("2026-11-22T23:00:00Z"));
    assert_eq!(span, Some(Span { from: at("2026-11-22T21:00:00Z"), to: at("2026-11-23T02:00:00Z") }));
}

#[test]
fn an_override_goes_before_a_holiday_and_a_break_cuts_both() {
    let mut text = office("UTC");
    text.holidays = vec![
        Holiday { date: "--12-25".into(), name: String::new() },
        Holiday { date: "2026-12-24".into(), name: String::new() },
    ];
    text.overrides.insert("2026-12-24".into(), vec![("10:00".into(), "14:00".into())]);
    text.breaks.insert("2026-12-24".into(), vec![("12:00".into(), "12:30".into())]);
    let calendar = Calendar::resolve(&text).unwrap();
    assert_eq!(calendar.elapsed(at("2026-12-24T00:00:00Z"), at("2026-12-26T00:00:00Z"), &[]), hours(4) - 1_800_000);
    assert_eq!(calendar.elapsed(at("2027-12-25T00:00:00Z"), at("2027-12-26T00:00:00Z"), &[]), 0);
}

#[test]
fn pauses_count_once_and_only_while_open() {
    let calendar = Calendar::resolve(&office("UTC")).unwrap();
    let pause = |from: &str, to: &str| Span { from: at(from), to: at(to) };
    // Two that overlap (10:00–12:00 together) and one in the night.
    let pauses = [
        pause("2026-11-23T10:00:00Z", "2026-11-23T11:30:00Z"),
        pause("2026-11-23T11:00:00Z", "2026-11-23T12:00:00Z"),
        pause("2026-11-23T19:00:00Z", "2026-11-24T05:00:00Z"),
    ];
    assert_eq!(calendar.due(at("2026-11-23T09:00:00Z"), hours(8), &pauses), Some(at("2026-11-24T10:00:00Z")));
    assert_eq!(calendar.elapsed(at("2026-11-23T09:00:00Z"), at("2026-11-24T10:00:00Z"), &pauses), hours(8));
}

#[test]
fn working_days_keep_the_time_of_day() {
    let calendar = Calendar::resolve(&office("UTC")).unwrap();
    assert_eq!(calendar.due_days(at("2026-11-20T12:30:52Z"), 2, false), Some(at("2026-11-24T12:30:52Z")));
    assert_eq!(calendar.due_days(at("2026-11-20T20:00:00Z"), 1, false), Some(at("2026-11-24T09:00:00Z")));
    assert_eq!(calendar.due_days(at("2026-11-20T12:00:00Z"), 1, true), Some(at("2026-11-23T18:00:00Z")));
}

#[test]
fn all_mistakes_are_told_at_once_with_their_place() {
    let mut text = source("Europe/Madird", &[("tue", &[("17:00", "09:00"), ("9", "12:00")]), ("tuesday", &[])]);
    text.holidays = vec![Holiday { date: "25-12-2026".into(), name: String::new() }];
    let mistakes = Calendar::resolve(&text).unwrap_err();
    let found: Vec<_> = mistakes.iter().map(|m| (m.place.as_str(), m.kind.code())).collect();
    assert_eq!(
        found,
        [
            ("tz", "unknown_zone"),
            ("weekly.tue[0]", "invalid_hours"),
            ("weekly.tue[1]", "invalid_time"),
            ("weekly.tuesday", "unknown_weekday"),
            ("holidays[0]", "invalid_date"),
        ]
    );
    let empty = Calendar::resolve(&source("UTC", &[("mon", &[])])).unwrap_err();
    assert_eq!(empty[0].kind, CalendarMistakeKind::NoHours);
}

fn any_calendar() -> impl Strategy<Value = CalendarSource> {
    let zones = prop::sample::select(vec![
        "UTC",
        "Europe/Madrid",
        "America/New_York",
        "America/Sao_Paulo",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Asia/Kathmandu",
        "Africa/Casablanca",
        "America/St_Johns",
    ]);
    let window = (0..47i32, 1..20i32).prop_map(|(open, length)| {
        let close = (open + length).min(96);
        let text = |half_hours: i32| format!("{:02}:{:02}", half_hours / 2, half_hours % 2 * 30);
        (text(open), text(close))
    });
    let day = prop::collection::vec(window, 1..4);
    (zones, prop::collection::btree_map(prop::sample::select(WEEKDAYS.to_vec()), day, 1..7)).prop_map(|(tz, weekly)| {
        let mut calendar = source(tz, &[]);
        calendar.weekly = weekly.into_iter().map(|(name, windows)| (name.to_owned(), windows)).collect();
        calendar
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("CALENDAR_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000), ..ProptestConfig::default() })]

    #[test]
    fn elapsed_undoes_due(text in any_calendar(), start in 0i64..2_500_000_000, budget in 0i64..2_000_000, later in 0i64..500_000) {
        let calendar = Calendar::resolve(&text).unwrap();
        let start = Timestamp::from_millis(start * 1000);
        let due = calendar.due(start, budget * 1000, &[]).unwrap();
        prop_assert_eq!(calendar.elapsed(start, due, &[]), budget * 1000);
        prop_assert!(calendar.due(start, budget * 1000 + 1000, &[]).unwrap() > due);
        prop_assert!(calendar.due(start.plus_millis(later * 1000), budget * 1000, &[]).unwrap() >= due);
    }

    #[test]
    fn due_back_undoes_due(text in any_calendar(), start in 0i64..2_500_000_000, budget in 1i64..2_000_000) {
        let calendar = Calendar::resolve(&text).unwrap();
        let due = calendar.due(Timestamp::from_millis(start * 1000), budget * 1000, &[]).unwrap();
        let back = calendar.due_back(due, budget * 1000).unwrap();
        prop_assert_eq!(calendar.elapsed(back, due, &[]), budget * 1000);
    }
}
