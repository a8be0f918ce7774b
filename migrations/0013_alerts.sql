-- Alerts: thresholds that were passed, from there until all was well again.
CREATE TABLE alert (
    id {{KEY}} NOT NULL PRIMARY KEY,
    rule {{KEY}} NOT NULL,
    name TEXT NOT NULL,
    metric TEXT NOT NULL,
    queue {{KEY}},
    value {{INT}} NOT NULL,
    threshold {{INT}} NOT NULL,
    raised_at {{MS}} NOT NULL,
    acknowledged_at {{MS}},
    acknowledged_by {{KEY}},
    cleared_at {{MS}},
    cleared_value {{INT}}
){{STRICT}};
CREATE INDEX alert_open ON alert (id) WHERE cleared_at IS NULL;

-- Messages for outside systems. One that is to be tried has a time for it; one that is over has none.
CREATE TABLE webhook_delivery (
    id {{KEY}} NOT NULL PRIMARY KEY,
    webhook {{KEY}} NOT NULL,
    alert {{KEY}} NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    made_at {{MS}} NOT NULL,
    attempts {{INT}} NOT NULL,
    due_at {{MS}},
    delivered_at {{MS}},
    fault TEXT
){{STRICT}};
CREATE INDEX webhook_delivery_due ON webhook_delivery (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_delivery_of ON webhook_delivery (webhook, id);
