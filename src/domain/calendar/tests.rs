//! Stories of calendars, and the algebra that must hold for any of them.

use proptest::prelude::*;

use super::{source::WEEKDAYS, *};
use crate::domain::directory::{CalendarSource, Holiday};

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
    assert_eq!(resolve_local("America/Los_Angeles", "2014-03-09T02:30:00"), Some(at("2014-03-09T10:30:00Z")));
    assert_eq!(resolve_local("Europe/Madrid", "2026-10-25T02:30:00"), Some(at("2026-10-25T00:30:00Z")), "the first of the two");
    assert_eq!(resolve_local("Europe/Madrid", "half past two"), None);
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

#[test]
fn days_are_counted_back_as_well_and_end_at_a_closing() {
    let calendar = Calendar::resolve(&office("UTC")).unwrap();
    assert_eq!(calendar.due_days(at("2026-11-24T12:30:00Z"), -2, false), Some(at("2026-11-20T12:30:00Z")));
    assert_eq!(calendar.due_days(at("2026-11-24T18:00:00Z"), -2, false), Some(at("2026-11-20T18:00:00Z")), "a closing stays");
    assert_eq!(calendar.due_days(at("2026-11-24T07:00:00Z"), -2, false), Some(at("2026-11-20T09:00:00Z")));
    assert_eq!(calendar.due_back(at("2026-11-22T12:00:00Z"), 0), Some(at("2026-11-22T12:00:00Z")));
}

#[test]
fn a_deadline_in_days_is_extended_by_the_open_time_that_was_paused() {
    let calendar = Calendar::resolve(&office("UTC")).unwrap();
    // Thursday 10:00 and one day; paused over the night and two open hours of Friday's morning: one hour before the deadline
    // and one after it.
    let pauses = [Span { from: at("2026-11-19T20:00:00Z"), to: at("2026-11-20T11:00:00Z") }];
    assert_eq!(calendar.due_days_unpaused(at("2026-11-19T10:00:00Z"), 1, false, &pauses), Some(at("2026-11-20T12:00:00Z")));
    assert_eq!(calendar.paused(at("2026-11-19T10:00:00Z"), at("2026-11-20T18:00:00Z"), &pauses), hours(2));
    assert_eq!(calendar.due_days_unpaused(at("2026-11-19T10:00:00Z"), 1, true, &pauses), Some(at("2026-11-23T11:00:00Z")));
}

#[test]
fn holidays_follow_easter() {
    let mut text = always("Europe/Madrid");
    text.holidays = ["easter-2", "easter", "easter+39"].map(|date| Holiday { date: date.into(), name: String::new() }).into();
    let calendar = Calendar::resolve(&text).unwrap();
    let noon = |date: &str| at(&format!("{date}T12:00:00Z"));
    // Easter Sundays by the tables: 1961-04-02, 2000-04-23, 2008-03-23, 2026-04-05, 2038-04-25.
    for closed in ["1961-04-02", "2000-04-21", "2008-03-23", "2026-04-03", "2026-04-05", "2026-05-14", "2038-04-25"] {
        assert!(!calendar.is_open(noon(closed)), "{closed}");
    }
    for open in ["2026-04-04", "2026-04-06", "2026-05-13", "2038-04-18"] {
        assert!(calendar.is_open(noon(open)), "{open}");
    }
    for wrong in ["easter2", "easter+", "easter+400", "Easter", "--02-30"] {
        text.holidays = vec![Holiday { date: wrong.into(), name: String::new() }];
        assert_eq!(Calendar::resolve(&text).unwrap_err()[0].kind.code(), "invalid_date", "{wrong}");
    }
}

#[test]
fn a_search_ends_where_nobody_opens_any_more() {
    let mut text = source("UTC", &[]);
    text.overrides.insert("2026-12-20".into(), vec![("10:00".into(), "14:00".into())]);
    let calendar = Calendar::resolve(&text).unwrap();
    assert_eq!(calendar.due(at("2026-11-23T00:00:00Z"), hours(4), &[]), Some(at("2026-12-20T14:00:00Z")));
    assert_eq!(calendar.due(at("2026-11-23T00:00:00Z"), hours(5), &[]), None);
    assert_eq!(calendar.due_days(at("2026-11-23T00:00:00Z"), 2, false), None);
    assert_eq!(calendar.due_back(at("2026-11-23T00:00:00Z"), 1), None);
    // One hour a week: 40 years of them are found.
    let weekly = Calendar::resolve(&source("UTC", &[("mon", &[("09:00", "10:00")])])).unwrap();
    let due = weekly.due(at("2026-01-05T00:00:00Z"), hours(2_088), &[]);
    assert_eq!(due, Some(at("2066-01-04T10:00:00Z")));
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

#[test]
fn clocks_that_go_back_over_midnight_leave_out_none_of_the_next_day() {
    // St. John's went back at one minute past midnight: 7 November 2010, 00:01 became 6 November, 23:01.
    let mut text = source("America/St_Johns", &[]);
    text.weekly = [("sat".to_owned(), vec![("22:30".to_owned(), "32:00".to_owned())])].into();
    let calendar = Calendar::resolve(&text).unwrap();
    let start: Timestamp = "2010-11-07T01:00:00Z".parse().unwrap();
    let due = calendar.due(start, 2 * 3_600_000, &[]).unwrap();
    let counted: i64 = calendar.days(start, due).flat_map(|day| day.spans).map(|span| span.to.millis_since(span.from)).sum();
    assert_eq!(counted, 2 * 3_600_000);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("CALENDAR_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(5_000), ..ProptestConfig::default() })]

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

    #[test]
    fn the_days_of_a_deadline_add_up_to_its_budget(
        text in any_calendar(),
        start in 0i64..2_500_000_000,
        budget in 1i64..500_000,
        pauses in prop::collection::vec((0i64..500_000, 1i64..100_000), 0..4),
    ) {
        let calendar = Calendar::resolve(&text).unwrap();
        let start = Timestamp::from_millis(start * 1000);
        let pause = |(from, length): (i64, i64)| Span { from: start.plus_millis(from * 1000), to: start.plus_millis((from + length) * 1000) };
        let pauses: Vec<Span> = pauses.into_iter().map(pause).collect();
        let due = calendar.due(start, budget * 1000, &pauses).unwrap();
        let windows: Vec<Span> = calendar.days(start, due).flat_map(|day| day.spans).collect();
        let counted: i64 = windows.iter().map(|span| calendar.elapsed(span.from, span.to, &pauses)).sum();
        prop_assert_eq!(counted, budget * 1000);
        prop_assert!(windows.windows(2).all(|pair| pair[0].to <= pair[1].from), "windows in order, none twice");
        prop_assert_eq!(calendar.elapsed(start, due, &pauses), budget * 1000);
    }
}
