//! What reports ask of the visits to queues: counts per interval, what the balance is made of, and the visits behind a figure. A
//! stretch's intervals are counted by the database; nothing is kept beside the facts, so that the same question has the same answer.

use std::collections::BTreeMap;

use sqlx::FromRow;

use super::{
    Db, PAGE_MAX, StoreFault, Val, binds, sql,
    tx::{from_word, parse, parse_some},
};
use crate::{
    domain::report::{
        Contact, ContactPlace, Ended, Figure, FlowOuts, ForecastCounts, Handling, HeldDefinitions, Offers, SHORT_CALL_MS,
        Stretch, VisitCounts, Wait, Waits, waiting_at_borders,
    },
    types::{AgentId, QueueId, Timestamp},
};

/// The longest wait that is looked for where one began before the span and ended after it: twice the longest that a queue can be set
/// to. Waits that go on, and those that end within the span, are found however long they are.
const WAIT_MS_MAX: i64 = 2 * 86_400_000;

sql! {
    VISITS = "SELECT queue, begins_at,
            CAST(COUNT(*) AS BIGINT) AS offered,
            CAST(COUNT(*) FILTER (WHERE outcome = 'answered') AS BIGINT) AS answered,
            CAST(COUNT(*) FILTER (WHERE outcome = 'answered' AND wait_ms <= threshold_ms) AS BIGINT) AS answered_in_time,
            CAST(COUNT(*) FILTER (WHERE outcome = 'answered' AND wait_ms <= 180000) AS BIGINT) AS answered_within_180_s,
            CAST(COUNT(*) FILTER (WHERE outcome = 'abandoned') AS BIGINT) AS abandoned,
            CAST(COUNT(*) FILTER (WHERE outcome = 'abandoned' AND wait_ms <= short_ms) AS BIGINT) AS abandoned_short,
            CAST(COUNT(*) FILTER (WHERE outcome = 'abandoned' AND wait_ms <= threshold_ms) AS BIGINT) AS abandoned_in_time,
            CAST(COUNT(*) FILTER (WHERE outcome IN ('flowed_out', 'node_lost')) AS BIGINT) AS flowed_out,
            CAST(COUNT(*) FILTER (WHERE flow_cause = 'no_agents') AS BIGINT) AS no_agents,
            CAST(COUNT(*) FILTER (WHERE flow_cause = 'max_wait') AS BIGINT) AS max_wait,
            CAST(COUNT(*) FILTER (WHERE flow_cause = 'full') AS BIGINT) AS full_queue,
            CAST(COUNT(*) FILTER (WHERE flow_cause = 'closed') AS BIGINT) AS closed,
            CAST(COUNT(*) FILTER (WHERE flow_cause = 'expected_wait') AS BIGINT) AS expected_wait,
            CAST(COUNT(*) FILTER (WHERE flow_cause = 'key') AS BIGINT) AS pressed_key,
            CAST(COUNT(*) FILTER (WHERE flow_cause = 'moved') AS BIGINT) AS moved,
            CAST(COUNT(*) FILTER (WHERE flow_cause = 'node_lost') AS BIGINT) AS node_lost,
            CAST(COUNT(*) FILTER (WHERE flow_cause = 'closed' AND wait_ms = 0) AS BIGINT) AS closed_on_arrival,
            CAST(COUNT(*) FILTER (WHERE outcome IS NULL) AS BIGINT) AS open_visits,
            CAST(COALESCE(SUM(wait_ms) FILTER (WHERE outcome = 'answered'), 0) AS BIGINT) AS wait_ms_answered,
            CAST(COALESCE(SUM(wait_ms) FILTER (WHERE outcome = 'abandoned'), 0) AS BIGINT) AS wait_ms_abandoned,
            CAST(COALESCE(MAX(wait_ms), 0) AS BIGINT) AS wait_ms_max,
            CAST(COUNT(*) FILTER (WHERE outcome = 'answered' AND expected_ms IS NOT NULL) AS BIGINT) AS forecasts,
            CAST(COALESCE(SUM(expected_ms) FILTER (WHERE outcome = 'answered'), 0) AS BIGINT) AS expected_ms,
            CAST(COALESCE(SUM(wait_ms) FILTER (WHERE outcome = 'answered' AND expected_ms IS NOT NULL), 0) AS BIGINT)
                AS forecast_waited_ms,
            CAST(COUNT(*) FILTER (WHERE outcome = 'answered' AND expected_ms IS NOT NULL AND wait_ms >= 10000) AS BIGINT)
                AS forecast_long_waits,
            CAST(COALESCE(SUM(ABS(wait_ms - expected_ms) * 10000 / CASE WHEN wait_ms >= 10000 THEN wait_ms ELSE 1 END)
                FILTER (WHERE outcome = 'answered' AND wait_ms >= 10000), 0) AS BIGINT) AS forecast_error,
            CAST(COUNT(*) FILTER (WHERE outcome = 'answered' AND wait_ms <= expected_p50_ms) AS BIGINT) AS within_p50,
            CAST(COUNT(*) FILTER (WHERE outcome = 'answered' AND wait_ms <= expected_p90_ms) AS BIGINT) AS within_p90,
            MIN(threshold_ms) AS threshold_ms_min,
            MAX(threshold_ms) AS threshold_ms_max,
            MIN(level_variant) AS first_variant,
            MAX(level_variant) AS last_variant
        FROM (SELECT $1 + ((offered_at - $1) / $3) * $3 AS begins_at, segment.* FROM segment
            WHERE offered_at >= $1 AND offered_at < $2 AND (CAST($4 AS TEXT) IS NULL OR queue = $4)) AS v
        GROUP BY queue, begins_at ORDER BY begins_at, queue";
    // The least wait that so many of a hundred of the answered did not exceed (nearest rank).
    WAITS = "SELECT queue, begins_at,
            MIN(wait_ms) FILTER (WHERE place * 100 >= size * 50) AS p50_ms,
            MIN(wait_ms) FILTER (WHERE place * 100 >= size * 90) AS p90_ms,
            MIN(wait_ms) FILTER (WHERE place * 100 >= size * 99) AS p99_ms
        FROM (SELECT queue, begins_at, wait_ms,
                ROW_NUMBER() OVER (PARTITION BY queue, begins_at ORDER BY wait_ms) AS place,
                COUNT(*) OVER (PARTITION BY queue, begins_at) AS size
            FROM (SELECT queue, $1 + ((offered_at - $1) / $3) * $3 AS begins_at, wait_ms FROM segment
                WHERE offered_at >= $1 AND offered_at < $2 AND (CAST($4 AS TEXT) IS NULL OR queue = $4)
                    AND outcome = 'answered') AS a) AS ranked
        GROUP BY queue, begins_at ORDER BY begins_at, queue";
    HANDLED = "SELECT queue, begins_at, CAST(COUNT(*) AS BIGINT) AS handled,
            CAST(COUNT(*) FILTER (WHERE transfers > 0) AS BIGINT) AS transferred,
            CAST(COUNT(*) FILTER (WHERE hold_ms > 0) AS BIGINT) AS held,
            CAST(COUNT(*) FILTER (WHERE talk_ms < $5) AS BIGINT) AS short_calls,
            CAST(SUM(talk_ms) AS BIGINT) AS talk_ms,
            CAST(SUM(hold_ms) AS BIGINT) AS hold_ms
        FROM (SELECT $1 + ((ended_at - $1) / $3) * $3 AS begins_at, segment.* FROM segment
            WHERE ended_at >= $1 AND ended_at < $2 AND outcome = 'answered' AND (CAST($4 AS TEXT) IS NULL OR queue = $4)) AS v
        GROUP BY queue, begins_at ORDER BY begins_at, queue";
    // A wrap-up belongs to the visit that was answered last before it began, and with it to the interval in which its handling ended.
    WRAP_UPS = "SELECT queue, begins_at, CAST(COALESCE(SUM(wrap_ms), 0) AS BIGINT) AS wrap_ms,
            CAST(COUNT(*) FILTER (WHERE wrap_ms IS NULL) AS BIGINT) AS wrapping_up
        FROM (SELECT s.queue AS queue, $1 + ((s.ended_at - $1) / $3) * $3 AS begins_at, w.to_at - w.from_at AS wrap_ms
            FROM segment s JOIN agent_state_span w ON w.call_id = s.call_id AND w.state = 'wrapping_up' AND w.from_at > s.closed_at
            WHERE s.ended_at >= $1 AND s.ended_at < $2 AND (CAST($4 AS TEXT) IS NULL OR s.queue = $4)
                AND s.outcome = 'answered'
                AND NOT EXISTS (SELECT 1 FROM segment l WHERE l.call_id = s.call_id AND l.visit > s.visit
                    AND l.outcome = 'answered' AND l.closed_at < w.from_at)) AS u
        GROUP BY queue, begins_at ORDER BY begins_at, queue";
    // A ring is an offer of a queue while the caller's visit to it is open; later ones are of colleagues.
    RINGS = "SELECT queue, begins_at, CAST(COUNT(*) AS BIGINT) AS rings,
            CAST(COUNT(*) FILTER (WHERE is_missed = 1) AS BIGINT) AS missed_rings,
            CAST(COUNT(DISTINCT CASE WHEN is_missed = 1 THEN visit_key END) AS BIGINT) AS missed
        FROM (SELECT s.queue AS queue, $1 + ((w.from_at - $1) / $3) * $3 AS begins_at,
                CASE WHEN w.reason IN ('no_answer', 'declined') THEN 1 ELSE 0 END AS is_missed,
                s.call_id || ' ' || CAST(s.visit AS TEXT) AS visit_key
            FROM agent_state_span w JOIN segment s ON s.call_id = w.call_id
                AND s.visit = (SELECT MAX(m.visit) FROM segment m WHERE m.call_id = w.call_id AND m.offered_at <= w.from_at)
                AND (s.closed_at IS NULL OR s.closed_at >= w.from_at)
            WHERE w.state = 'offered' AND w.from_at >= $1 AND w.from_at < $2 AND (CAST($4 AS TEXT) IS NULL OR s.queue = $4)) AS r
        GROUP BY queue, begins_at ORDER BY begins_at, queue";
    // One statement, so that all figures are of the same instant: what began per interval, what ended per interval, and every wait
    // that goes over a border, one by one. The nodes are named for the sake of the index of what is open.
    BALANCE = "SELECT CAST('offered' AS TEXT) AS what, queue, begins_at AS a, CAST(COUNT(*) AS BIGINT) AS b,
            CAST(NULL AS BIGINT) AS c, CAST(NULL AS BIGINT) AS d
        FROM (SELECT queue, $1 + ((offered_at - $1) / $3) * $3 AS begins_at FROM segment
            WHERE offered_at >= $1 AND offered_at < $2 AND (CAST($4 AS TEXT) IS NULL OR queue = $4)) AS o
        GROUP BY queue, begins_at
        UNION ALL SELECT 'ended', queue, begins_at, CAST(COUNT(*) FILTER (WHERE outcome = 'answered') AS BIGINT),
            CAST(COUNT(*) FILTER (WHERE outcome = 'abandoned') AS BIGINT),
            CAST(COUNT(*) FILTER (WHERE outcome IN ('flowed_out', 'node_lost')) AS BIGINT)
        FROM (SELECT queue, $1 + ((closed_at - $1) / $3) * $3 AS begins_at, outcome FROM segment
            WHERE closed_at >= $1 AND closed_at < $2 AND (CAST($4 AS TEXT) IS NULL OR queue = $4)) AS e
        GROUP BY queue, begins_at
        UNION ALL SELECT 'wait', queue, offered_at, closed_at, NULL, NULL FROM segment
            WHERE offered_at >= $1 AND offered_at < $2 AND (CAST($4 AS TEXT) IS NULL OR queue = $4)
                AND (outcome IS NULL OR closed_at >= $2 OR (closed_at - $1) / $3 <> (offered_at - $1) / $3)
        UNION ALL SELECT 'wait', queue, offered_at, closed_at, NULL, NULL FROM segment
            WHERE closed_at >= $1 AND closed_at < $2 AND offered_at < $1 AND outcome IS NOT NULL
                AND (CAST($4 AS TEXT) IS NULL OR queue = $4)
        UNION ALL SELECT 'wait', queue, offered_at, closed_at, NULL, NULL FROM segment
            WHERE offered_at >= $5 AND offered_at < $1 AND closed_at >= $2 AND outcome IS NOT NULL
                AND (CAST($4 AS TEXT) IS NULL OR queue = $4)
        UNION ALL SELECT 'wait', queue, offered_at, closed_at, NULL, NULL FROM segment
            WHERE outcome IS NULL AND node IN (SELECT id FROM node) AND offered_at < $1 AND (CAST($4 AS TEXT) IS NULL OR queue = $4)";
    BEGUN = "SELECT call_id, visit, queue, reason, offered_at, closed_at, outcome, flow_cause, agent, wait_ms, talk_ms, hold_ms,
            transfers, threshold_ms, short_ms
        FROM segment WHERE offered_at >= $1 AND offered_at < $2 AND (CAST($3 AS TEXT) IS NULL OR queue = $3)
            AND CASE CAST($4 AS TEXT)
                WHEN 'offered' THEN TRUE
                WHEN 'answered' THEN outcome = 'answered'
                WHEN 'answered_in_time' THEN outcome = 'answered' AND wait_ms <= threshold_ms
                WHEN 'answered_within_180_s' THEN outcome = 'answered' AND wait_ms <= 180000
                WHEN 'longest_wait' THEN wait_ms = (SELECT MAX(m.wait_ms) FROM segment m
                    WHERE m.offered_at >= $1 AND m.offered_at < $2 AND (CAST($3 AS TEXT) IS NULL OR m.queue = $3))
                WHEN 'abandoned' THEN outcome = 'abandoned'
                WHEN 'abandoned_short' THEN outcome = 'abandoned' AND wait_ms <= short_ms
                WHEN 'abandoned_in_time' THEN outcome = 'abandoned' AND wait_ms <= threshold_ms
                WHEN 'flowed_out' THEN outcome IN ('flowed_out', 'node_lost')
                WHEN 'flowed_out_no_agents' THEN flow_cause = 'no_agents'
                WHEN 'flowed_out_max_wait' THEN flow_cause = 'max_wait'
                WHEN 'flowed_out_full' THEN flow_cause = 'full'
                WHEN 'flowed_out_closed' THEN flow_cause = 'closed'
                WHEN 'flowed_out_expected_wait' THEN flow_cause = 'expected_wait'
                WHEN 'flowed_out_key' THEN flow_cause = 'key'
                WHEN 'flowed_out_moved' THEN flow_cause = 'moved'
                WHEN 'flowed_out_node_lost' THEN flow_cause = 'node_lost'
                WHEN 'open' THEN outcome IS NULL
                ELSE FALSE END
            AND (CAST($9 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM visit_answer v
                WHERE v.call_id = segment.call_id AND v.visit = segment.visit AND v.agent = $9))
            AND (offered_at > $5 OR (offered_at = $5 AND (call_id > $6 OR (call_id = $6 AND visit > $7))))
        ORDER BY offered_at, call_id, visit LIMIT $8";
    ENDED = "SELECT call_id, visit, queue, reason, offered_at, closed_at, outcome, flow_cause, agent, wait_ms, talk_ms, hold_ms,
            transfers, threshold_ms, short_ms
        FROM segment WHERE closed_at >= $1 AND closed_at < $2 AND (CAST($3 AS TEXT) IS NULL OR queue = $3)
            AND CASE CAST($4 AS TEXT)
                WHEN 'ended_answered' THEN outcome = 'answered'
                WHEN 'ended_abandoned' THEN outcome = 'abandoned'
                WHEN 'ended_flowed_out' THEN outcome IN ('flowed_out', 'node_lost')
                ELSE FALSE END
            AND (CAST($9 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM visit_answer v
                WHERE v.call_id = segment.call_id AND v.visit = segment.visit AND v.agent = $9))
            AND (offered_at > $5 OR (offered_at = $5 AND (call_id > $6 OR (call_id = $6 AND visit > $7))))
        ORDER BY offered_at, call_id, visit LIMIT $8";
    DONE = "SELECT call_id, visit, queue, reason, offered_at, closed_at, outcome, flow_cause, agent, wait_ms, talk_ms, hold_ms,
            transfers, threshold_ms, short_ms
        FROM segment WHERE ended_at >= $1 AND ended_at < $2 AND outcome = 'answered' AND (CAST($3 AS TEXT) IS NULL OR queue = $3)
            AND CASE CAST($4 AS TEXT)
                WHEN 'handled' THEN TRUE
                WHEN 'transferred' THEN transfers > 0
                WHEN 'held' THEN hold_ms > 0
                WHEN 'short_calls' THEN talk_ms < 10000
                ELSE FALSE END
            AND (CAST($9 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM visit_answer v
                WHERE v.call_id = segment.call_id AND v.visit = segment.visit AND v.agent = $9))
            AND (offered_at > $5 OR (offered_at = $5 AND (call_id > $6 OR (call_id = $6 AND visit > $7))))
        ORDER BY offered_at, call_id, visit LIMIT $8";
    TAKEN = "SELECT call_id, visit, queue, reason, offered_at, closed_at, outcome, flow_cause, agent, wait_ms, talk_ms, hold_ms,
            transfers, threshold_ms, short_ms
        FROM segment WHERE (CAST($3 AS TEXT) IS NULL OR queue = $3)
            AND (call_id, visit) IN (SELECT v.call_id, v.visit FROM visit_answer v
                WHERE v.answered_at >= $1 AND v.answered_at < $2 AND (CAST($8 AS TEXT) IS NULL OR v.agent = $8))
            AND (offered_at > $4 OR (offered_at = $4 AND (call_id > $5 OR (call_id = $5 AND visit > $6))))
        ORDER BY offered_at, call_id, visit LIMIT $7";
    // As the agents' report counts them.
    HANDLED_BY = "SELECT call_id, visit, queue, reason, offered_at, closed_at, outcome, flow_cause, agent, wait_ms, talk_ms, hold_ms,
            transfers, threshold_ms, short_ms
        FROM segment WHERE ended_at >= $1 AND ended_at < $2 AND outcome = 'answered' AND (CAST($3 AS TEXT) IS NULL OR queue = $3)
            AND (EXISTS (SELECT 1 FROM visit_answer v WHERE v.call_id = segment.call_id AND v.visit = segment.visit
                    AND (CAST($8 AS TEXT) IS NULL OR v.agent = $8))
                OR EXISTS (SELECT 1 FROM agent_state_span w WHERE w.call_id = segment.call_id AND w.state = 'busy'
                    AND w.from_at >= segment.closed_at AND (CAST($8 AS TEXT) IS NULL OR w.agent = $8)
                    AND (w.activity IS NULL OR w.activity <> 'dial')
                    AND NOT EXISTS (SELECT 1 FROM segment l WHERE l.call_id = segment.call_id AND l.visit > segment.visit
                        AND l.outcome = 'answered' AND l.closed_at <= w.from_at)))
            AND (offered_at > $4 OR (offered_at = $4 AND (call_id > $5 OR (call_id = $5 AND visit > $6))))
        ORDER BY offered_at, call_id, visit LIMIT $7";
    // A caller is passed on out of the visit that was answered last before.
    PASSED_ON = "SELECT call_id, visit, queue, reason, offered_at, closed_at, outcome, flow_cause, agent, wait_ms, talk_ms, hold_ms,
            transfers, threshold_ms, short_ms
        FROM segment WHERE (CAST($3 AS TEXT) IS NULL OR queue = $3)
            AND (call_id, visit) IN (SELECT m.call_id, (SELECT MAX(a.visit) FROM segment a WHERE a.call_id = m.call_id
                    AND a.outcome = 'answered' AND (a.closed_at < m.made_at OR (a.closed_at = m.made_at AND a.agent = m.agent)))
                FROM transfer_made m WHERE m.made_at >= $1 AND m.made_at < $2 AND (CAST($8 AS TEXT) IS NULL OR m.agent = $8))
            AND (offered_at > $4 OR (offered_at = $4 AND (call_id > $5 OR (call_id = $5 AND visit > $6))))
        ORDER BY offered_at, call_id, visit LIMIT $7";
    // Of an agent also the rings of callers whom a colleague handed over or asked about: they belong to the visit before.
    MISSED = "SELECT call_id, visit, queue, reason, offered_at, closed_at, outcome, flow_cause, agent, wait_ms, talk_ms, hold_ms,
            transfers, threshold_ms, short_ms
        FROM segment WHERE (CAST($3 AS TEXT) IS NULL OR queue = $3)
            AND (call_id, visit) IN (SELECT s.call_id, s.visit FROM agent_state_span w JOIN segment s ON s.call_id = w.call_id
                    AND s.visit = (SELECT MAX(m.visit) FROM segment m WHERE m.call_id = w.call_id AND m.offered_at <= w.from_at)
                    AND (CAST($8 AS TEXT) IS NOT NULL OR s.closed_at IS NULL OR s.closed_at >= w.from_at)
                WHERE w.state = 'offered' AND w.reason IN ('no_answer', 'declined') AND w.from_at >= $1 AND w.from_at < $2
                    AND (CAST($8 AS TEXT) IS NULL OR w.agent = $8))
            AND (offered_at > $4 OR (offered_at = $4 AND (call_id > $5 OR (call_id = $5 AND visit > $6))))
        ORDER BY offered_at, call_id, visit LIMIT $7";
    WAITING = "SELECT call_id, visit, queue, reason, offered_at, closed_at, outcome, flow_cause, agent, wait_ms, talk_ms, hold_ms,
            transfers, threshold_ms, short_ms
        FROM (SELECT * FROM segment WHERE offered_at >= $2 AND offered_at < $1 AND closed_at >= $1 AND outcome IS NOT NULL
            UNION ALL SELECT * FROM segment WHERE outcome IS NULL AND node IN (SELECT id FROM node) AND offered_at < $1) AS w
        WHERE (CAST($3 AS TEXT) IS NULL OR queue = $3)
            AND (CAST($8 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM visit_answer v
                WHERE v.call_id = w.call_id AND v.visit = w.visit AND v.agent = $8))
            AND (offered_at > $4 OR (offered_at = $4 AND (call_id > $5 OR (call_id = $5 AND visit > $6))))
        ORDER BY offered_at, call_id, visit LIMIT $7";
}

