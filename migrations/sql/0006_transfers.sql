-- Stock under way between warehouses: one row per line of a transfer.
CREATE TABLE stock_transfers (
    tenant_id INTEGER NOT NULL,
    part SMALLINT NOT NULL,
    seq BIGINT NOT NULL,
    line SMALLINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    qty BIGINT NOT NULL,
    open BIGINT NOT NULL,
    received BIGINT NOT NULL,
    written_off BIGINT NOT NULL,
    item_id INTEGER NOT NULL,
    source_id INTEGER NOT NULL,
    warehouse_id INTEGER NOT NULL,
    lot_id INTEGER NOT NULL,
    owner_id INTEGER NOT NULL,
    condition SMALLINT NOT NULL,
    created_by INTEGER NOT NULL,
    reference TEXT NOT NULL,
    CONSTRAINT pk_stock_transfers PRIMARY KEY (tenant_id, part, seq, line),
    CONSTRAINT fk_stock_transfers_items FOREIGN KEY(tenant_id, item_id) REFERENCES items (tenant_id, id),
    CONSTRAINT fk_stock_transfers_sources FOREIGN KEY(tenant_id, source_id) REFERENCES warehouses (tenant_id, id),
    CONSTRAINT fk_stock_transfers_warehouses FOREIGN KEY(tenant_id, warehouse_id) REFERENCES warehouses (tenant_id, id),
    CONSTRAINT ck_stock_transfers_whole CHECK (open >= 0 AND received >= 0 AND written_off >= 0 AND qty = open + received + written_off)
);

CREATE INDEX ix_stock_transfers_open ON stock_transfers (tenant_id, part, seq) WHERE open > 0;

ALTER TABLE stock_transfers ENABLE ROW LEVEL SECURITY;
ALTER TABLE stock_transfers FORCE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON stock_transfers USING (tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', true), '')::int))
    WITH CHECK (tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', true), '')::int));

GRANT SELECT ON stock_transfers TO onhand_app;
GRANT SELECT, INSERT, UPDATE ON stock_transfers TO onhand_engine;

CREATE FUNCTION stock_transfers_of(p_tenant int, p_part smallint, p_seqs bigint[])
RETURNS SETOF stock_transfers LANGUAGE plpgsql SET search_path = public SET enable_seqscan = off AS $$
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);
  RETURN QUERY SELECT s.* FROM unnest(p_seqs) AS t (seq)
    CROSS JOIN LATERAL (SELECT * FROM stock_transfers x WHERE x.tenant_id = p_tenant AND x.part = p_part AND x.seq = t.seq OFFSET 0) AS s
    ORDER BY s.seq, s.line;
END $$;

-- Open reservations of principals. Walks the holds that are open, by their index: asked once per principal and owner.
CREATE FUNCTION stock_open_holds(p_tenant int, p_part smallint, p_principals int[])
RETURNS TABLE (principal_id int, held bigint) LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);
  RETURN QUERY SELECT h.created_by, count(DISTINCT h.seq) FROM stock_holds h
    WHERE h.tenant_id = p_tenant AND h.part = p_part AND h.open > 0 AND h.created_by = ANY (p_principals)
    GROUP BY h.created_by;
END $$;
