-- Who sent a call on before it reached us, the latest first: a JSON list; nothing where nobody did.
ALTER TABLE call ADD COLUMN redirections TEXT;
