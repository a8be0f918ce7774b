//! `/metrics` for Prometheus, on its own loopback listener. Figures are read from the parts when somebody asks; the parts know
//! nothing of Prometheus.

use std::{
    fmt,
    path::Path,
    sync::{Arc, atomic::Ordering},
};

use axum::{Router, extract::State, http::header, response::IntoResponse, routing::get};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, text::encode},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::{Registry, Unit},
};

use super::{histogram::ConstHistogram, tasks::Tasks};
use crate::{
    app::{
        balance_loop::BalanceFigures, journal_loop::JournalStatus, recordings::RecordingDesk, snapshot_loop::SnapshotStatus,
        switch_handle::SwitchHandle, switch_loop::SwitchLoopStats, tickets::Tickets,
    },
    console::ConsoleState,
    domain::{
        agent::Presence,
        centre::{CallState, DriftKind, FloorSnapshot},
        trunk::{TrunkHealth, TrunkRegistration, TrunkView},
    },
    http::Traffic,
    net::{
        CaptureHandle, CaptureStats, Certificates,
        forks::Forks,
        media::{Lateness, MediaHandle, Opinions},
        recording::Recorder,
    },
    types::{Clock, ForkFailure, Timestamp},
};

/// OpenMetrics text.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Where the figures come from.
#[derive(Clone)]
pub struct Figures {
    pub switch: SwitchHandle,
    pub media: MediaHandle,
    pub recorder: Recorder,
    pub recordings: RecordingDesk,
    pub forks: Forks,
    pub captured: CaptureHandle,
    pub journal: Arc<JournalStatus>,
    pub balances: BalanceFigures,
    pub snapshots: Arc<SnapshotStatus>,
    pub tickets: Tickets,
    pub consoles: ConsoleState,
    pub clock: Arc<dyn Clock>,
    pub traffic: Traffic,
    pub tasks: Tasks,
    /// What we show over TLS, if we speak it.
    pub certificates: Option<Certificates>,
}

/// The one route of the metrics listener.
pub fn routes(figures: Figures) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(figures)
}

async fn metrics(State(figures): State<Figures>) -> impl IntoResponse {
    let floor = figures.switch.snapshot().await.unwrap_or_default();
    let stats = figures.switch.stats().await;
    let timers = figures.tickets.timers_watched().await.ok();
    let mut registry = Registry::with_prefix("centralita");
    figures.traffic.register(&mut registry);
    let captured = figures.captured.stats().await;
    let reading = Reading { floor, stats, captured, timers, now: figures.clock.now().wall, figures };
    registry.register_collector(Box::new(reading));
    let mut text = String::new();
    if let Err(error) = encode(&mut text, &registry) {
        tracing::error!(%error, "metrics cannot be written");
    }
    ([(header::CONTENT_TYPE, OPEN_METRICS)], text)
}

/// One look at everything.
struct Reading {
    floor: FloorSnapshot,
    stats: Option<SwitchLoopStats>,
    captured: CaptureStats,
    timers: Option<(i64, Option<Timestamp>)>,
    now: Timestamp,
    figures: Figures,
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reading")
    }
}

impl Collector for Reading {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page(&mut encoder);
        self.calls_and_agents(&mut page)?;
        self.queues(&mut page)?;
        self.trunks(&mut page)?;
        self.switch(&mut page)?;
        self.capture(&mut page)?;
        self.media(&mut page)?;
        self.recordings(&mut page)?;
        self.forks(&mut page)?;
        self.tasks(&mut page)?;
        self.certificates(&mut page)?;
        self.balances(&mut page)?;
        self.lasting(&mut page)
    }
}

