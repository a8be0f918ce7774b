//! Whole runs: against the formulas where those are true, and against what any staffing must do.

use super::*;
use crate::domain::report::erlang::{Traffic, erlang_a, erlang_c};

const GOAL: ServiceLevel = ServiceLevel { percent: 80, within_secs: 20 };

fn queue(calls_per_hour: f64, handle_secs: f64, patience_secs: Option<f64>, hours: usize) -> PlannedQueue {
    PlannedQueue {
        key: "calls".parse().unwrap(),
        calls_per_hour: vec![calls_per_hour; hours],
        handle_secs,
        wrap_up_secs: handle_secs / 4.0,
        patience_secs,
        priority: 0,
        skills: [].into(),
    }
}

/// One queue whose telephones are answered at once, as the formulas have it.
fn plan(calls_per_hour: f64, handle_secs: f64, patience_secs: Option<f64>, agents: u32, hours: u32) -> Plan {
    let queue = queue(calls_per_hour, handle_secs, patience_secs, usize::try_from(hours).unwrap());
    Plan::of_one_queue(queue, agents, hours, GOAL, 0)
}

fn run(plans: Vec<Plan>, days: u32, seed: u64) -> Report {
    Run { plans, days, seed }.simulate(|_, _| {})
}

/// The formula is inside of the interval, or not farther away than the day's empty beginning explains; and the interval is narrow
/// enough to say something.
#[track_caller]
fn agrees(what: &str, found: Option<Estimate>, formula: f64, width_max: f64) {
    let found = found.unwrap();
    let margin = found.margin_95.unwrap();
    assert!(margin <= width_max * formula, "{what}: {found:?} says too little of {formula}");
    assert!((found.mean - formula).abs() <= 1.5 * margin + 0.02 * formula, "{what}: {found:?}, by formula {formula}");
}

#[test]
fn a_line_that_nobody_leaves_is_as_erlang_c_says() {
    // 2 Erlang for 4 agents.
    let report = run(vec![plan(120.0, 60.0, None, 4, 6)], 10, 1);
    let found = &report.staffings[0].queues[0].simulated;
    let formula = erlang_c(Traffic::new(120.0, 60.0).unwrap(), 4, 20.0).unwrap();
    agrees("P(wait)", found.waited_percent, 100.0 * formula.wait_probability, 0.2);
    agrees("mean wait", found.asa_seconds, formula.asa_secs, 0.5);
    agrees("service level", found.service_level_percent, 100.0 * formula.service_level, 0.1);
    agrees("occupancy", found.occupancy_percent, 100.0 * formula.occupancy, 0.05);
    assert_eq!(found.abandoned_percent.unwrap().mean, 0.0);
}

#[test]
fn callers_who_lose_patience_are_as_erlang_a_says() {
    // 6 Erlang for 5 agents: without the callers' patience the line would grow for ever.
    let report = run(vec![plan(360.0, 60.0, Some(40.0), 5, 2)], 10, 7);
    let found = &report.staffings[0].queues[0].simulated;
    let formula = erlang_a(Traffic::new(360.0, 60.0).unwrap(), 40.0, 5, 20.0).unwrap();
    agrees("P(wait)", found.waited_percent, 100.0 * formula.wait_probability, 0.1);
    agrees("abandoned", found.abandoned_percent, 100.0 * formula.abandoned, 0.2);
    agrees("mean wait", found.asa_seconds, formula.asa_secs, 0.2);
    agrees("service level", found.service_level_percent, 100.0 * formula.service_level, 0.1);
    agrees("occupancy", found.occupancy_percent, 100.0 * formula.occupancy, 0.05);
}

#[test]
fn the_same_seed_gives_the_same_octets_and_another_one_does_not() {
    let of_seed = |seed| {
        let report = run([3, 4].map(|agents| plan(60.0, 120.0, Some(60.0), agents, 2)).to_vec(), 3, seed);
        (serde_json::to_string(&report).unwrap(), report.to_string())
    };
    assert_eq!(of_seed(5), of_seed(5));
    assert_ne!(of_seed(5), of_seed(6));
}

#[test]
fn every_staffing_has_the_same_callers_and_every_caller_comes_to_one_end() {
    let days: Vec<QueueDay> =
        [2, 3, 6].map(|agents| simulate_day(&plan(60.0, 150.0, Some(45.0), agents, 3), 11).queues[0].clone()).to_vec();
    for day in &days {
        assert_eq!(day.offered, days[0].offered);
        assert_eq!(day.offered, day.answered + day.abandoned + day.turned_away + day.waiting(), "{day:?}");
        assert_eq!((day.waiting(), day.turned_away), (0, 0), "{day:?}");
        assert!(day.in_time <= day.answered && day.at_once <= day.offered, "{day:?}");
    }
    assert!(days[0].abandoned > days[1].abandoned && days[1].abandoned > days[2].abandoned, "{days:?}");
    assert!(days[0].in_time < days[1].in_time && days[1].in_time < days[2].in_time, "{days:?}");
}

