//! Reports as CSV files for spreadsheets, with the same figures as on the screen. Times are RFC 3339 in UTC, lengths seconds, ratios
//! percent; a cell without a figure is empty.

use super::{AgentId, Behind, QueueId, ReportFault, Reports, Span};
use crate::{
    app::{actor::Actor, calls::harmless},
    domain::report::{AgentInterval, CallbackInterval, Contact, QueueInterval, Ratio},
};

/// A column: its heading and what stands in it.
type Column<T> = (&'static str, fn(&T) -> String);

const QUEUE_COLUMNS: &[Column<QueueInterval>] = &[
    ("queue", |line| harmless(line.queue.to_string())),
    ("begins_at", |line| line.begins_at.to_string()),
    ("ends_at", |line| line.ends_at.to_string()),
    ("is_over", |line| line.is_over.to_string()),
    ("offered", |line| line.counts.offered.to_string()),
    ("answered", |line| line.counts.answered.to_string()),
    ("answered_in_time", |line| line.counts.answered_in_time.to_string()),
    ("answered_within_180_s", |line| line.counts.answered_within_180_s.to_string()),
    ("abandoned", |line| line.counts.abandoned.to_string()),
    ("abandoned_short", |line| line.counts.abandoned_short.to_string()),
    ("abandoned_in_time", |line| line.counts.abandoned_in_time.to_string()),
    ("flowed_out", |line| line.counts.flowed_out.to_string()),
    ("flowed_out_no_agents", |line| line.counts.flow_outs.no_agents.to_string()),
    ("flowed_out_max_wait", |line| line.counts.flow_outs.max_wait.to_string()),
    ("flowed_out_full", |line| line.counts.flow_outs.full.to_string()),
    ("flowed_out_closed", |line| line.counts.flow_outs.closed.to_string()),
    ("flowed_out_expected_wait", |line| line.counts.flow_outs.expected_wait.to_string()),
    ("flowed_out_key", |line| line.counts.flow_outs.key.to_string()),
    ("flowed_out_moved", |line| line.counts.flow_outs.moved.to_string()),
    ("flowed_out_node_lost", |line| line.counts.flow_outs.node_lost.to_string()),
    ("flowed_out_closed_on_arrival", |line| line.counts.closed_on_arrival.to_string()),
    ("open", |line| line.counts.open.to_string()),
    ("rings", |line| line.offers.rings.to_string()),
    ("missed_rings", |line| line.offers.missed_rings.to_string()),
    ("missed", |line| line.offers.missed.to_string()),
    ("rona_percent", |line| percent(&line.rona_rate)),
    ("handled", |line| line.handling.handled.to_string()),
    ("transferred", |line| line.handling.transferred.to_string()),
    ("held", |line| line.handling.held.to_string()),
    ("short_calls", |line| line.handling.short_calls.to_string()),
    ("service_level_definition", |line| line.service_level.code.clone()),
    ("service_level_seconds_min", |line| seconds(line.service_level.threshold_ms_min)),
    ("service_level_seconds_max", |line| seconds(line.service_level.threshold_ms_max)),
    ("service_level_percent", |line| percent(&line.service_level.ratio)),
    ("service_level_definition_now", |line| {
        line.service_level_now.as_ref().map(|level| level.code.clone()).unwrap_or_default()
    }),
    ("service_level_percent_now", |line| {
        line.service_level_now.as_ref().map(|level| percent(&level.ratio)).unwrap_or_default()
    }),
    ("sl_1_percent", |line| level(line, 0)),
    ("sl_2_percent", |line| level(line, 1)),
    ("sl_3_percent", |line| level(line, 2)),
    ("sl_4_percent", |line| level(line, 3)),
    ("sl_5_percent", |line| level(line, 4)),
    ("sl_6_percent", |line| level(line, 5)),
    ("sl_7_percent", |line| level(line, 6)),
    ("within_180_s_percent", |line| percent(&line.within_180_s)),
    ("asa_seconds", |line| seconds(line.averages.asa_ms)),
    ("ata_seconds", |line| seconds(line.averages.ata_ms)),
    ("wait_p50_seconds", |line| seconds(line.waits.p50_ms)),
    ("wait_p90_seconds", |line| seconds(line.waits.p90_ms)),
    ("wait_p99_seconds", |line| seconds(line.waits.p99_ms)),
    ("wait_max_seconds", |line| seconds(Some(line.counts.wait_ms_max))),
    ("expected_wait_forecasts", |line| line.counts.forecast.forecasts.to_string()),
    ("expected_wait_mape_percent", |line| points(line.forecast_error.mape_basis_points)),
    ("expected_wait_bias_seconds", |line| seconds(line.forecast_error.bias_ms)),
    ("expected_wait_within_p50_percent", |line| percent(&line.forecast_error.within_p50)),
    ("expected_wait_within_p90_percent", |line| percent(&line.forecast_error.within_p90)),
    ("aht_seconds", |line| seconds(line.averages.aht_ms)),
    ("talk_seconds", |line| seconds(line.averages.talk_ms)),
    ("hold_seconds", |line| seconds(line.averages.hold_ms)),
    ("wrap_up_seconds", |line| seconds(line.averages.wrap_ms)),
    ("abandon_percent", |line| percent(&line.averages.abandon_rate)),
    ("transfer_percent", |line| percent(&line.averages.transfer_rate)),
    ("hold_percent", |line| percent(&line.averages.hold_rate)),
    ("short_call_percent", |line| percent(&line.averages.short_call_rate)),
    ("balance_waiting_at_start", |line| line.balance.waiting_at_start.to_string()),
    ("balance_offered", |line| line.balance.offered.to_string()),
    ("balance_answered", |line| line.balance.answered.to_string()),
    ("balance_abandoned", |line| line.balance.abandoned.to_string()),
    ("balance_flowed_out", |line| line.balance.flowed_out.to_string()),
    ("balance_waiting_at_end", |line| line.balance.waiting_at_end.to_string()),
    ("balance_difference", |line| line.balance.difference.to_string()),
    ("is_reconciled", |line| line.balance.is_reconciled.to_string()),
];

const AGENT_COLUMNS: &[Column<AgentInterval>] = &[
    ("agent", |line| harmless(line.agent.to_string())),
    ("begins_at", |line| line.begins_at.to_string()),
    ("ends_at", |line| line.ends_at.to_string()),
    ("answered", |line| line.answered.to_string()),
    ("handled", |line| line.handling.handled.to_string()),
    ("aht_seconds", |line| seconds(line.aht_ms)),
    ("transfers_made", |line| line.transfers_made.to_string()),
    ("rings", |line| line.time.rings.to_string()),
    ("missed", |line| line.time.missed.to_string()),
    ("rona_percent", |line| percent(&line.rona_rate)),
    ("signed_in_seconds", |line| seconds(Some(line.time.signed_in_ms))),
    ("ready_seconds", |line| seconds(Some(line.time.ready_ms))),
    ("offered_seconds", |line| seconds(Some(line.time.offered_ms))),
    ("busy_seconds", |line| seconds(Some(line.time.busy_ms))),
    ("talk_seconds", |line| seconds(Some(line.time.talk_ms))),
    ("hold_seconds", |line| seconds(Some(line.time.hold_ms))),
    ("consult_seconds", |line| seconds(Some(line.time.consult_ms))),
    ("dial_seconds", |line| seconds(Some(line.time.dial_ms))),
    ("busy_unsplit_seconds", |line| seconds(Some(line.time.busy_unsplit_ms))),
    ("wrapping_up_seconds", |line| seconds(Some(line.time.wrapping_up_ms))),
    ("paused_seconds", |line| seconds(Some(line.time.paused_ms))),
    ("paused_seconds_by_reason", reasons),
    ("occupancy_percent", |line| percent(&line.occupancy)),
    ("utilisation_percent", |line| percent(&line.utilisation)),
    ("difference_seconds", |line| seconds(Some(line.time.difference_ms))),
    ("is_reconciled", |line| line.time.is_reconciled.to_string()),
];

const CALLBACK_COLUMNS: &[Column<CallbackInterval>] = &[
    ("queue", |line| harmless(line.queue.to_string())),
    ("begins_at", |line| line.begins_at.to_string()),
    ("ends_at", |line| line.ends_at.to_string()),
    ("requested", |line| line.counts.requested.to_string()),
    ("open", |line| line.counts.open.to_string()),
    ("reached", |line| line.counts.reached.to_string()),
    ("kept", |line| line.counts.kept.to_string()),
    ("kept_percent", |line| percent(&line.kept_rate)),
    ("failed", |line| line.counts.failed.to_string()),
    ("expired", |line| line.counts.expired.to_string()),
    ("merged", |line| line.counts.merged.to_string()),
    ("cancelled", |line| line.counts.cancelled.to_string()),
    ("attempts", |line| line.counts.attempts.to_string()),
    ("retries", |line| line.counts.retries.to_string()),
    ("wait_to_answer_seconds", |line| seconds(line.mean_wait_to_answer_ms)),
    ("wait_on_line_seconds", |line| seconds(line.mean_wait_on_line_ms)),
];

const CONTACT_COLUMNS: &[Column<Contact>] = &[
    ("call", |contact| contact.call.to_string()),
    ("visit", |contact| contact.visit.to_string()),
    ("queue", |contact| harmless(contact.queue.to_string())),
    ("reason", |contact| harmless(contact.reason.clone().unwrap_or_default())),
    ("offered_at", |contact| contact.offered_at.to_string()),
    ("closed_at", |contact| contact.closed_at.map(|at| at.to_string()).unwrap_or_default()),
    ("outcome", |contact| contact.outcome.clone().unwrap_or_default()),
    ("flow_cause", |contact| contact.flow_cause.clone().unwrap_or_default()),
    ("agent", |contact| harmless(contact.agent.as_ref().map(ToString::to_string).unwrap_or_default())),
    ("wait_seconds", |contact| seconds(contact.wait_ms)),
    ("talk_seconds", |contact| seconds(Some(contact.talk_ms))),
    ("hold_seconds", |contact| seconds(Some(contact.hold_ms))),
    ("transfers", |contact| contact.transfers.to_string()),
    ("service_level_seconds", |contact| seconds(Some(contact.threshold_ms))),
    ("short_abandon_seconds", |contact| seconds(Some(contact.short_ms))),
];

/// Most contacts in one file.
const CONTACTS_MAX: usize = 50_000;
/// Contacts that are read at a time.
const CONTACTS_AT_A_TIME: i64 = 500;

impl Reports {
    /// [`Reports::queues`] as a file with a heading.
    pub async fn queues_file(&self, actor: &Actor, span: Span, queue: Option<QueueId>) -> Result<Vec<u8>, ReportFault> {
        file(QUEUE_COLUMNS, &self.queues(actor, span, queue).await?)
    }

    /// [`Reports::agents`] as a file with a heading.
    pub async fn agents_file(&self, actor: &Actor, span: Span, agent: Option<AgentId>) -> Result<Vec<u8>, ReportFault> {
        file(AGENT_COLUMNS, &self.agents(actor, span, agent).await?)
    }

    /// [`Reports::callbacks`] as a file with a heading.
    pub async fn callbacks_file(&self, actor: &Actor, span: Span, queue: Option<QueueId>) -> Result<Vec<u8>, ReportFault> {
        file(CALLBACK_COLUMNS, &self.callbacks(actor, span, queue).await?)
    }

    /// [`Reports::contacts`] as a file with a heading, oldest first, at most fifty thousand.
    pub async fn contacts_file(&self, actor: &Actor, behind: Behind) -> Result<Vec<u8>, ReportFault> {
        let (mut contacts, mut after) = (Vec::new(), None);
        loop {
            let part = self.contacts(actor, behind.clone(), after, CONTACTS_AT_A_TIME).await?;
            contacts.extend(part.items);
            after = part.next;
            if after.is_none() || contacts.len() >= CONTACTS_MAX {
                contacts.truncate(CONTACTS_MAX);
                return file(CONTACT_COLUMNS, &contacts);
            }
        }
    }
}

fn file<T>(columns: &[Column<T>], lines: &[T]) -> Result<Vec<u8>, ReportFault> {
    let wrong = |error: csv::Error| ReportFault::File(error.to_string());
    let mut file = csv::Writer::from_writer(Vec::new());
    file.write_record(columns.iter().map(|(heading, _)| *heading)).map_err(wrong)?;
    for line in lines {
        file.write_record(columns.iter().map(|(_, cell)| cell(line))).map_err(wrong)?;
    }
    file.into_inner().map_err(|error| ReportFault::File(error.to_string()))
}

/// `12.345`, or nothing.
fn seconds(millis: Option<i64>) -> String {
    millis.map_or_else(String::new, |millis| {
        let sign = if millis < 0 { "-" } else { "" };
        let millis = millis.unsigned_abs();
        format!("{sign}{}.{:03}", millis / 1_000, millis % 1_000)
    })
}

/// `66.67`, or nothing.
fn percent(ratio: &Ratio) -> String {
    points(ratio.basis_points)
}

fn points(basis_points: Option<i64>) -> String {
    basis_points.map_or_else(String::new, |points| format!("{}.{:02}", points / 100, points % 100))
}

fn level(line: &QueueInterval, index: usize) -> String {
    line.service_levels.get(index).map(|level| percent(&level.ratio)).unwrap_or_default()
}

/// `lunch=1800.000 training=600.000`.
fn reasons(line: &AgentInterval) -> String {
    let all: Vec<String> =
        line.time.paused_ms_by_reason.iter().map(|(reason, millis)| format!("{reason}={}", seconds(Some(*millis)))).collect();
    harmless(all.join(" "))
}
