-- What a busy agent does: talk, hold, consult or dial. A span is cut where it changes; NULL in rows from before: not split.
ALTER TABLE agent_state_span ADD COLUMN activity {{KEY}};
-- Who was busy with a call, for the handling of each agent.
CREATE INDEX agent_state_span_busy ON agent_state_span (call_id) WHERE state = 'busy';

-- Callers whom agents have passed on, by whom. Begun by the event (node, seq).
CREATE TABLE transfer_made (
    node {{KEY}} NOT NULL,
    seq {{INT}} NOT NULL,
    call_id {{KEY}} NOT NULL,
    agent {{KEY}} NOT NULL,
    made_at {{MS}} NOT NULL,
    PRIMARY KEY (node, seq)
){{STRICT}};
CREATE INDEX transfer_made_by_time ON transfer_made (made_at, agent);
INSERT INTO transfer_made (node, seq, call_id, agent, made_at)
    SELECT node, seq, entity_id, data -> 'event' ->> 'from', at FROM event
    WHERE kind = 'call.transferred' AND data -> 'event' ->> 'from' IS NOT NULL;
