-- Rows named in arrays are looked up one by one through the whole key, whatever the server believes about the table. A plan made
-- before a new table had statistics joined the arrays with every hold of the partition: 160 commands a second, until the next
-- analysis. OFFSET 0 keeps the look-up from being turned into such a join; the row is then changed where it was found, which is
-- safe because nobody else changes rows of a partition while its owner holds the fence's lock.
CREATE OR REPLACE FUNCTION stock_commit(
  p_tenant int, p_part smallint, p_epoch bigint, p_base bigint, p_head bytea, p_at bigint,
  l_effective bigint[], l_delta_on_hand bigint[], l_delta_reserved bigint[], l_delta_blocked bigint[], l_delta_in_transit bigint[],
  l_on_hand bigint[], l_reserved bigint[], l_blocked bigint[], l_in_transit bigint[], l_version bigint[], l_document bigint[],
  l_item int[], l_warehouse int[], l_location int[], l_lot int[], l_owner int[], l_principal int[],
  l_condition smallint[], l_kind smallint[], l_role smallint[], l_cost bigint[], l_key text[], l_reference text[], l_reason text[], l_hash bytea[],
  b_item int[], b_warehouse int[], b_on_hand bigint[], b_reserved bigint[], b_blocked bigint[], b_in_transit bigint[],
  b_short bigint[], b_version bigint[], b_base_version bigint[], b_seq bigint[],
  k_item int[], k_warehouse int[], k_location int[], k_lot int[], k_owner int[], k_condition smallint[], k_qty bigint[], k_pinned bigint[],
  h_seq bigint[], h_line smallint[], h_expires bigint[], h_qty bigint[], h_item int[], h_warehouse int[], h_location int[],
  h_lot int[], h_owner int[], h_created_by int[], h_hard smallint[], h_reference text[],
  u_seq bigint[], u_line smallint[], u_expires bigint[], u_hard smallint[], u_open bigint[], u_committed bigint[],
  u_released bigint[], u_expired bigint[],
  r_key bytea[], r_body bytea[], r_seq bigint[], r_reply bytea[]
) RETURNS void LANGUAGE plpgsql SET search_path = public SET enable_seqscan = off AS $$
DECLARE
  reached bigint;
  done bigint;
  rows_new bigint := cardinality(l_kind);
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);

  UPDATE stock_partitions SET seq = seq + rows_new, head_hash = p_head
    WHERE tenant_id = p_tenant AND part = p_part AND epoch = p_epoch RETURNING seq INTO reached;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'fenced: epoch % no longer owns partition %.%', p_epoch, p_tenant, p_part USING ERRCODE = 'OH001';
  END IF;
  IF reached <> p_base + rows_new THEN
    RAISE EXCEPTION 'out of order: at %, expected %', reached, p_base + rows_new USING ERRCODE = 'OH002';
  END IF;

  IF rows_new > 0 THEN
    INSERT INTO stock_ledger (tenant_id, part, seq, epoch, recorded_at_us, effective_at_us,
        delta_on_hand, delta_reserved, delta_blocked, delta_in_transit, on_hand, reserved, blocked, in_transit,
        cell_version, document, unit_cost, item_id, warehouse_id, location_id, lot_id, owner_id, principal_id,
        condition, kind, role, key, reference, reason, hash)
      SELECT p_tenant, p_part, p_base + n, p_epoch, p_at, effective,
        d_on_hand, d_reserved, d_blocked, d_in_transit, on_hand, reserved, blocked, in_transit,
        version, document, NULLIF(cost, -1), item, warehouse, location, lot, owner, principal,
        condition, kind, role, key, reference, reason, hash
      FROM unnest(l_effective, l_delta_on_hand, l_delta_reserved, l_delta_blocked, l_delta_in_transit, l_on_hand, l_reserved,
        l_blocked, l_in_transit, l_version, l_document, l_item, l_warehouse, l_location, l_lot, l_owner, l_principal,
        l_condition, l_kind, l_role, l_cost, l_key, l_reference, l_reason, l_hash) WITH ORDINALITY
        AS t (effective, d_on_hand, d_reserved, d_blocked, d_in_transit, on_hand, reserved, blocked, in_transit, version, document,
        item, warehouse, location, lot, owner, principal, condition, kind, role, cost, key, reference, reason, hash, n);
  END IF;

  IF cardinality(b_item) > 0 THEN
    INSERT INTO stock_balances AS b (tenant_id, item_id, warehouse_id, part, on_hand, reserved, blocked, in_transit, short, version, seq)
      SELECT p_tenant, item, warehouse, p_part, on_hand, reserved, blocked, in_transit, short, base_version, seq
      FROM unnest(b_item, b_warehouse, b_on_hand, b_reserved, b_blocked, b_in_transit, b_short, b_base_version, b_seq)
        AS t (item, warehouse, on_hand, reserved, blocked, in_transit, short, base_version, seq)
      WHERE base_version = 0
    ON CONFLICT DO NOTHING;
    UPDATE stock_balances b SET on_hand = t.on_hand, reserved = t.reserved, blocked = t.blocked, in_transit = t.in_transit,
        short = t.short, version = t.version, seq = t.seq
      FROM unnest(b_item, b_warehouse, b_on_hand, b_reserved, b_blocked, b_in_transit, b_short, b_version, b_base_version, b_seq)
        AS t (item, warehouse, on_hand, reserved, blocked, in_transit, short, version, base_version, seq)
      CROSS JOIN LATERAL (SELECT x.ctid AS place FROM stock_balances x
        WHERE x.tenant_id = p_tenant AND x.item_id = t.item AND x.warehouse_id = t.warehouse AND x.version = t.base_version OFFSET 0) AS found
      WHERE b.ctid = found.place;
    GET DIAGNOSTICS done = ROW_COUNT;
    IF done <> cardinality(b_item) THEN
      RAISE EXCEPTION 'balances changed behind the owner: % of % as remembered', done, cardinality(b_item) USING ERRCODE = 'OH004';
    END IF;
  END IF;

  IF cardinality(k_item) > 0 THEN
    INSERT INTO stock_buckets AS b (tenant_id, item_id, warehouse_id, location_id, lot_id, owner_id, condition, qty, pinned)
      SELECT p_tenant, * FROM unnest(k_item, k_warehouse, k_location, k_lot, k_owner, k_condition, k_qty, k_pinned)
    ON CONFLICT (tenant_id, item_id, warehouse_id, location_id, lot_id, owner_id, condition)
      DO UPDATE SET qty = EXCLUDED.qty, pinned = EXCLUDED.pinned;
  END IF;

  IF cardinality(h_seq) > 0 THEN
    INSERT INTO stock_holds (tenant_id, part, seq, line, expires_at_us, created_at_us, qty, open, committed, released, expired,
        item_id, warehouse_id, location_id, lot_id, owner_id, created_by, hard, reference)
      SELECT p_tenant, p_part, seq, line, expires, p_at, qty, qty, 0, 0, 0, item, warehouse, location, lot, owner, created_by, hard, reference
      FROM unnest(h_seq, h_line, h_expires, h_qty, h_item, h_warehouse, h_location, h_lot, h_owner, h_created_by, h_hard, h_reference)
        AS t (seq, line, expires, qty, item, warehouse, location, lot, owner, created_by, hard, reference);
  END IF;

  IF cardinality(u_seq) > 0 THEN
    UPDATE stock_holds h SET expires_at_us = t.expires, hard = t.hard, open = t.open, committed = t.committed,
        released = t.released, expired = t.expired
      FROM unnest(u_seq, u_line, u_expires, u_hard, u_open, u_committed, u_released, u_expired)
        AS t (seq, line, expires, hard, open, committed, released, expired)
      CROSS JOIN LATERAL (SELECT x.ctid AS place FROM stock_holds x
        WHERE x.tenant_id = p_tenant AND x.part = p_part AND x.seq = t.seq AND x.line = t.line OFFSET 0) AS found
      WHERE h.ctid = found.place;
    GET DIAGNOSTICS done = ROW_COUNT;
    IF done <> cardinality(u_seq) THEN
      RAISE EXCEPTION 'holds changed behind the owner: % of %', done, cardinality(u_seq) USING ERRCODE = 'OH004';
    END IF;
  END IF;

  -- The unique key is the judge of repeated commands: a conflict undoes the batch, and its owner decides again knowing the answer.
  IF cardinality(r_key) > 0 THEN
    INSERT INTO stock_replies (tenant_id, part, key_hash, body_hash, seq, recorded_at_us, reply)
      SELECT p_tenant, p_part, key, body, seq, p_at, reply
      FROM unnest(r_key, r_body, r_seq, r_reply) AS t (key, body, seq, reply);
  END IF;
