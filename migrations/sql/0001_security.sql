-- Who may see and do what. Row security is forced, so that even the owner of a table is bound by it.

DO $$
DECLARE name text;
BEGIN
  FOR name IN
    SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
    WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    -- The sub-select is evaluated once per statement, not once per row.
    EXECUTE format(
      'CREATE POLICY of_tenant ON %I USING (tenant_id = (SELECT NULLIF(current_setting(''app.tenant_id'', true), '''')::int))
       WITH CHECK (tenant_id = (SELECT NULLIF(current_setting(''app.tenant_id'', true), '''')::int))', name);
  END LOOP;
END $$;

ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
-- Before sign-in a transaction may name one tenant by its slug; after it, its own by id.
CREATE POLICY own ON tenants
  USING (id = (SELECT NULLIF(current_setting('app.tenant_id', true), '')::int)
         OR slug = (SELECT NULLIF(current_setting('app.tenant_slug', true), '')))
  WITH CHECK (slug = (SELECT NULLIF(current_setting('app.tenant_slug', true), ''))
         OR id = (SELECT NULLIF(current_setting('app.tenant_id', true), '')::int));

-- The engine walks all partitions to sweep and to verify; it sees ids and heads there, no names and no people.
CREATE POLICY of_engine ON stock_partitions FOR SELECT TO onhand_engine USING (true);
CREATE POLICY of_engine ON stock_holds FOR SELECT TO onhand_engine USING (true);
CREATE POLICY of_engine ON tenants FOR SELECT TO onhand_engine USING (true);

GRANT USAGE ON SCHEMA public TO onhand_app, onhand_engine;

GRANT SELECT, INSERT, UPDATE ON tenants, principals, users, api_keys, units, items, warehouses, locations, lots TO onhand_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON sessions, live_tickets, item_barcodes, item_units, item_limits TO onhand_app;
GRANT SELECT, INSERT ON facts TO onhand_app;
GRANT SELECT ON stock_partitions, stock_ledger, stock_balances, stock_buckets, stock_holds, stock_proofs TO onhand_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO onhand_app;

GRANT SELECT (id, slug) ON tenants TO onhand_engine;
GRANT SELECT, INSERT, UPDATE ON stock_partitions, stock_balances, stock_buckets, stock_holds, stock_proofs TO onhand_engine;
GRANT SELECT, INSERT ON stock_ledger, stock_replies TO onhand_engine;

-- The ledger only grows. Grants say so for our roles; the trigger says so for everyone else.
CREATE FUNCTION refuse_rewrite() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is append-only: post a correction row instead' USING ERRCODE = 'OH003';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON stock_ledger
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- Balances are rewritten all day; room on the page keeps those updates off the indexes.
ALTER TABLE stock_balances SET (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE stock_partitions SET (fillfactor = 20, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 500);
ALTER TABLE stock_holds SET (fillfactor = 80);
