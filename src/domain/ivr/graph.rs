//! A line as a Mermaid flow chart: a box per node, a frame per flow, an arrow per way out.

use super::script::{Flow, LanguageStep, Line, Node, Step};

/// The whole line; text for any Mermaid viewer.
pub fn mermaid(line: &Line) -> String {
    let mut out = format!("---\ntitle: {} {}\n---\nflowchart LR\n", line.id, line.short_version());
    frame(&line.main, &mut out);
    for flow in line.subflows.values() {
        frame(flow, &mut out);
    }
    for flow in line.subflows.values().chain([&line.main]) {
        for (name, node) in &flow.nodes {
            if let Step::Subflow { flow: entered, .. } = &node.step
                && let Some(subflow) = line.subflows.get(entered)
            {
                out.push_str(&format!("  {} -.-> {}\n", box_id(&flow.name, name), box_id(&subflow.name, &subflow.start)));
            }
        }
    }
    out
}

fn frame(flow: &Flow, out: &mut String) {
    out.push_str(&format!("  subgraph {}[\"{}\"]\n", frame_id(&flow.name), escaped(&flow.name)));
    out.push_str(&format!("    {}(( )) --> {}\n", box_id(&flow.name, ""), box_id(&flow.name, &flow.start)));
    for (name, node) in &flow.nodes {
        let text = format!("<b>{}</b><br/>{}", escaped(name), escaped(&caption(node)));
        let shape = match &node.step {
            Step::Menu { .. } | Step::Language { how: LanguageStep::Ask { .. }, .. } => format!("{{{{\"{text}\"}}}}"),
            Step::Hours { .. } | Step::Identify { .. } | Step::TicketLookup { .. } => format!("{{\"{text}\"}}"),
            Step::Queue { .. } | Step::Callback { .. } | Step::Hangup { .. } | Step::Return { .. } => format!("([\"{text}\"])"),
            Step::Subflow { .. } => format!("[[\"{text}\"]]"),
            Step::Say { .. }
            | Step::Language { how: LanguageStep::Fixed { .. } | LanguageStep::Caller | LanguageStep::Next, .. } => {
                format!("[\"{text}\"]")
            }
        };
        out.push_str(&format!("    {}{shape}\n", box_id(&flow.name, name)));
    }
    for (name, node) in &flow.nodes {
        for exit in node.step.exits() {
            let arrow = if exit.label.is_empty() { "-->".to_owned() } else { format!("-->|\"{}\"|", escaped(&exit.label)) };
            out.push_str(&format!("    {} {arrow} {}\n", box_id(&flow.name, name), box_id(&flow.name, exit.to)));
        }
    }
    out.push_str("  end\n");
}

/// What stands below the name.
fn caption(node: &Node) -> String {
    match &node.step {
        Step::Hours { calendar, .. } => format!("hours {calendar}"),
        Step::Language { how: LanguageStep::Fixed { language }, .. } => format!("language {language}"),
        Step::Language { how: LanguageStep::Caller, .. } => "the caller's language".into(),
        Step::Language { how: LanguageStep::Next, .. } => "the next language".into(),
        Step::Subflow { flow, .. } => format!("subflow {flow}"),
        Step::Return { outcome } => format!("return {outcome}"),
        Step::Queue { queue, .. } => format!("queue {queue}"),
        Step::Callback { queue, .. } => format!("callback by {queue}"),
        step @ (Step::Say { .. }
        | Step::Menu { .. }
        | Step::Identify { .. }
        | Step::TicketLookup { .. }
        | Step::Language { how: LanguageStep::Ask { .. }, .. }
        | Step::Hangup { .. }) => step.kind().replace('_', " "),
    }
}

/// Mermaid's own words (`end`, `graph`) and signs cannot be ids: letters and digits stay, everything else becomes its code.
fn box_id(flow: &str, node: &str) -> String {
    let plain = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("_{:x}", u32::from(c)) }).collect()
    };
    format!("n_{}__{}", plain(flow), plain(node))
}

fn frame_id(flow: &str) -> String {
    box_id(flow, "frame").replacen("n_", "f_", 1)
}

fn escaped(text: &str) -> String {
    text.replace('&', "#amp;").replace('"', "#quot;").replace('<', "#lt;").replace('>', "#gt;")
}
