//! How long a caller who presses nothing stays in a flow, at worst. A line is right when that way never goes in a circle: then
//! every node leads to an end, and no cycle is without a key.

use std::{collections::BTreeMap, sync::Arc};

use super::script::{Flow, Fragment, Input, LanguageStep, Prompt, Step};

/// What becomes of a silent caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Silence {
    /// Is in a queue or done after this many milliseconds at the latest.
    EndsWithin(u64),
    /// Comes back to the same node.
    Circle {
        /// The file without `.toml`.
        flow: String,
        /// Where the circle closes.
        node: Arc<str>,
        /// Whether a playback or a silence lies in it.
        takes_time: bool,
    },
}

/// The worst over all ways that need no key. Subflows must not enter one another in a circle.
pub(super) fn longest(flows: &BTreeMap<&str, &Flow>, clips: &BTreeMap<Arc<str>, u64>, languages: &[Arc<str>]) -> Silence {
    let mut search = Search { flows, clips, languages, done: BTreeMap::new() };
    match search.flow("flow") {
        Ok(ends) => Silence::EndsWithin(ends.values().copied().max().unwrap_or(0)),
        Err(circle) => circle,
    }
}

/// How a flow is left: `None` for its end, or by a return of this name; with the longest time to it.
type Ends = BTreeMap<Option<Arc<str>>, u64>;

struct Search<'a> {
    flows: &'a BTreeMap<&'a str, &'a Flow>,
    clips: &'a BTreeMap<Arc<str>, u64>,
    languages: &'a [Arc<str>],
    done: BTreeMap<(String, Arc<str>), Ends>,
}

impl Search<'_> {
    fn flow(&mut self, stem: &str) -> Result<Ends, Silence> {
        let Some(flow) = self.flows.get(stem).copied() else { return Ok(Ends::new()) };
        // Nodes that no silent way reaches (behind a key) must not go round in silence either.
        for node in flow.nodes.keys() {
            self.node(stem, flow, node, &mut Vec::new())?;
        }
        self.node(stem, flow, &flow.start, &mut Vec::new())
    }

    fn node(&mut self, stem: &str, flow: &Flow, name: &Arc<str>, trail: &mut Vec<(Arc<str>, u64)>) -> Result<Ends, Silence> {
        if let Some(at) = trail.iter().position(|(passed, _)| passed == name) {
            let takes_time = trail.iter().skip(at).any(|(_, ms)| *ms > 0);
            return Err(Silence::Circle { flow: stem.into(), node: name.clone(), takes_time });
        }
        let key = (stem.to_owned(), name.clone());
        if let Some(ends) = self.done.get(&key) {
            return Ok(ends.clone());
        }
        let Some(node) = flow.nodes.get(name) else { return Ok(Ends::new()) };
        let cost = self.cost(&node.step);
        let mut ends = Ends::new();
        let mut keep = |outcome: Option<Arc<str>>, ms: u64| {
            let worst = ends.entry(outcome).or_insert(0);
            *worst = (*worst).max(ms);
        };
        match &node.step {
            Step::Return { outcome } => keep(Some(outcome.clone()), cost),
            Step::Queue { .. } | Step::Hangup { .. } => keep(None, cost),
            Step::Subflow { flow: entered, returns } => {
                for (outcome, inside) in self.flow(entered)? {
                    let Some(next) = outcome.as_ref().and_then(|outcome| returns.get(outcome)) else {
                        keep(None, inside);
                        continue;
                    };
                    trail.push((name.clone(), inside));
                    let after = self.node(stem, flow, next, trail)?;
                    trail.pop();
                    for (outcome, ms) in after {
                        keep(outcome, inside + ms);
                    }
                }
            }
            step @ (Step::Say { .. }
            | Step::Menu { .. }
            | Step::Hours { .. }
            | Step::Identify { .. }
            | Step::TicketLookup { .. }
            | Step::Language { .. }
            | Step::Callback { .. }) => {
                if matches!(step, Step::Callback { .. }) {
                    keep(None, cost);
                }
                trail.push((name.clone(), cost));
                for exit in step.exits().into_iter().filter(|exit| exit.is_silent) {
                    for (outcome, ms) in self.node(stem, flow, exit.to, trail)? {
                        keep(outcome, cost + ms);
                    }
                }
                trail.pop();
            }
        }
        self.done.insert(key, ends.clone());
        Ok(ends)
    }

    /// Time that a silent caller spends at a node. Look-ups may be answered at once, so they count as nothing.
    fn cost(&self, step: &Step) -> u64 {
        match step {
            Step::Say { prompt, .. } => self.spoken(prompt),
            Step::Menu { ask, .. } => self.asked(ask, 1),
            Step::Language { how: LanguageStep::Ask { ask, .. }, .. } => self.asked(ask, self.languages.len() as u64),
            Step::Queue { prompt, .. } | Step::Hangup { prompt } => prompt.as_ref().map_or(0, |prompt| self.spoken(prompt)),
            Step::Language { how: LanguageStep::Fixed { .. } | LanguageStep::Caller | LanguageStep::Next, .. }
            | Step::Hours { .. }
            | Step::Identify { .. }
            | Step::TicketLookup { .. }
            | Step::Subflow { .. }
            | Step::Return { .. }
            | Step::Callback { .. } => 0,
        }
    }

    fn asked(&self, ask: &Input, times: u64) -> u64 {
        let tries = u64::from(ask.tries_max);
        let remark = ask.no_input.as_ref().map_or(0, |prompt| self.spoken(prompt));
        tries * (self.spoken(&ask.prompt) * times + ask.timeout_ms) + tries.saturating_sub(1) * remark * times
    }

    /// In the slowest language; a number counts with six digits. At least 1 when anything is sure to be said.
    fn spoken(&self, prompt: &Prompt) -> u64 {
        let length = |name: &str| self.clips.get(name).copied().unwrap_or(0);
        let in_language = |language: &Arc<str>| -> u64 {
            let of = |fragment: &Fragment| match fragment {
                Fragment::Recording(recording) => length(&recording.clip(language)).max(1),
                Fragment::TicketNumber => 6 * length(&format!("shared/{language}/digit-7")),
                Fragment::TicketState => length(&format!("shared/{language}/ticket-state-waiting")),
            };
            prompt.0.iter().map(of).sum()
        };
        self.languages.iter().map(in_language).max().unwrap_or(1)
    }
}
