-- The definition of the service level by which the queue went as the visit began.
ALTER TABLE segment ADD COLUMN level_variant TEXT;
-- When the visit's handling was over: the call's end, or the beginning of its next visit.
ALTER TABLE segment ADD COLUMN ended_at {{MS}};
UPDATE segment SET ended_at = COALESCE(
        (SELECT MIN(n.offered_at) FROM segment n WHERE n.call_id = segment.call_id AND n.visit > segment.visit),
        (SELECT c.ended_at FROM call c WHERE c.id = segment.call_id))
    WHERE outcome = 'answered';
CREATE INDEX segment_by_end ON segment (ended_at, queue) WHERE ended_at IS NOT NULL;

-- Every agent who answered the caller of a visit: the first one, and those to whom the caller was passed on.
CREATE TABLE visit_answer (
    call_id {{KEY}} NOT NULL,
    visit {{INT}} NOT NULL,
    agent {{KEY}} NOT NULL,
    answered_at {{MS}} NOT NULL,
    PRIMARY KEY (call_id, visit, agent)
){{STRICT}};
CREATE INDEX visit_answer_by_time ON visit_answer (answered_at, agent);
INSERT INTO visit_answer (call_id, visit, agent, answered_at)
    SELECT call_id, visit, agent, closed_at FROM segment WHERE outcome = 'answered' AND agent IS NOT NULL AND closed_at IS NOT NULL;

-- The rings of a stretch of time.
CREATE INDEX agent_state_span_ring ON agent_state_span (from_at) WHERE state = 'offered';
