-- How often agents passed the caller of a visit on.
ALTER TABLE segment ADD COLUMN transfers {{INT}} NOT NULL DEFAULT 0;
-- What ended in an interval, for the reports' balance.
CREATE INDEX segment_by_close ON segment (closed_at, queue);
-- The wrap-ups of a call.
CREATE INDEX agent_state_span_wrap_up ON agent_state_span (call_id) WHERE state = 'wrapping_up';
