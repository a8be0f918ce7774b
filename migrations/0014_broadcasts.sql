-- Sentences of supervisors for agents. One that was ended by hand is over before its time.
CREATE TABLE broadcast (
    id {{KEY}} NOT NULL PRIMARY KEY,
    text TEXT NOT NULL,
    queue {{KEY}},
    sent_by {{KEY}} NOT NULL,
    sent_at {{MS}} NOT NULL,
    until_at {{MS}} NOT NULL
){{STRICT}};
CREATE INDEX broadcast_until ON broadcast (until_at);
