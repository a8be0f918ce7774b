//! Stories of workflows as administrators write them.

use super::*;

fn mistakes(change: impl FnOnce(String) -> String) -> Vec<String> {
    let text = change(BUILT_IN.to_owned());
    read_workflow(&text).unwrap_err().iter().map(ToString::to_string).collect()
}

fn line_of(needle: &str) -> usize {
    BUILT_IN.lines().position(|line| line.contains(needle)).unwrap() + 1
}

fn targets(workflow: &Workflow, kind: TicketType, from: TicketState) -> Vec<&'static str> {
    let from = StatusKey::of_category(from);
    let moves = workflow.moves_from(kind, &from);
    moves.map(|rule| workflow.state(kind, &rule.to).unwrap().category.word()).collect()
}

#[test]
fn the_built_in_workflow_reads_and_holds_the_usual_moves() {
    let workflow = read_workflow(BUILT_IN).unwrap();
    assert_eq!(workflow.types.len(), TicketType::ALL.len());
    let waits = ["waiting_customer", "waiting_internal", "waiting_supplier", "solved", "cancelled"];
    assert_eq!(targets(&workflow, TicketType::Request, TicketState::Open), waits);
    assert_eq!(targets(&workflow, TicketType::Enquiry, TicketState::Solved), ["open", "closed"]);
    assert!(!targets(&workflow, TicketType::Enquiry, TicketState::Open).contains(&"waiting_supplier"));
    assert!(targets(&workflow, TicketType::Request, TicketState::Closed).is_empty());
}

#[test]
fn every_mistake_is_told_at_its_line_with_what_would_be_right() {
    let found = mistakes(|text| {
        text.replace(
            "states.waiting_supplier = { category = \"waiting_supplier\" }",
            "states.waiting_supplier = { categry = \"open\" }",
        )
        .replace("[types.return]\nworkflow = \"standard\"", "[types.return]\nworkflow = \"standart\"")
        .replace("[types.callback]\nworkflow = \"without_supplier\"\n", "")
    });
    let state = line_of("states.waiting_supplier");
    assert!(found.iter().any(|m| m.starts_with(&format!("line {state}: a state has no `categry`"))), "{found:#?}");
    assert!(found.iter().any(|m| m.contains("no workflow `standart`") && m.contains("without_supplier")), "{found:#?}");
    assert!(found.iter().any(|m| m.contains("the type callback is missing")), "{found:#?}");
    assert!(found.iter().any(|m| m.contains("no state `waiting_supplier`")), "{found:#?}");
}

#[test]
fn states_that_cannot_be_reached_or_left_and_guards_on_unknown_fields_are_refused() {
    let found = mistakes(|text| {
        text.replacen("states.closed", "states.in_repair = { category = \"waiting_supplier\" }\nstates.closed", 1).replacen(
            "reason = true",
            "requires = [\"field.serial\", \"colour\"]",
            1,
        )
    });
    let line = line_of("states.closed");
    assert!(found.iter().any(|m| m.starts_with(&format!("line {line}: no move leads to the state `in_repair`"))), "{found:#?}");
    assert!(found.iter().any(|m| m.contains("from the state `in_repair` there is no way to closed")), "{found:#?}");
    assert!(found.iter().any(|m| m.contains("a field `serial` that there is not")), "{found:#?}");
    assert!(found.iter().any(|m| m.contains("`colour` is no fact of a ticket")), "{found:#?}");
}

#[test]
fn a_mistake_has_a_code_and_what_it_speaks_of_for_consoles_in_other_languages() {
    let text = BUILT_IN.replace("[types.return]\nworkflow = \"standard\"", "[types.return]\nworkflow = \"standart\"");
    let found = read_workflow(&text).unwrap_err();
    let told: Vec<serde_json::Value> = found.iter().map(|mistake| serde_json::to_value(mistake).unwrap()).collect();
    let unknown = told.iter().find(|mistake| mistake["code"] == "unknown_workflow").unwrap();
    assert_eq!(unknown["params"]["key"], "standart");
    assert!(unknown["params"]["choices"].as_array().unwrap().contains(&"standard".into()), "{unknown}");
    let back: WorkflowMistake = serde_json::from_value(unknown.clone()).unwrap();
    assert!(found.contains(&back));
    let bare = read_workflow(&BUILT_IN.replace("states.", "stats.")).unwrap_err();
    assert!(bare.iter().any(|mistake| mistake.flaw == WorkflowFlaw::NoStates), "{bare:?}");
}

#[test]
fn text_that_is_no_toml_is_told_and_nothing_else() {
    let found = read_workflow("types = [").unwrap_err();
    assert!(found.iter().all(|mistake| mistake.mend.starts_with("Write it as TOML")), "{found:?}");
    assert!(!found.is_empty());
}

#[test]
fn fields_take_what_is_of_their_kind() {
    let field = |kind, choices: &[&str]| FieldRule {
        names: Names::new(),
        kind,
        choices: choices.iter().map(ToString::to_string).collect(),
    };
    assert!(field(FieldKind::Date, &[]).takes("2026-11-23") && !field(FieldKind::Date, &[]).takes("23.11.2026"));
    assert!(field(FieldKind::Choice, &["red"]).takes("red") && !field(FieldKind::Choice, &["red"]).takes("blue"));
    assert!(field(FieldKind::Number, &[]).takes("-3") && !field(FieldKind::Number, &[]).takes("3.5"));
    assert!(!field(FieldKind::Text, &[]).takes("  "));
}