#[test]
fn agents_time_is_what_their_calls_took() {
    let mut plan = plan(40.0, 120.0, None, 8, 4);
    plan.answer_ms = 3_000;
    let day = simulate_day(&plan, 3);
    assert_eq!(day.work_ms + day.ready_ms, 8 * 4 * 3_600_000, "agents are there the whole day");
    let queue = &day.queues[0];
    // With so many agents the wait is the ringing alone.
    assert_eq!((queue.at_once, queue.wait_ms_answered), (queue.offered, queue.answered * 3_000));
    let handled_ms = day.work_ms / queue.answered;
    assert!((100_000..150_000).contains(&handled_ms), "ringing, talk and wrap-up of 123 s in the mean: {handled_ms}");
}

#[test]
fn a_line_that_nobody_leaves_and_nobody_can_serve_comes_to_an_end() {
    let day = simulate_day(&plan(120.0, 600.0, None, 1, 2), 1);
    let queue = &day.queues[0];
    assert!(queue.turned_away > 50 && queue.waiting() > 10, "{queue:?}");
    assert!(queue.wait_ms_max > 3_600_000, "{queue:?}");
    let report = run(vec![plan(120.0, 600.0, None, 1, 2)], 1, 1);
    let found = &report.staffings[0].queues[0];
    assert_eq!((found.erlang_c, found.erlang_a, found.reaches_goal), (None, None, false));
    assert!(found.erlang_c_missing.as_ref().unwrap().contains("no steady state"), "{found:?}");
    let text = report.to_string();
    assert!(text.contains("found the line full") && text.contains("still waited"), "{text}");
}

const SHARED: &str = r#"
[[queue]]
key = "gold"
calls_per_hour = [40, 0]
handle_seconds = 120
priority = 5
skills = ["gold"]

[[queue]]
key = "usual"
calls_per_hour = 40
handle_seconds = 120
wrap_up_seconds = 0
patience_seconds = 300

[[agents]]
count = 3
skills = ["gold"]

[[agents]]
count = 1
from = 1
to = 2
"#;

#[test]
fn skills_hours_and_priorities_of_a_plan_count() {
    let plan = read_plan(SHARED, 2, GOAL, 1_000).unwrap();
    assert_eq!((plan.agents(), plan.agent_hours()), (4, 7));
    let serving = |queue: usize, hour| plan.serving(&plan.queues[queue], hour);
    assert_eq!([serving(0, 0), serving(0, 1), serving(1, 0), serving(1, 1)], [3, 3, 3, 4]);
    assert_eq!((plan.queues[0].wrap_up_secs, plan.queues[1].wrap_up_secs), (20.0, 0.0));
    assert_eq!((plan.queues[0].patience_secs, plan.queues[1].patience_secs), (None, Some(300.0)));
    let report = run(vec![plan], 6, 1);
    let [gold, usual] = &report.staffings[0].queues[..] else { panic!("{report:?}") };
    let mean = |estimate: Option<Estimate>| estimate.unwrap().mean;
    let equals = read_plan(&SHARED.replace("priority = 5", "priority = 0"), 2, GOAL, 1_000).unwrap();
    let as_equals = run(vec![equals], 6, 1);
    let [plain, _] = &as_equals.staffings[0].queues[..] else { panic!("{as_equals:?}") };
    assert!(mean(gold.simulated.asa_seconds) < 0.9 * mean(plain.simulated.asa_seconds), "{report} {as_equals}");
    assert!((25.0..55.0).contains(&mean(gold.simulated.calls_per_day)), "nobody calls in the second hour: {report}");
    assert!((60.0..100.0).contains(&mean(usual.simulated.calls_per_day)), "{report}");
    assert_eq!((gold.agents, usual.agents), (3, 4));
    assert!(gold.erlang_c.is_some() && gold.erlang_a_missing.as_deref() == Some("nobody hangs up, as in Erlang C"));
    let absent = read_plan(&SHARED.replace("count = 3", "count = 3\nfrom = 1"), 2, GOAL, 1_000).unwrap();
    let missing = formulas::erlang_c(&absent, &absent.queues[0]).unwrap_err();
    assert_eq!(missing, "no agents in hour 0");
    assert!(report.to_string().contains("as if the agents with its skills served no other"), "{report}");
    assert_eq!(report.queues[0].agents_needed.simulated, None);
}

