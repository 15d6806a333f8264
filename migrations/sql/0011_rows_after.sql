-- What the feed reads: naming the tenant and reading in one round trip. Columns in the order of `messages.Row`, and on order.
CREATE FUNCTION stock_rows_after(p_tenant int, p_after bigint, p_limit int)
RETURNS TABLE (seq bigint, kind smallint, item_id int, warehouse_id int, location_id int, lot_id int, owner_id int, condition smallint,
  delta_on_hand bigint, delta_reserved bigint, delta_blocked bigint, delta_in_transit bigint, on_hand bigint, reserved bigint, blocked bigint,
  in_transit bigint, cell_version bigint, document bigint, unit_cost bigint, effective_at_us bigint, recorded_at_us bigint, principal_id int,
  role smallint, key text, reference text, reason text, hash bytea, on_order bigint)
LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);
  RETURN QUERY SELECT l.seq, l.kind, l.item_id, l.warehouse_id, l.location_id, l.lot_id, l.owner_id, l.condition,
      l.delta_on_hand, l.delta_reserved, l.delta_blocked, l.delta_in_transit, l.on_hand, l.reserved, l.blocked, l.in_transit,
      l.cell_version, l.document, l.unit_cost, l.effective_at_us, l.recorded_at_us, l.principal_id, l.role, l.key, l.reference, l.reason,
      l.hash, b.on_order
    FROM stock_ledger l
    JOIN stock_balances b ON b.tenant_id = l.tenant_id AND b.item_id = l.item_id AND b.warehouse_id = l.warehouse_id
    WHERE l.tenant_id = p_tenant AND l.part = 0 AND l.seq > p_after ORDER BY l.seq LIMIT p_limit;
END $$;
