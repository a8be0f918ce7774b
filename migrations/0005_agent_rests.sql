-- Whether the agent of a user who is switched off was taken off the floor with the user, and comes back with the user. Of those
-- who were switched off before this version nobody knows better.
ALTER TABLE "user" ADD COLUMN {{BOOL:agent_rests}} NOT NULL DEFAULT FALSE;
UPDATE "user" SET agent_rests = TRUE WHERE is_active = FALSE;