impl Reading {
    fn calls_and_agents(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let calls = &self.floor.calls;
        let state_of = |state: &CallState| match state {
            CallState::InIvr => "in_ivr",
            CallState::Waiting { .. } => "waiting",
            CallState::Offered { .. } => "offered",
            CallState::Dialling => "dialling",
            CallState::Talking => "talking",
            CallState::Held => "held",
            CallState::Parked { .. } => "parked",
            CallState::PassedOn => "passed_on",
            CallState::Reconnecting { .. } => "reconnecting",
            CallState::WrappingUp { .. } => "wrapping_up",
            CallState::Over { .. } => "over",
        };
        let words = [
            "in_ivr",
            "waiting",
            "offered",
            "dialling",
            "talking",
            "held",
            "parked",
            "passed_on",
            "reconnecting",
            "wrapping_up",
        ];
        let rows = words.map(|word| ("state", word.to_owned(), count(calls.iter().filter(|c| state_of(&c.state) == word))));
        page.gauges("calls", "Calls now, by state", rows)?;
        let presence_of = |presence: &Presence| match presence {
            Presence::Offline => "offline",
            Presence::Ready => "ready",
            Presence::Paused { .. } => "paused",
            Presence::Offered { .. } => "offered",
            Presence::Busy { .. } => "busy",
            Presence::WrappingUp { .. } => "wrapping_up",
        };
        let agents = &self.floor.agents;
        let words = ["offline", "ready", "paused", "offered", "busy", "wrapping_up"];
        let rows =
            words.map(|word| ("state", word.to_owned(), count(agents.iter().filter(|a| presence_of(&a.presence) == word))));
        page.gauges("agents", "Agents now, by state", rows)?;
        let line = self.floor.queues.iter().map(|queue| ("queue", queue.id.to_string(), queue.callbacks));
        page.gauges("callbacks_in_line", "Customers to be called back who stand in the queue's line now", line)?;
        let items = self.floor.queues.iter().map(|queue| ("queue", queue.id.to_string(), queue.work_items));
        page.gauges("work_items_waiting", "Work items, such as messages of callers, that wait in the queue now", items)?;
        page.gauge("console_sockets", "Console sockets open now", count(0..self.figures.consoles.sockets.open()))
    }

    fn trunks(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let row = |figure: fn(&TrunkView) -> i64| {
            self.floor.trunks.iter().map(move |trunk| ("trunk", trunk.id.to_string(), figure(trunk)))
        };
        let up = row(|trunk| match trunk.health {
            TrunkHealth::Up => 1,
            TrunkHealth::Down { .. } => 0,
            TrunkHealth::Unknown => -1,
        });
        page.gauges("trunk_up", "1 while the trunk's other side answers, 0 while it does not, -1 while nobody knows", up)?;
        let registered = row(|trunk| match trunk.registration {
            TrunkRegistration::Registered => 1,
            TrunkRegistration::Failed { .. } => 0,
            TrunkRegistration::Off => -1,
        });
        page.gauges(
            "trunk_registered",
            "1 while the carrier has our registration, 0 while it refuses, -1 without one",
            registered,
        )?;
        page.gauges("trunk_calls", "Calls on the trunk now, both ways", row(|trunk| trunk.calls))?;
        page.counters(
            "calls_advanced",
            "Calls out that one trunk could not carry and that went on by another",
            [("", String::new(), self.floor.calls_advanced)],
        )?;
        let refused = self.floor.dialling_refused.iter().map(|(rule, count)| ("rule", rule.word().to_owned(), *count));
        page.counters("dialling_refused", "Calls out that the dialling rules refused, by rule", refused)
    }

    fn queues(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let queues = &self.floor.queues;
        let row = |figure: fn(&crate::domain::centre::QueueView) -> i64| {
            queues.iter().map(move |queue| ("queue", queue.id.to_string(), figure(queue)))
        };
        page.gauges("queue_waiting", "Callers waiting", row(|queue| queue.waiting))?;
        page.gauges("queue_talking", "Calls of the queue with agents", row(|queue| queue.talking))?;
        page.gauges("queue_agents_ready", "Agents ready for the queue", row(|queue| queue.agents_ready))?;
        let now = self.now;
        let longest = queues.iter().map(|queue| {
            let waited = queue.longest_since.map_or(0, |since| now.millis_since(since).max(0) / 1_000);
            ("queue", queue.id.to_string(), waited)
        });
        page.gauges("queue_longest_wait_seconds", "How long the first in line has waited", longest)
    }

