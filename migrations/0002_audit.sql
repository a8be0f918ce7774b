-- The audit trail, newest first: who came in and what was set up. Among the events of calls these are few.
CREATE INDEX event_audited ON event (at, node, seq) WHERE kind LIKE 'access.%' OR kind LIKE 'directory.%';
