//! Files of cases, through the same door as the command line.

use super::*;

fn check(text: &str) {
    let file = CaseFile::read(text).unwrap();
    let failed: Vec<_> = file.check().into_iter().filter(|verdict| !verdict.passed).collect();
    let told: Vec<_> = failed
        .iter()
        .map(|v| format!("{}: expected {}, got {} {:?}", v.id, v.expected, Value::Object(v.got.clone()), v.complaint))
        .collect();
    assert!(told.is_empty(), "{} of {} cases:\n{}", told.len(), file.len(), told.join("\n"));
}

#[test]
fn the_sample_cases_pass() {
    check(include_str!("../../../tests/sla/sample-cases.json"));
}

#[test]
fn the_cases_derived_from_the_rules_pass() {
    check(include_str!("../../../tests/sla/rules.json"));
}

#[test]
fn a_bad_case_is_told_with_its_id_and_the_others_still_run() {
    let file = CaseFile::read(
        r#"{"calendars": {"always": {"weekly": {"mon": [["00:00", "24:00"]]}}, "odd": {"weekly": 7}}, "cases": [
            {"id": "A", "op": "due", "calendar": "always", "in": {"budget_s": 60}},
            {"id": "B", "op": "guess", "calendar": "always"},
            {"op": "due", "calendar": "nowhere", "in": {"start": "2026-01-05T00:00:00Z", "budget_s": 60}},
            {"id": 4, "op": "is_open", "calendar": "odd", "in": {"at": "2026-01-05T00:00:00Z"}},
            {"id": "E", "op": "is_open", "calendar": "always", "in": {"at": "yesterday"}},
            {"id": "F", "op": "due", "calendar": "always", "in": {"start": "2026-01-05T00:00:00Z", "budget_s": -1}},
            "not a case",
            {"id": "H", "op": "is_open", "calendar": "always", "in": {"at": "2026-01-05T00:00:00.5Z"}},
            {"id": "I", "op": "due", "calendar": "always", "in": {"start": "2026-01-05T00:00:00.25Z", "budget_s": 0.25}}
        ]}"#,
    )
    .unwrap();
    let answers: Vec<_> = file.solve().into_iter().map(|answer| (answer.to_string(), answer.complaint)).collect();
    let told = |index: usize| answers[index].1.as_deref().unwrap_or_default();
    assert_eq!(answers[0].0, "A  error bad_case");
    assert_eq!(told(0), "in.start is missing");
    assert!(told(1).contains("guess"), "{}", told(1));
    assert_eq!((answers[2].0.as_str(), told(2)), ("#3  error bad_case", "calendar: the file has no calendar \"nowhere\""));
    assert!(answers[3].0.starts_with("4 ") && told(3).contains("weekly"), "{:?}", answers[3]);
    assert!(told(4).contains("in.at") || told(4).contains("in"), "{}", told(4));
    assert_eq!((answers[5].0.as_str(), told(5)), ("F  error invalid_budget", ""), "refused by the rules, not unreadable");
    assert_eq!(answers[6].0, "#7  error bad_case");
    assert_eq!(answers[7].0, "H  open true");
    assert_eq!(answers[8].0, "I  due 2026-01-05T00:00:00.5Z");
    assert!(file.check().iter().all(|verdict| !verdict.passed), "nothing was expected, so nothing passes");
}

#[test]
fn a_file_that_holds_no_cases_is_no_file_of_cases() {
    for text in ["", "[]", "{}", r#"{"cases": {}}"#, r#"{"cases": [], "calendars": []}"#] {
        assert!(CaseFile::read(text).is_err(), "{text:?}");
    }
    assert!(CaseFile::read(r#"{"cases": []}"#).unwrap().is_empty());
}

#[test]
fn an_answer_has_the_names_that_the_case_asks_for() {
    let file = CaseFile::read(
        r#"{"calendars": {"always": {"weekly": {"mon": [["00:00", "24:00"]]}}}, "cases": [
            {"id": "A", "op": "escalation", "calendar": "always",
             "in": {"start": "2026-01-05T00:00:00Z", "budget_s": 60, "offset_s": 60}, "expect": {"fires_at": "2026-01-05T01:02:00+01:00"}},
            {"id": "B", "op": "due", "calendar": "always", "in": {"start": "2026-01-05T00:00:00Z", "budget_s": 60},
             "expect": {"error": "no_working_time"}}
        ]}"#,
    )
    .unwrap();
    let got: Vec<_> = file.solve().iter().map(ToString::to_string).collect();
    assert_eq!(got, ["A  fires_at 2026-01-05T00:02:00Z", "B  due 2026-01-05T00:01:00Z"]);
    let passed: Vec<_> = file.check().iter().map(|verdict| verdict.passed).collect();
    assert_eq!(passed, [true, false], "instants are compared, not their spelling");
}