    fn switch(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let Some(stats) = &self.stats else { return Ok(()) };
        page.gauge("legs", "Legs of calls now", count(0..stats.switch.call_legs))?;
        page.gauge("sip_dialogs", "SIP dialogs now", count(0..stats.switch.sip.dialogs))?;
        page.gauge("sip_transactions", "SIP transactions now", count(0..stats.switch.sip.transactions))?;
        let tls = i64::from(stats.sip_net.is_tls_open);
        page.gauge("sip_tls_open", "Whether SIP is taken over TLS: 0 while there is no usable certificate or it is off", tls)?;
        page.gauge("sip_contacts", "Registered SIP contacts now", count(0..stats.switch.sip.contacts))?;
        page.gauge("sip_subscriptions", "Subscriptions of telephones now", count(0..stats.switch.sip.subscriptions))?;
        let requests = stats.switch.sip.requests_in.iter().map(|(method, n)| ("method", method.to_owned(), n));
        page.counters("sip_requests_received", "SIP requests received", requests)?;
        let messages = [
            ("received", stats.sip_net.received),
            ("sent", stats.sip_net.sent),
            ("noise", stats.sip_net.noise),
            ("keep_alive", stats.sip_net.keep_alives),
            ("malformed", stats.sip_net.malformed),
            ("flooded", stats.sip_net.flooded),
            ("overflowed", stats.sip_net.overflowed),
            ("unsent", stats.sip_net.unsent),
        ];
        page.counters(
            "sip_messages",
            "SIP messages by what became of them",
            messages.map(|(what, n)| ("fate", what.into(), n)),
        )?;
        let sip = [
            ("retransmission", stats.switch.sip.retransmissions),
            ("dropped", stats.switch.sip.dropped),
            ("refused", stats.switch.sip.refused),
            ("ban", stats.switch.sip.bans),
            ("failed_proof", stats.switch.sip.failed_proofs),
        ];
        page.counters("sip_events", "What the SIP endpoint had to do", sip.map(|(what, n)| ("kind", what.into(), n)))?;
        let identities = stats.switch.sip.identities;
        let results = identities.iter().map(|(result, n)| ("result", result.to_owned(), n));
        page.counters(
            "caller_identities",
            "Calls by what the signed statement about their caller came to (STIR/SHAKEN)",
            results,
        )?;
        let acts = [("signed", identities.signed), ("refused", identities.refused)];
        page.counters(
            "caller_identity_acts",
            "Calls that we signed, and calls refused for want of a statement",
            acts.map(|(what, n)| ("act", what.into(), n)),
        )?;
        page.gauge("sip_banned", "Addresses that are banned at this moment", count(0..stats.switch.sip.banned))?;
        let faults = [
            ("media_not_opened", stats.switch.faults.media_not_opened),
            ("no_common_media", stats.switch.faults.no_common_media),
            ("timed_out", stats.switch.faults.timed_out),
        ];
        page.counters("leg_faults", "Legs that failed, by cause", faults.map(|(what, n)| ("cause", what.into(), n)))?;
        let recovery = stats.switch.recovery;
        let restarts = [("recovered", recovery.recovered), ("not_recovered", recovery.not_recovered)];
        page.counters("calls_restarted", "Calls of an earlier process by what became of them", restarts.map(fate))?;
        let drifts = DriftKind::ALL.map(|kind| (kind.word(), stats.switch.drifts.get(&kind).copied().unwrap_or(0)));
        let help = "What did not fit together on the floor or the wires for two looks and was mended, by kind; 0 unless there is a fault";
        page.counters("drift", help, drifts.map(|(kind, n)| ("kind", kind.into(), n)))?;
        page.counters("callers_not_looked_up", "Callers not looked up in time", [("", String::new(), stats.look_ups_missed)])?;
        let causes = stats.overload.iter().map(|(cause, is_so)| ("cause", cause.to_owned(), i64::from(is_so)));
        page.gauges("overloaded", "1 while new calls are refused with 503 for this cause", causes)?;
        page.gauge("switch_messages_waiting", "SIP messages that wait for the switch", count(0..stats.messages_waiting))?;
        page.gauge("switch_facts_waiting", "Facts that wait for the journal's door", count(0..stats.facts_waiting))?;
        page.counters("switch_facts_lost", "Facts lost before the journal", [("", String::new(), stats.facts_lost)])
    }