END $$;

CREATE OR REPLACE FUNCTION stock_cells(p_tenant int, p_items int[], p_warehouses int[])
RETURNS TABLE (item_id int, warehouse_id int, on_hand bigint, reserved bigint, blocked bigint, in_transit bigint, on_order bigint,
  short bigint, version bigint, seq bigint, location_id int, lot_id int, owner_id int, condition smallint, qty bigint, pinned bigint)
LANGUAGE plpgsql SET search_path = public SET enable_seqscan = off AS $$
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);
  RETURN QUERY SELECT b.item_id, b.warehouse_id, b.on_hand, b.reserved, b.blocked, b.in_transit, b.on_order, b.short, b.version, b.seq,
      k.location_id, k.lot_id, k.owner_id, k.condition, k.qty, k.pinned
    FROM unnest(p_items, p_warehouses) AS t (item, warehouse)
    CROSS JOIN LATERAL (SELECT * FROM stock_balances x
      WHERE x.tenant_id = p_tenant AND x.item_id = t.item AND x.warehouse_id = t.warehouse OFFSET 0) AS b
    LEFT JOIN LATERAL (SELECT * FROM stock_buckets x
      WHERE x.tenant_id = p_tenant AND x.item_id = t.item AND x.warehouse_id = t.warehouse OFFSET 0) AS k ON true;
END $$;

CREATE OR REPLACE FUNCTION stock_reservations(p_tenant int, p_part smallint, p_seqs bigint[])
RETURNS SETOF stock_holds LANGUAGE plpgsql SET search_path = public SET enable_seqscan = off AS $$
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);
  RETURN QUERY SELECT h.* FROM unnest(p_seqs) AS t (seq)
    CROSS JOIN LATERAL (SELECT * FROM stock_holds x WHERE x.tenant_id = p_tenant AND x.part = p_part AND x.seq = t.seq OFFSET 0) AS h
    ORDER BY h.seq, h.line;
END $$;