/// Something of a queue in the interval that begins then.
pub type OfInterval<T> = (QueueId, Timestamp, T);

/// The visits that began in each interval, with the definitions of the service level that held then. Intervals without visits are
/// absent.
pub async fn visits(
    db: &Db,
    stretch: &Stretch,
    queue: Option<&QueueId>,
) -> Result<Vec<OfInterval<(VisitCounts, HeldDefinitions)>>, StoreFault> {
    let rows = db.fetch_all::<VisitRow>(&VISITS, of(stretch, queue)).await?;
    rows.into_iter()
        .map(|row| Ok((parse("queue", &row.queue)?, at(row.begins_at), (row.counts(), row.held_definitions()?))))
        .collect()
}

/// The visits whose handling ended in each interval, with their wrap-ups. Intervals without any are absent.
pub async fn handled(db: &Db, stretch: &Stretch, queue: Option<&QueueId>) -> Result<Vec<OfInterval<Handling>>, StoreFault> {
    let mut values = of(stretch, queue);
    values.push(SHORT_CALL_MS.into());
    let mut found: BTreeMap<(i64, String), Handling> = BTreeMap::new();
    for row in db.fetch_all::<HandledRow>(&HANDLED, values).await? {
        let handling = Handling {
            handled: row.handled,
            transferred: row.transferred,
            held: row.held,
            short_calls: row.short_calls,
            talk_ms: row.talk_ms,
            hold_ms: row.hold_ms,
            wrap_ms: 0,
            wrapping_up: 0,
        };
        found.insert((row.begins_at, row.queue), handling);
    }
    for (queue, begins_at, wrap_ms, wrapping_up) in
        db.fetch_all::<(String, i64, i64, i64)>(&WRAP_UPS, of(stretch, queue)).await?
    {
        let handling = found.entry((begins_at, queue)).or_default();
        (handling.wrap_ms, handling.wrapping_up) = (wrap_ms, wrapping_up);
    }
    found.into_iter().map(|((begins_at, queue), handling)| Ok((parse("queue", &queue)?, at(begins_at), handling))).collect()
}