    fn capture(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let CaptureStats { counts, lost, exported, unexported } = self.captured;
        page.gauge("capture_messages", "SIP messages kept in memory now", signed(counts.messages))?;
        page.gauge("capture_bytes", "Bytes of SIP messages kept in memory now", signed(counts.bytes))?;
        let messages = [("kept", counts.kept), ("fell_out", counts.fell_out), ("cut", counts.cut), ("lost", lost)];
        page.counters(
            "capture_events",
            "Captured SIP messages by what became of them",
            messages.map(|(what, n)| ("fate", what.into(), n)),
        )?;
        let exports = [("sent", exported), ("dropped", unexported)];
        page.counters(
            "hep_messages",
            "SIP messages for the HEP collector by what became of them",
            exports.map(|(what, n)| ("fate", what.into(), n)),
        )
    }

    fn media(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let media = self.figures.media.stats();
        let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let packets = [
            ("received", read(&media.packets_in)),
            ("sent", read(&media.packets_out)),
            ("lost", read(&media.packets_lost)),
            ("refused", read(&media.packets_refused)),
            ("forged", read(&media.packets_forged)),
            ("unsent", read(&media.send_failures)),
            ("overflowed", read(&media.packets_overflowed)),
        ];
        page.counters(
            "media_packets",
            "RTP packets by what became of them",
            packets.map(|(what, n)| ("fate", what.into(), n)),
        )?;
        let poor = [("", String::new(), read(&media.poor_lines))];
        page.counters("media_poor_lines", "Lines that became bad while somebody spoke on them", poor)?;
        let (classes, sum) = media.opinions.read();
        let in_points = |hundredths: u64| hundredths as f64 / 100.0;
        let opinions = ConstHistogram::new(in_points(sum), Opinions::BOUNDS.map(in_points), classes);
        let help = "Mean opinion scores of the parties of calls (E-model, ITU-T G.107)";
        page.rows("media_mos", help, MetricType::Histogram, [(Label("", String::new()), opinions)])?;
        let (classes, sum) = media.lateness.read();
        let in_seconds = |ms: u64| ms as f64 / 1_000.0;
        let lateness = ConstHistogram::new(in_seconds(sum), Lateness::BOUNDS.map(in_seconds), classes);
        let help = "How late media threads noticed each 20 ms while they had calls";
        page.rows("media_lateness_seconds", help, MetricType::Histogram, [(Label("", String::new()), lateness)])?;
        let busy = media
            .threads
            .iter()
            .zip(0_u32..)
            .map(|(thread, i)| ("thread", i.to_string(), i64::try_from(read(&thread.busy_percent)).unwrap_or(i64::MAX)));
        page.gauges(
            "media_busy_percent",
            "Each media thread's share of a processor now; from 96 on it gets no new calls",
            busy,
        )?;
        page.gauge("media_legs", "Legs of media now", i64::try_from(read(&media.legs)).unwrap_or(i64::MAX))?;
        let troubles = [
            ("late_tick", read(&media.late_ticks)),
            ("behind", read(&media.times_behind)),
            ("order_dropped", read(&media.orders_dropped)),
            ("notice_dropped", read(&media.notices_dropped)),
            ("clip_missing", read(&media.clips_missing)),
        ];
        page.counters(
            "media_troubles",
            "What went wrong in the media threads",
            troubles.map(|(what, n)| ("kind", what.into(), n)),
        )
    }

