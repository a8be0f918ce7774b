//! `centralita simulate` from outside: what it says, and how it ends.

use crate::support::centre::Centre;

#[tokio::test]
async fn a_staffing_is_simulated_without_a_server_or_a_data_folder() {
    let usual = ["simulate", "--json", "--calls-per-hour", "30", "--handle-seconds", "120", "--patience-seconds", "60"];
    let ending = Centre::ends(&[&usual[..], &["--agents", "1..3", "--hours", "2", "--days", "3"]].concat()).await;
    assert_eq!(ending.code, Some(0), "{ending:?}");
    assert!(ending.said.contains("Goal 80 % within 20 s. 3 days of 2 hours from seed 1"), "{}", ending.said);
    assert!(ending.said.contains("Agents needed by calls: Erlang C 3, Erlang A 2, simulated "), "{}", ending.said);
    assert!(ending.said.contains(" 36 agent-hours in "), "{}", ending.said);
}

#[tokio::test]
async fn a_wrong_plan_or_argument_ends_with_place_and_mend() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = folder.path().join("plan.toml");
    std::fs::write(&plan, "[[queue]]\nkey = \"sales\"\ncalls_per_hour = -1\n\n[[agents]]\ncount = 2.5\n").expect("a file");
    let plan = plan.to_str().expect("a path");
    let ending = Centre::ends(&["simulate", "--plan", plan]).await;
    assert_eq!(ending.code, Some(2), "{ending:?}");
    for told in [
        "plan.toml:1: `handle_seconds` is missing. Write the mean",
        "plan.toml:3: `calls_per_hour` is no number from 0 to 50000.",
        "plan.toml:6: `count` is no whole number from 1 to 1000.",
    ] {
        assert!(ending.said.contains(told), "{told}\n{}", ending.said);
    }
    for (wrong, told) in [
        (&["--plan", "/nowhere.toml"][..], "/nowhere.toml: cannot be read"),
        (&["--plan", plan, "--agents", "3"], "cannot be used with"),
        (&["--calls-per-hour", "30"], "--handle-seconds"),
        (&["--calls-per-hour", "30", "--handle-seconds", "60", "--agents", "16..10"], "such as 10..16"),
        (&["--calls-per-hour", "30", "--handle-seconds", "60", "--wrap-up-seconds", "60"], "--wrap-up-seconds: 60 is not less"),
        (&["--calls-per-hour", "50000", "--handle-seconds", "600"], "more than 1000 agents would be needed"),
        (&["--calls-per-hour", "50000", "--handle-seconds", "60", "--days", "1000"], "and 20000000 are the most"),
    ] {
        let ending = Centre::ends(&[&["simulate"], wrong].concat()).await;
        assert_eq!(ending.code, Some(2), "{wrong:?} {ending:?}");
        assert!(ending.said.contains(told), "{told}\n{}", ending.said);
    }
}