/// The offers to agents that began in each interval. Intervals without any are absent.
pub async fn offers(db: &Db, stretch: &Stretch, queue: Option<&QueueId>) -> Result<Vec<OfInterval<Offers>>, StoreFault> {
    let rows = db.fetch_all::<(String, i64, i64, i64, i64)>(&RINGS, of(stretch, queue)).await?;
    rows.into_iter()
        .map(|(queue, begins_at, rings, missed_rings, missed)| {
            Ok((parse("queue", &queue)?, at(begins_at), Offers { rings, missed_rings, missed }))
        })
        .collect()
}

/// How long the answered of each interval waited.
pub async fn waits(db: &Db, stretch: &Stretch, queue: Option<&QueueId>) -> Result<Vec<OfInterval<Waits>>, StoreFault> {
    type Row = (String, i64, Option<i64>, Option<i64>, Option<i64>);
    let rows = db.fetch_all::<Row>(&WAITS, of(stretch, queue)).await?;
    let waits = |(queue, begins_at, p50_ms, p90_ms, p99_ms): Row| {
        Ok((parse("queue", &queue)?, at(begins_at), Waits { p50_ms, p90_ms, p99_ms }))
    };
    rows.into_iter().map(waits).collect()
}

/// What the balances of a stretch are made of, counted from the facts one by one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BalanceParts {
    /// What began in each interval.
    pub offered: BTreeMap<(Timestamp, QueueId), i64>,
    /// What ended in each interval.
    pub ended: BTreeMap<(Timestamp, QueueId), Ended>,
    /// Per queue who waited at each border: the beginnings of the intervals, then the end. Queues in which nobody did are absent.
    pub waiting: BTreeMap<QueueId, Vec<i64>>,
}