    fn recordings(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let stats = self.figures.recorder.stats();
        let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let gauge = |counter| i64::try_from(read(counter)).unwrap_or(i64::MAX);
        page.gauge("recordings_running", "Recordings going on now", gauge(&stats.running))?;
        let ends = [
            ("complete", read(&stats.complete)),
            ("disk_full", read(&stats.disk_full)),
            ("write_failed", read(&stats.write_failed)),
        ];
        page.counters("recordings", "Recordings by how they ended", ends.map(|(end, n)| ("end", end.into(), n)))?;
        let troubles = [
            ("not_begun", read(&stats.refused)),
            ("incomplete", read(&stats.incomplete)),
            ("not_synchronised", read(&stats.sync_failed)),
        ];
        page.counters(
            "recording_troubles",
            "What went wrong with recordings",
            troubles.map(|(what, n)| ("kind", what.into(), n)),
        )?;
        let removed = self.figures.recordings.removed();
        let gone =
            [("expired", read(&removed.expired)), ("deleted", read(&removed.deleted)), ("orphan_file", read(&removed.orphans))];
        page.counters(
            "recordings_removed",
            "Recordings whose time was over, that people deleted, and files of which no recording knew",
            gone.map(|(why, n)| ("why", why.into(), n)),
        )?;
        let amounts = [
            ("written_octets", read(&stats.octets)),
            ("packets_dropped", read(&stats.packets_dropped)),
            ("files_synchronised", read(&stats.synced)),
        ];
        page.counters(
            "recording_work",
            "What was written of recordings, and what the writer was too slow for",
            amounts.map(|(what, n)| ("kind", what.into(), n)),
        )?;
        page.gauge("recording_disk_free_octets", "Free on the disk of recordings", gauge(&stats.disk_free))?;
        page.gauge("recording_disk_floor_octets", "What must be free there for a recording to begin", gauge(&stats.disk_floor))
    }

    fn forks(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let stats = self.figures.forks.stats();
        let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let running = i64::try_from(read(&stats.running)).unwrap_or(i64::MAX);
        page.gauge("forks_running", "Copies of calls' audio that go to outside systems now", running)?;
        let failed = ForkFailure::ALL.into_iter().zip(&stats.failed).map(|(why, count)| (why.word(), read(count)));
        let ends = [("begun", read(&stats.begun)), ("declined", read(&stats.declined))].into_iter().chain(failed);
        page.counters(
            "forks",
            "Copies of calls' audio: begun, declined by the other side, failed by cause",
            ends.map(|(what, n)| ("kind", what.into(), n)),
        )?;
        let amounts = [
            ("sent_octets", read(&stats.octets)),
            ("gap_ms", read(&stats.gap_ms)),
            ("packets_dropped", read(&stats.packets_dropped)),
        ];
        page.counters(
            "fork_work",
            "What was sent of copies, and what other sides, or this server, were too slow for",
            amounts.map(|(what, n)| ("kind", what.into(), n)),
        )
    }

    fn tasks(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let sip = self.stats.as_ref().map(|stats| ("SIP", stats.sip_net.failed_tasks));
        let rows = self.figures.tasks.counts().into_iter().chain(sip);
        let rows = rows.map(|(task, count)| ("task", task.to_owned(), count));
        page.counters("task_failures", "Tasks of the server that failed by a fault and began again", rows)
    }

    fn certificates(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let states = self.figures.certificates.as_ref().map(Certificates::states).unwrap_or_default();
        let row = |figure: Option<i64>, file: &Path| figure.map(|figure| ("certificate", file.display().to_string(), figure));
        let days = states.iter().filter_map(|state| row(state.days_left(self.now), &state.file));
        page.gauges("certificate_days_left", "Days until a certificate of ours ends, below 0 once it has", days)?;
        let outdated = states.iter().filter_map(|state| row(Some(i64::from(state.is_outdated)), &state.file));
        page.gauges(
            "certificate_outdated",
            "1 while the files of a certificate hold something that cannot be used and the one before it is shown",
            outdated,
        )
    }

