-- What is ordered from suppliers, and what comes of it.
CREATE TABLE document_numbers (
    tenant_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    last INTEGER NOT NULL,
    CONSTRAINT pk_document_numbers PRIMARY KEY (tenant_id, kind),
    CONSTRAINT fk_document_numbers_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id)
);

CREATE TABLE purchase_orders (
    tenant_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    supplier_id INTEGER NOT NULL,
    warehouse_id INTEGER NOT NULL,
    currency TEXT NOT NULL,
    status SMALLINT NOT NULL,
    ordered_on DATE,
    expected_on DATE,
    reference TEXT DEFAULT '' NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    created_by INTEGER NOT NULL,
    submitted_by INTEGER,
    decided_by INTEGER,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    submitted_at TIMESTAMP WITH TIME ZONE,
    decided_at TIMESTAMP WITH TIME ZONE,
    sent_at TIMESTAMP WITH TIME ZONE,
    version INTEGER DEFAULT '1' NOT NULL,
    CONSTRAINT pk_purchase_orders PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_purchase_orders_suppliers FOREIGN KEY(tenant_id, supplier_id) REFERENCES suppliers (tenant_id, id),
    CONSTRAINT fk_purchase_orders_warehouses FOREIGN KEY(tenant_id, warehouse_id) REFERENCES warehouses (tenant_id, id),
    CONSTRAINT ck_purchase_orders_status CHECK (status BETWEEN 1 AND 8)
);
CREATE INDEX ix_purchase_orders_supplier ON purchase_orders (tenant_id, supplier_id, id);
CREATE INDEX ix_purchase_orders_status ON purchase_orders (tenant_id, status, id);

CREATE TABLE purchase_order_lines (
    tenant_id INTEGER NOT NULL,
    order_id INTEGER NOT NULL,
    line SMALLINT NOT NULL,
    item_id INTEGER NOT NULL,
    warehouse_id INTEGER NOT NULL,
    location_id INTEGER DEFAULT '0' NOT NULL,
    unit TEXT NOT NULL,
    numerator BIGINT NOT NULL,
    denominator BIGINT NOT NULL,
    qty BIGINT NOT NULL,
    price NUMERIC(18, 6),
    unit_cost BIGINT,
    expected_on DATE,
    note TEXT DEFAULT '' NOT NULL,
    ordered BIGINT NOT NULL,
    received BIGINT DEFAULT '0' NOT NULL,
    rejected BIGINT DEFAULT '0' NOT NULL,
    returned BIGINT DEFAULT '0' NOT NULL,
    cancelled BIGINT DEFAULT '0' NOT NULL,
    open BIGINT DEFAULT '0' NOT NULL,
    counted BIGINT DEFAULT '0' NOT NULL,
    CONSTRAINT pk_purchase_order_lines PRIMARY KEY (tenant_id, order_id, line),
    CONSTRAINT fk_purchase_order_lines_orders FOREIGN KEY(tenant_id, order_id) REFERENCES purchase_orders (tenant_id, id),
    CONSTRAINT fk_purchase_order_lines_items FOREIGN KEY(tenant_id, item_id) REFERENCES items (tenant_id, id),
    CONSTRAINT fk_purchase_order_lines_warehouses FOREIGN KEY(tenant_id, warehouse_id) REFERENCES warehouses (tenant_id, id),
    CONSTRAINT ck_purchase_order_lines_amounts CHECK (
        qty > 0 AND ordered > 0 AND numerator > 0 AND denominator > 0 AND price >= 0 AND received >= rejected AND rejected >= 0
        AND received >= returned AND returned >= 0 AND cancelled >= 0 AND open >= 0 AND counted >= 0
        AND open <= greatest(0, ordered - received - cancelled))
);
CREATE INDEX ix_purchase_order_lines_open ON purchase_order_lines (tenant_id, item_id, warehouse_id) WHERE open > 0;
-- What the engine has not counted yet: nearly always nothing.
CREATE INDEX ix_purchase_order_lines_uncounted ON purchase_order_lines (tenant_id, order_id) WHERE open <> counted;