/// What the balances of a stretch are made of, all as of one instant.
pub async fn balance(db: &Db, stretch: &Stretch, queue: Option<&QueueId>) -> Result<BalanceParts, StoreFault> {
    let mut values = of(stretch, queue);
    values.push(stretch.from.plus_millis(-WAIT_MS_MAX).into());
    let mut parts = BalanceParts::default();
    let mut waits: BTreeMap<QueueId, Vec<Wait>> = BTreeMap::new();
    for row in db.fetch_all::<BalanceRow>(&BALANCE, values).await? {
        let queue: QueueId = parse("queue", &row.queue)?;
        match row.what.as_str() {
            "offered" => _ = parts.offered.insert((at(row.a), queue), row.b.unwrap_or(0)),
            "ended" => {
                let [answered, abandoned, flowed_out] = [row.b, row.c, row.d].map(Option::unwrap_or_default);
                parts.ended.insert((at(row.a), queue), Ended { answered, abandoned, flowed_out });
            }
            _ => waits.entry(queue).or_default().push(Wait { begins_at: at(row.a), ends_at: row.b.map(at) }),
        }
    }
    parts.waiting = waits.into_iter().map(|(queue, waits)| (queue, waiting_at_borders(stretch, waits))).collect();
    Ok(parts)
}