    fn balances(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let checked = self.figures.balances.borrow().clone();
        page.gauges(
            "balance_difference",
            "Callers who do not add up in the closed quarter-hours of the last day; anything but 0 is an alarm",
            checked.queues.iter().map(|(queue, callers)| ("queue", queue.to_string(), *callers)),
        )?;
        page.gauges(
            "agent_time_difference_milliseconds",
            "Time of an agent that does not add up in the closed quarter-hours of the last day",
            checked.agents.iter().map(|(agent, ms)| ("agent", agent.to_string(), *ms)),
        )
    }

    fn lasting(&self, page: &mut Page<'_, '_>) -> fmt::Result {
        let journal = &self.figures.journal;
        let read = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        page.gauge("journal_pending", "Facts that wait in memory", read(journal.pending.load(Ordering::Relaxed)))?;
        page.gauge(
            "journal_spooled_bytes",
            "Bytes that wait in the file",
            read(journal.spooled_bytes.load(Ordering::Relaxed)),
        )?;
        page.gauge("journal_away", "1 while the database is away", i64::from(journal.is_away.load(Ordering::Relaxed)))?;
        page.counters(
            "journal_lost",
            "Facts that could not be kept",
            [("", String::new(), journal.lost.load(Ordering::Relaxed))],
        )?;
        let snapshots = &self.figures.snapshots;
        let fates = [
            ("taken_up", snapshots.taken_up.load(Ordering::Relaxed)),
            ("unreadable", snapshots.unreadable.load(Ordering::Relaxed)),
            ("written", snapshots.written.load(Ordering::Relaxed)),
            ("failed", snapshots.failed.load(Ordering::Relaxed)),
        ];
        page.counters("call_snapshots", "Calls and agents written down for a restart, and read after one", fates.map(fate))?;
        if let Some((watched, next)) = self.timers {
            page.gauge("timers", "Deadlines watched", watched)?;
            let late = next.map_or(0, |due| self.now.millis_since(due).max(0));
            page.gauge("timers_late_milliseconds", "How late the next deadline is", late)?;
        }
        Ok(())
    }
}

/// A row of a counter that is told apart by what became of things.
fn fate((what, count): (&'static str, u64)) -> (&'static str, String, u64) {
    ("fate", what.to_owned(), count)
}

fn count<T>(items: impl IntoIterator<Item = T>) -> i64 {
    i64::try_from(items.into_iter().count()).unwrap_or(i64::MAX)
}

fn signed(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Label(&'static str, String);

impl EncodeLabelSet for Label {
    fn encode(&self, encoder: &mut prometheus_client::encoding::LabelSetEncoder<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        let labels = [(self.0, self.1.as_str())];
        labels.encode(encoder)
    }
}

/// Writes figures under their names.
struct Page<'a, 'b>(&'a mut DescriptorEncoder<'b>);

impl Page<'_, '_> {
    fn gauge(&mut self, name: &str, help: &str, value: i64) -> fmt::Result {
        self.gauges(name, help, [("", String::new(), value)])
    }

    fn gauges(&mut self, name: &str, help: &str, rows: impl IntoIterator<Item = (&'static str, String, i64)>) -> fmt::Result {
        let rows = rows.into_iter().map(|(label, value, n)| (Label(label, value), ConstGauge::new(n)));
        self.rows(name, help, MetricType::Gauge, rows)
    }

    fn counters(&mut self, name: &str, help: &str, rows: impl IntoIterator<Item = (&'static str, String, u64)>) -> fmt::Result {
        let rows = rows.into_iter().map(|(label, value, n)| (Label(label, value), ConstCounter::new(n)));
        self.rows(name, help, MetricType::Counter, rows)
    }

    fn rows<M: EncodeMetric>(
        &mut self,
        name: &str,
        help: &str,
        kind: MetricType,
        rows: impl IntoIterator<Item = (Label, M)>,
    ) -> fmt::Result {
        let no_unit: Option<&Unit> = None;
        let mut family = self.0.encode_descriptor(name, help, no_unit, kind)?;
        for (label, metric) in rows {
            metric.encode(family.encode_family(&label)?)?;
        }
        Ok(())
    }
}
