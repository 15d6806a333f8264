-- What came in once and opens nothing any more goes by jobs, as ended sessions do: of each table the engine's role sees company and
-- time of what is old, and deletes no more than that.

-- Tokens of other issuers that were checked, tokens that must not come again, ways to an identity provider: a day after their end.
CREATE POLICY old_seen ON machine_tokens FOR SELECT TO onhand_engine USING (expires_at < now() - interval '1 day');
CREATE POLICY old_goes ON machine_tokens FOR DELETE TO onhand_engine USING (expires_at < now() - interval '1 day');
CREATE POLICY young_stays ON machine_tokens AS RESTRICTIVE FOR DELETE TO onhand_engine USING (expires_at < now() - interval '1 day');
GRANT SELECT (tenant_id, expires_at, ctid), DELETE ON machine_tokens TO onhand_engine;

CREATE POLICY old_seen ON denied_tokens FOR SELECT TO onhand_engine USING (expires_at < now() - interval '1 day');
CREATE POLICY old_goes ON denied_tokens FOR DELETE TO onhand_engine USING (expires_at < now() - interval '1 day');
CREATE POLICY young_stays ON denied_tokens AS RESTRICTIVE FOR DELETE TO onhand_engine USING (expires_at < now() - interval '1 day');
GRANT SELECT (tenant_id, expires_at, ctid), DELETE ON denied_tokens TO onhand_engine;

CREATE POLICY old_seen ON sign_in_attempts FOR SELECT TO onhand_engine USING (expires_at < now() - interval '1 day');
CREATE POLICY old_goes ON sign_in_attempts FOR DELETE TO onhand_engine USING (expires_at < now() - interval '1 day');
CREATE POLICY young_stays ON sign_in_attempts AS RESTRICTIVE FOR DELETE TO onhand_engine USING (expires_at < now() - interval '1 day');
GRANT SELECT (tenant_id, expires_at, ctid), DELETE ON sign_in_attempts TO onhand_engine;

-- Links of letters: a day after their end.
CREATE POLICY old_seen ON sign_ups FOR SELECT TO onhand_engine USING (expires_at < now() - interval '1 day');
CREATE POLICY old_goes ON sign_ups FOR DELETE TO onhand_engine USING (expires_at < now() - interval '1 day');
CREATE POLICY young_stays ON sign_ups AS RESTRICTIVE FOR DELETE TO onhand_engine USING (expires_at < now() - interval '1 day');
GRANT SELECT (tenant_id, expires_at, ctid), DELETE ON sign_ups TO onhand_engine;

CREATE POLICY old_seen ON resets FOR SELECT TO onhand_engine USING (expires_at < now() - interval '1 day');
CREATE POLICY old_goes ON resets FOR DELETE TO onhand_engine USING (expires_at < now() - interval '1 day');
CREATE POLICY young_stays ON resets AS RESTRICTIVE FOR DELETE TO onhand_engine USING (expires_at < now() - interval '1 day');
GRANT SELECT (tenant_id, expires_at, ctid), DELETE ON resets TO onhand_engine;

-- Invitations are a list that people look at, so they stay as long as keys do. LEAST passes over what is NULL.
CREATE POLICY old_seen ON invitations FOR SELECT TO onhand_engine
  USING (LEAST(accepted_at, revoked_at, expires_at) < now() - interval '90 days');
CREATE POLICY old_goes ON invitations FOR DELETE TO onhand_engine
  USING (LEAST(accepted_at, revoked_at, expires_at) < now() - interval '90 days');
CREATE POLICY young_stays ON invitations AS RESTRICTIVE FOR DELETE TO onhand_engine
  USING (LEAST(accepted_at, revoked_at, expires_at) < now() - interval '90 days');
GRANT SELECT (tenant_id, accepted_at, revoked_at, expires_at, ctid), DELETE ON invitations TO onhand_engine;

-- Letters that were sent, or given up: who asks whether one went out asks within the month. One that waits never goes this way.
CREATE POLICY old_seen ON mails FOR SELECT TO onhand_engine USING (state <> 'queued' AND created_at < now() - interval '30 days');
CREATE POLICY old_goes ON mails FOR DELETE TO onhand_engine USING (state <> 'queued' AND created_at < now() - interval '30 days');
CREATE POLICY young_stays ON mails AS RESTRICTIVE FOR DELETE TO onhand_engine
  USING (state <> 'queued' AND created_at < now() - interval '30 days');
GRANT SELECT (tenant_id, state, created_at, ctid), DELETE ON mails TO onhand_engine;