/// The visits behind a figure of the span from `from` until before `to`, of one queue or all, and of one agent or all; oldest first,
/// behind the place `after`.
pub async fn contacts(
    db: &Db,
    figure: Figure,
    (from, to): (Timestamp, Timestamp),
    (queue, agent): (Option<&QueueId>, Option<&AgentId>),
    after: Option<ContactPlace>,
    limit: i64,
) -> Result<Vec<Contact>, StoreFault> {
    let (after_at, after_call, after_visit) = match after {
        Some((at, call, visit)) => (at.as_millis(), call.to_string(), visit),
        None => (i64::MIN, String::new(), 0),
    };
    let limit = limit.clamp(1, PAGE_MAX + 1);
    let (statement, values) = match figure {
        Figure::WaitingAtStart | Figure::WaitingAtEnd => {
            let instant = if figure == Figure::WaitingAtStart { from } else { to };
            let earliest = instant.plus_millis(-WAIT_MS_MAX);
            (&WAITING, binds![instant, earliest, queue, after_at, after_call, after_visit, limit, agent])
        }
        Figure::Taken => (&TAKEN, binds![from, to, queue, after_at, after_call, after_visit, limit, agent]),
        Figure::Missed => (&MISSED, binds![from, to, queue, after_at, after_call, after_visit, limit, agent]),
        Figure::HandledBy => (&HANDLED_BY, binds![from, to, queue, after_at, after_call, after_visit, limit, agent]),
        Figure::TransfersMade => (&PASSED_ON, binds![from, to, queue, after_at, after_call, after_visit, limit, agent]),
        Figure::EndedAnswered | Figure::EndedAbandoned | Figure::EndedFlowedOut => {
            (&ENDED, binds![from, to, queue, Val::word(&figure), after_at, after_call, after_visit, limit, agent])
        }
        Figure::Handled | Figure::Transferred | Figure::Held | Figure::ShortCalls => {
            (&DONE, binds![from, to, queue, Val::word(&figure), after_at, after_call, after_visit, limit, agent])
        }
        Figure::Offered
        | Figure::Answered
        | Figure::AnsweredInTime
        | Figure::AnsweredWithin180S
        | Figure::LongestWait
        | Figure::Abandoned
        | Figure::AbandonedShort
        | Figure::AbandonedInTime
        | Figure::FlowedOut
        | Figure::FlowedOutNoAgents
        | Figure::FlowedOutMaxWait
        | Figure::FlowedOutFull
        | Figure::FlowedOutClosed
        | Figure::FlowedOutExpectedWait
        | Figure::FlowedOutKey
        | Figure::FlowedOutMoved
        | Figure::FlowedOutNodeLost
        | Figure::Open => {
            (&BEGUN, binds![from, to, queue, Val::word(&figure), after_at, after_call, after_visit, limit, agent])
        }
    };
    db.fetch_all::<ContactRow>(statement, values).await?.into_iter().map(Contact::try_from).collect()
}

