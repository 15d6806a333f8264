-- A batch that moves stock between warehouses: everything a batch is, and its transfers, in one transaction.
--
-- An overload: batches without transfers go on calling the shorter one, which is also what owners of before know.
CREATE FUNCTION stock_commit(
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
  r_key bytea[], r_body bytea[], r_seq bigint[], r_reply bytea[],
  t_seq bigint[], t_line smallint[], t_qty bigint[], t_item int[], t_source int[], t_warehouse int[], t_lot int[], t_owner int[],
  t_condition smallint[], t_created_by int[], t_reference text[],
  v_seq bigint[], v_line smallint[], v_open bigint[], v_received bigint[], v_written_off bigint[]
) RETURNS void LANGUAGE plpgsql SET search_path = public SET enable_seqscan = off AS $$
DECLARE
  done bigint;
BEGIN
  PERFORM stock_commit(
    p_tenant, p_part, p_epoch, p_base, p_head, p_at, l_effective, l_delta_on_hand, l_delta_reserved, l_delta_blocked, l_delta_in_transit, l_on_hand,
    l_reserved, l_blocked, l_in_transit, l_version, l_document, l_item, l_warehouse, l_location, l_lot, l_owner, l_principal, l_condition, l_kind,
    l_role, l_cost, l_key, l_reference, l_reason, l_hash, b_item, b_warehouse, b_on_hand, b_reserved, b_blocked, b_in_transit, b_short, b_version,
    b_base_version, b_seq, k_item, k_warehouse, k_location, k_lot, k_owner, k_condition, k_qty, k_pinned, h_seq, h_line, h_expires, h_qty, h_item,
    h_warehouse, h_location, h_lot, h_owner, h_created_by, h_hard, h_reference, u_seq, u_line, u_expires, u_hard, u_open, u_committed, u_released,
    u_expired, r_key, r_body, r_seq, r_reply);

  INSERT INTO stock_transfers (tenant_id, part, seq, line, created_at_us, qty, open, received, written_off,
      item_id, source_id, warehouse_id, lot_id, owner_id, condition, created_by, reference)
    SELECT p_tenant, p_part, seq, line, p_at, qty, qty, 0, 0, item, source, warehouse, lot, owner, condition, created_by, reference
    FROM unnest(t_seq, t_line, t_qty, t_item, t_source, t_warehouse, t_lot, t_owner, t_condition, t_created_by, t_reference)
      AS t (seq, line, qty, item, source, warehouse, lot, owner, condition, created_by, reference);

  UPDATE stock_transfers s SET open = t.open, received = t.received, written_off = t.written_off
    FROM unnest(v_seq, v_line, v_open, v_received, v_written_off) AS t (seq, line, open, received, written_off)
    CROSS JOIN LATERAL (SELECT x.ctid AS place FROM stock_transfers x
      WHERE x.tenant_id = p_tenant AND x.part = p_part AND x.seq = t.seq AND x.line = t.line OFFSET 0) AS found
    WHERE s.ctid = found.place;
  GET DIAGNOSTICS done = ROW_COUNT;
  IF done <> cardinality(v_seq) THEN
    RAISE EXCEPTION 'transfers changed behind the owner: % of %', done, cardinality(v_seq) USING ERRCODE = 'OH004';
  END IF;
END $$;
