-- What the matcher saw at the decisions of one write of the journal, by the events' numbers: enough to make them again. Stands at the
-- first of them; `whole_seq` is the first that tells everything, if one does. Kept for some weeks.
CREATE TABLE routing_sight (
    node {{KEY}} NOT NULL,
    seq {{INT}} NOT NULL,
    whole_seq {{INT}},
    at {{MS}} NOT NULL,
    {{JSON:data}} NOT NULL,
    PRIMARY KEY (node, seq)
){{STRICT}};
CREATE INDEX routing_sight_by_time ON routing_sight (at);
CREATE INDEX routing_sight_whole ON routing_sight (node, seq) WHERE whole_seq IS NOT NULL;
