-- What an owner reads to fill its memory. Functions, so that naming the tenant and reading is one round trip.

CREATE FUNCTION stock_acquire(p_tenant int, p_part smallint, p_owner text)
RETURNS TABLE (epoch bigint, seq bigint, head_hash bytea) LANGUAGE plpgsql SET search_path = public AS $$
#variable_conflict use_column
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);
  -- Waits for the row lock of a batch in flight, then outranks its owner.
  RETURN QUERY INSERT INTO stock_partitions AS p (tenant_id, part, epoch, owner, seq, head_hash)
    VALUES (p_tenant, p_part, 1, p_owner, 0, decode(repeat('00', 32), 'hex'))
    ON CONFLICT (tenant_id, part) DO UPDATE SET epoch = p.epoch + 1, owner = p_owner
    RETURNING p.epoch, p.seq, p.head_hash;
END $$;

CREATE FUNCTION stock_head(p_tenant int, p_part smallint, p_epoch bigint)
RETURNS TABLE (seq bigint, head_hash bytea) LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);
  -- Takes the row lock, so a batch whose fate is unknown has ended, one way or the other, before this answers.
  RETURN QUERY SELECT p.seq, p.head_hash FROM stock_partitions p
    WHERE p.tenant_id = p_tenant AND p.part = p_part AND p.epoch = p_epoch FOR UPDATE;
END $$;

CREATE FUNCTION stock_cells(p_tenant int, p_items int[], p_warehouses int[])
RETURNS TABLE (item_id int, warehouse_id int, on_hand bigint, reserved bigint, blocked bigint, in_transit bigint, on_order bigint,
  short bigint, version bigint, seq bigint, location_id int, lot_id int, owner_id int, condition smallint, qty bigint, pinned bigint)
LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);
  RETURN QUERY SELECT b.item_id, b.warehouse_id, b.on_hand, b.reserved, b.blocked, b.in_transit, b.on_order, b.short, b.version, b.seq,
      k.location_id, k.lot_id, k.owner_id, k.condition, k.qty, k.pinned
    FROM unnest(p_items, p_warehouses) AS t (item, warehouse)
    JOIN stock_balances b ON b.tenant_id = p_tenant AND b.item_id = t.item AND b.warehouse_id = t.warehouse
    LEFT JOIN stock_buckets k ON k.tenant_id = p_tenant AND k.item_id = t.item AND k.warehouse_id = t.warehouse;
END $$;

CREATE FUNCTION stock_reservations(p_tenant int, p_part smallint, p_seqs bigint[])
RETURNS SETOF stock_holds LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);
  RETURN QUERY SELECT h.* FROM unnest(p_seqs) AS t (seq)
    JOIN stock_holds h ON h.tenant_id = p_tenant AND h.part = p_part AND h.seq = t.seq
    ORDER BY h.seq, h.line;
END $$;

CREATE FUNCTION stock_due(p_tenant int, p_part smallint, p_until bigint, p_limit int)
RETURNS TABLE (expires_at_us bigint, seq bigint) LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);
  RETURN QUERY SELECT h.expires_at_us, h.seq FROM stock_holds h
    WHERE h.tenant_id = p_tenant AND h.part = p_part AND h.open > 0 AND h.expires_at_us <= p_until
    ORDER BY h.expires_at_us LIMIT p_limit;
END $$;

CREATE FUNCTION stock_known(p_tenant int, p_part smallint, p_keys bytea[])
RETURNS TABLE (key_hash bytea, body_hash bytea, reply bytea) LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);
  RETURN QUERY SELECT r.key_hash, r.body_hash, r.reply FROM stock_replies r
    WHERE r.tenant_id = p_tenant AND r.part = p_part AND r.key_hash = ANY (p_keys);
END $$;