CREATE TABLE purchase_receipts (
    tenant_id INTEGER NOT NULL,
    part SMALLINT NOT NULL,
    seq BIGINT NOT NULL,
    line SMALLINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    effective_at_us BIGINT NOT NULL,
    of_seq BIGINT NOT NULL,
    qty BIGINT NOT NULL,
    taken BIGINT DEFAULT '0' NOT NULL,
    order_id INTEGER NOT NULL,
    item_id INTEGER NOT NULL,
    warehouse_id INTEGER NOT NULL,
    location_id INTEGER NOT NULL,
    lot_id INTEGER NOT NULL,
    created_by INTEGER NOT NULL,
    shipment_id INTEGER NOT NULL,
    order_line SMALLINT NOT NULL,
    of_line SMALLINT NOT NULL,
    condition SMALLINT NOT NULL,
    kind SMALLINT NOT NULL,
    rejected BOOLEAN NOT NULL,
    note TEXT NOT NULL,
    key TEXT NOT NULL,
    reason TEXT NOT NULL,
    CONSTRAINT pk_purchase_receipts PRIMARY KEY (tenant_id, part, seq, line),
    CONSTRAINT fk_purchase_receipts_order_lines FOREIGN KEY(tenant_id, order_id, order_line)
        REFERENCES purchase_order_lines (tenant_id, order_id, line),
    CONSTRAINT fk_purchase_receipts_items FOREIGN KEY(tenant_id, item_id) REFERENCES items (tenant_id, id),
    CONSTRAINT fk_purchase_receipts_warehouses FOREIGN KEY(tenant_id, warehouse_id) REFERENCES warehouses (tenant_id, id),
    CONSTRAINT ck_purchase_receipts_amounts CHECK (qty > 0 AND taken >= 0 AND taken <= qty AND kind BETWEEN 1 AND 3)
);
CREATE INDEX ix_purchase_receipts_order ON purchase_receipts (tenant_id, order_id, seq);
-- A receipt is known by the key it was posted under for ever, long after answers to keys are forgotten.
CREATE UNIQUE INDEX uq_purchase_receipts_key ON purchase_receipts (tenant_id, key) WHERE kind = 1 AND line = 0;

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['document_numbers', 'purchase_orders', 'purchase_order_lines', 'purchase_receipts'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY of_tenant ON %I USING (tenant_id = (SELECT NULLIF(current_setting(''app.tenant_id'', true), '''')::int))
       WITH CHECK (tenant_id = (SELECT NULLIF(current_setting(''app.tenant_id'', true), '''')::int))', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['purchase_orders', 'purchase_order_lines', 'purchase_receipts'] LOOP
    EXECUTE format(
      'CREATE POLICY of_warehouses ON %I AS RESTRICTIVE FOR SELECT TO onhand_app USING (
       (SELECT NULLIF(current_setting(''app.warehouses'', true), '''')) IS NULL
       OR warehouse_id = ANY ((SELECT string_to_array(current_setting(''app.warehouses'', true), '','')::int[])::int[]))', name);
  END LOOP;
END $$;
-- The shard looks through all companies for lines that it has not counted.
CREATE POLICY of_engine ON purchase_order_lines FOR SELECT TO onhand_engine USING (true);

GRANT SELECT, INSERT, UPDATE ON document_numbers, purchase_orders TO onhand_app;
GRANT SELECT, INSERT, DELETE ON purchase_order_lines TO onhand_app;
-- The engine alone writes what has come.
GRANT UPDATE (open, cancelled, expected_on) ON purchase_order_lines TO onhand_app;
GRANT SELECT ON purchase_receipts TO onhand_app;
GRANT SELECT, UPDATE ON purchase_orders, purchase_order_lines TO onhand_engine;
GRANT SELECT, INSERT, UPDATE ON purchase_receipts TO onhand_engine;

CREATE FUNCTION stock_orders_of(p_tenant int, p_orders int[])
RETURNS TABLE (id int, status smallint, version int, line smallint, item_id int, warehouse_id int, location_id int, unit text,
  numerator bigint, denominator bigint, unit_cost bigint, ordered bigint, received bigint, rejected bigint, returned bigint,
  cancelled bigint, counted bigint)
LANGUAGE plpgsql SET search_path = public SET enable_seqscan = off AS $$
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);
  RETURN QUERY SELECT o.id, o.status, o.version, l.line, l.item_id, l.warehouse_id, l.location_id, l.unit, l.numerator, l.denominator,
      l.unit_cost, l.ordered, l.received, l.rejected, l.returned, l.cancelled, l.counted
    FROM purchase_orders o JOIN purchase_order_lines l ON l.tenant_id = o.tenant_id AND l.order_id = o.id
    WHERE o.tenant_id = p_tenant AND o.id = ANY (p_orders) ORDER BY o.id, l.line;
END $$;

CREATE FUNCTION stock_receipts_of(p_tenant int, p_part smallint, p_seqs bigint[])
RETURNS SETOF purchase_receipts LANGUAGE plpgsql SET search_path = public SET enable_seqscan = off AS $$
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);
  RETURN QUERY SELECT r.* FROM purchase_receipts r
    WHERE r.tenant_id = p_tenant AND r.part = p_part AND r.seq = ANY (p_seqs) ORDER BY r.seq, r.line;
END $$;

CREATE FUNCTION stock_receipts_under(p_tenant int, p_keys text[])
RETURNS TABLE (key text, seq bigint) LANGUAGE plpgsql SET search_path = public SET enable_seqscan = off AS $$
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);
  RETURN QUERY SELECT r.key, r.seq FROM purchase_receipts r
    WHERE r.tenant_id = p_tenant AND r.kind = 1 AND r.line = 0 AND r.key = ANY (p_keys);
END $$;

-- What a batch about purchase orders writes besides: called in the batch's own statement, after the batch, so it is all or nothing.
CREATE FUNCTION stock_commit_orders(
  p_tenant int, p_part smallint, p_at bigint,
  o_id int[], o_status smallint[], o_base int[], o_version int[],
  ol_order int[], ol_line smallint[], ol_received bigint[], ol_rejected bigint[], ol_returned bigint[], ol_open bigint[], ol_counted bigint[],
  g_seq bigint[], g_line smallint[], g_effective bigint[], g_of bigint[], g_qty bigint[], g_order int[], g_item int[], g_warehouse int[],
  g_location int[], g_lot int[], g_created_by int[], g_shipment int[], g_order_line smallint[], g_of_line smallint[],
  g_condition smallint[], g_kind smallint[], g_rejected smallint[], g_note text[], g_key text[], g_reason text[],
  x_seq bigint[], x_line smallint[], x_qty bigint[],
  n_item int[], n_warehouse int[], n_on_order bigint[]
) RETURNS void LANGUAGE plpgsql SET search_path = public SET enable_seqscan = off AS $$
DECLARE
  done bigint;
BEGIN
  -- Others write orders too. One that is not as it was read undoes the batch, and its owner reads and decides again.
  UPDATE purchase_orders o SET status = t.status, version = t.version
    FROM unnest(o_id, o_status, o_base, o_version) AS t (id, status, base, version)
    WHERE o.tenant_id = p_tenant AND o.id = t.id AND o.version = t.base;
  GET DIAGNOSTICS done = ROW_COUNT;
  IF done <> cardinality(o_id) THEN
    RAISE EXCEPTION 'orders changed meanwhile: % of % as read', done, cardinality(o_id) USING ERRCODE = 'OH004';
  END IF;
  UPDATE purchase_order_lines l SET received = t.received, rejected = t.rejected, returned = t.returned, open = t.open, counted = t.counted
    FROM unnest(ol_order, ol_line, ol_received, ol_rejected, ol_returned, ol_open, ol_counted)
      AS t (order_id, line, received, rejected, returned, open, counted)
    WHERE l.tenant_id = p_tenant AND l.order_id = t.order_id AND l.line = t.line;

  INSERT INTO purchase_receipts (tenant_id, part, seq, line, created_at_us, effective_at_us, of_seq, qty, order_id, item_id, warehouse_id,
      location_id, lot_id, created_by, shipment_id, order_line, of_line, condition, kind, rejected, note, key, reason)
    SELECT p_tenant, p_part, seq, line, p_at, effective, of_seq, qty, order_id, item, warehouse, location, lot, created_by, shipment,
      order_line, of_line, condition, kind, rejected = 1, note, key, reason
    FROM unnest(g_seq, g_line, g_effective, g_of, g_qty, g_order, g_item, g_warehouse, g_location, g_lot, g_created_by, g_shipment,
      g_order_line, g_of_line, g_condition, g_kind, g_rejected, g_note, g_key, g_reason)
      AS t (seq, line, effective, of_seq, qty, order_id, item, warehouse, location, lot, created_by, shipment, order_line, of_line,
        condition, kind, rejected, note, key, reason);
  UPDATE purchase_receipts r SET taken = r.taken + t.qty
    FROM (SELECT seq, line, sum(qty)::bigint AS qty FROM unnest(x_seq, x_line, x_qty) AS u (seq, line, qty) GROUP BY 1, 2) AS t
    WHERE r.tenant_id = p_tenant AND r.part = p_part AND r.seq = t.seq AND r.line = t.line;

  UPDATE stock_balances b SET on_order = t.on_order FROM unnest(n_item, n_warehouse, n_on_order) AS t (item, warehouse, on_order)
    WHERE b.tenant_id = p_tenant AND b.item_id = t.item AND b.warehouse_id = t.warehouse;
END $$;
