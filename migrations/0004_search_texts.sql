-- What a search without case and accents looks at: a ticket's subject, and what the caller's side showed. Rows from before this
-- version get theirs at the next start; the indexes hold only those that still wait for it.
ALTER TABLE ticket ADD COLUMN plain_subject TEXT;
ALTER TABLE call ADD COLUMN plain_label TEXT;
CREATE INDEX ticket_without_plain_subject ON ticket (id) WHERE plain_subject IS NULL;
CREATE INDEX call_without_plain_label ON call (id) WHERE plain_label IS NULL AND customer_label IS NOT NULL;