fn of(stretch: &Stretch, queue: Option<&QueueId>) -> Vec<Val> {
    binds![stretch.from, stretch.to, stretch.length_ms.max(1), queue]
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

#[derive(Debug, FromRow)]
struct BalanceRow {
    what: String,
    queue: String,
    a: i64,
    b: Option<i64>,
    c: Option<i64>,
    d: Option<i64>,
}

#[derive(Debug, FromRow)]
struct HandledRow {
    queue: String,
    begins_at: i64,
    handled: i64,
    transferred: i64,
    held: i64,
    short_calls: i64,
    talk_ms: i64,
    hold_ms: i64,
}

#[derive(Debug, FromRow)]
struct VisitRow {
    queue: String,
    begins_at: i64,
    offered: i64,
    answered: i64,
    answered_in_time: i64,
    answered_within_180_s: i64,
    abandoned: i64,
    abandoned_short: i64,
    abandoned_in_time: i64,
    flowed_out: i64,
    no_agents: i64,
    max_wait: i64,
    full_queue: i64,
    closed: i64,
    expected_wait: i64,
    pressed_key: i64,
    moved: i64,
    node_lost: i64,
    closed_on_arrival: i64,
    open_visits: i64,
    wait_ms_answered: i64,
    wait_ms_abandoned: i64,
    wait_ms_max: i64,
    forecasts: i64,
    expected_ms: i64,
    forecast_waited_ms: i64,
    forecast_long_waits: i64,
    forecast_error: i64,
    within_p50: i64,
    within_p90: i64,
    threshold_ms_min: Option<i64>,
    threshold_ms_max: Option<i64>,
    first_variant: Option<String>,
    last_variant: Option<String>,
}

impl VisitRow {
    fn held_definitions(&self) -> Result<HeldDefinitions, StoreFault> {
        let read = |word: &Option<String>| word.clone().map(|word| from_word("service level", word)).transpose();
        Ok(HeldDefinitions { first: read(&self.first_variant)?, last: read(&self.last_variant)? })
    }

    fn counts(&self) -> VisitCounts {
        VisitCounts {
            offered: self.offered,
            answered: self.answered,
            answered_in_time: self.answered_in_time,
            answered_within_180_s: self.answered_within_180_s,
            abandoned: self.abandoned,
            abandoned_short: self.abandoned_short,
            abandoned_in_time: self.abandoned_in_time,
            flowed_out: self.flowed_out,
            flow_outs: FlowOuts {
                no_agents: self.no_agents,
                max_wait: self.max_wait,
                full: self.full_queue,
                closed: self.closed,
                expected_wait: self.expected_wait,
                key: self.pressed_key,
                moved: self.moved,
                node_lost: self.node_lost,
            },
            closed_on_arrival: self.closed_on_arrival,
            open: self.open_visits,
            wait_ms_answered: self.wait_ms_answered,
            wait_ms_abandoned: self.wait_ms_abandoned,
            wait_ms_max: self.wait_ms_max,
            forecast: ForecastCounts {
                forecasts: self.forecasts,
                expected_ms: self.expected_ms,
                waited_ms: self.forecast_waited_ms,
                long_waits: self.forecast_long_waits,
                error_basis_points: self.forecast_error,
                within_p50: self.within_p50,
                within_p90: self.within_p90,
            },
            threshold_ms_min: self.threshold_ms_min,
            threshold_ms_max: self.threshold_ms_max,
        }
    }
}

#[derive(Debug, FromRow)]
struct ContactRow {
    call_id: String,
    visit: i64,
    queue: String,
    reason: Option<String>,
    offered_at: i64,
    closed_at: Option<i64>,
    outcome: Option<String>,
    flow_cause: Option<String>,
    agent: Option<String>,
    wait_ms: Option<i64>,
    talk_ms: i64,
    hold_ms: i64,
    transfers: i64,
    threshold_ms: i64,
    short_ms: i64,
}

impl TryFrom<ContactRow> for Contact {
    type Error = StoreFault;
    fn try_from(row: ContactRow) -> Result<Self, StoreFault> {
        Ok(Self {
            call: parse("call", &row.call_id)?,
            visit: row.visit,
            queue: parse("queue", &row.queue)?,
            reason: row.reason,
            offered_at: at(row.offered_at),
            closed_at: row.closed_at.map(at),
            outcome: row.outcome,
            flow_cause: row.flow_cause,
            agent: parse_some("agent", row.agent)?,
            wait_ms: row.wait_ms,
            talk_ms: row.talk_ms,
            hold_ms: row.hold_ms,
            transfers: row.transfers,
            threshold_ms: row.threshold_ms,
            short_ms: row.short_ms,
        })
    }
}