#[test]
fn all_mistakes_of_a_plan_are_told_with_their_lines() {
    let text = r#"colour = "red"

[[queue]]
key = "Gold!"
calls_per_hour = [10, 20, 30]
handle_seconds = 60
wrap_up_seconds = 90
patience = 5

[[queue]]
key = "usual"
calls_per_hour = "many"
skills = "usual"

[[agents]]
count = 0
from = 2

[[agents]]
from = 2
to = 1
count = 3
"#;
    let mistakes = read_plan(text, 2, GOAL, 0).unwrap_err();
    let found: Vec<(usize, &str)> = mistakes.iter().map(|mistake| (mistake.line, mistake.message.as_str())).collect();
    assert_eq!(
        found,
        [
            (1, "a plan has no `colour`"),
            (4, "`key` is no key"),
            (5, "calls_per_hour has 3 figures, the day has 2 hours"),
            (7, "wrap_up_seconds 90 is not less than handle_seconds 60, of which it is a part"),
            (8, "a queue has no `patience`"),
            (10, "`handle_seconds` is missing"),
            (12, "`calls_per_hour` is no number from 0 to 50000"),
            (13, "`skills` is no list"),
            (16, "`count` is no whole number from 1 to 1000"),
            (17, "`from` is no whole number from 0 to 1"),
            (20, "`from` is no whole number from 0 to 1"),
        ]
    );
    assert!(mistakes.iter().all(|mistake| !mistake.mend.is_empty()));
}

#[test]
fn what_does_not_fit_together_is_told() {
    let text = r#"
[[queue]]
key = "gold"
calls_per_hour = 10
handle_seconds = 60
skills = ["gold"]

[[queue]]
key = "gold"
calls_per_hour = 49_995
handle_seconds = 60

[[agents]]
count = 600
skills = ["golf"]
from = 1
to = 1

[[agents]]
count = 600
"#;
    let told = |text: &str| -> Vec<String> {
        read_plan(text, 2, GOAL, 0)
            .unwrap_err()
            .iter()
            .map(|mistake| format!("{}: {}", mistake.line, mistake.message))
            .collect()
    };
    assert_eq!(told(text), ["17: these agents leave at hour 1 and come at hour 1"]);
    assert_eq!(
        told(&text.replace("to = 1", "to = 2")),
        [
            "2: no agents serve queue `gold`: none have gold",
            "2: hour 0 has 50005 calls",
            "8: there are two queues `gold`",
            "13: no queue asks for the skill `golf`",
            "13: there are 1200 agents",
        ]
    );
    assert!(told("[[queue]]\nkey = \n")[0].starts_with("2: "));
    assert_eq!(told(""), ["1: the plan has no [[queue]]", "1: the plan has no [[agents]]"]);
    assert_eq!(told("queue = []\nagents = 3\n"), ["1: the plan has no [[queue]]", "2: `agents` is no list of tables"]);
}

#[test]
fn the_report_says_the_same_to_programs_and_to_people() {
    let report = run([4, 9].map(|agents| plan(120.0, 150.0, Some(60.0), agents, 1)).to_vec(), 4, 2);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["goal"], serde_json::json!({ "percent": 80, "seconds": 20 }));
    assert_eq!((json["hours"].as_u64(), json["days"].as_u64(), json["seed"].as_u64()), (Some(1), Some(4), Some(2)));
    assert_eq!(json["simulated_agent_hours"], 4 * (4 + 9));
    assert_eq!(json["queues"][0]["queue"], "calls");
    let needed = &json["queues"][0]["agents_needed"];
    assert_eq!((needed["erlang_c"].as_u64(), needed["simulated"].as_u64()), (Some(8), Some(9)));
    assert!(needed["erlang_a"].as_u64() < needed["erlang_c"].as_u64());
    let few = &json["staffings"][0]["queues"][0];
    assert!(few["erlang_c"].is_null() && few["erlang_c_missing"].as_str().unwrap().starts_with("no steady state: 5.00"));
    assert!(few["erlang_a_missing"].is_null());
    for key in ["service_level_percent", "asa_seconds", "waited_percent", "abandoned_percent", "occupancy_percent"] {
        assert!(few["erlang_a"][key].is_f64(), "{key}: {few}");
        assert!(few["simulated"][key]["mean"].is_f64() && few["simulated"][key]["margin_95"].is_f64(), "{key}: {few}");
    }
    for key in ["calls_per_day", "longest_wait_seconds", "turned_away_per_day", "unserved_per_day"] {
        assert!(few["simulated"][key]["mean"].is_f64(), "{key}: {few}");
    }
    let text = report.to_string();
    assert!(text.contains("Agents needed by calls: Erlang C 8, Erlang A "), "{text}");
    assert!(text.contains(", simulated 9.\n") && text.matches("goal reached").count() == 1, "{text}");
    assert!(text.lines().all(|line| line == line.trim_end()), "{text:?}");
}

#[test]
fn goals_and_numbers_of_agents_are_read_as_people_write_them() {
    assert_eq!("80/20".parse(), Ok(GOAL));
    assert_eq!("10..16".parse::<Staffings>().map(|range| range.each().count()), Ok(7));
    assert_eq!("10..=16".parse::<Staffings>(), "10..16".parse());
    assert_eq!("14".parse(), Ok(Staffings { from: 14, to: 14 }));
    for text in ["", "80", "0/20", "100/20", "80/x", "80/4000"] {
        assert!(text.parse::<ServiceLevel>().is_err(), "{text:?}");
    }
    for text in ["", "0", "1001", "16..10", "1..60", "a..b", "-3"] {
        assert!(text.parse::<Staffings>().is_err(), "{text:?}");
    }
}
