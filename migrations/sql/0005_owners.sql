-- What an owner is told when it begins, and when it must find out what became of its batches.

-- A new owner goes on from the last row's time: two machines' clocks differ, and the ledger's time must never run backwards.
DROP FUNCTION stock_acquire(int, smallint, text, smallint, smallint);

CREATE FUNCTION stock_acquire(p_tenant int, p_part smallint, p_owner text, p_shard smallint, p_shards smallint)
RETURNS TABLE (epoch bigint, seq bigint, head_hash bytea, recorded_at_us bigint) LANGUAGE plpgsql SET search_path = public AS $$
#variable_conflict use_column
DECLARE
  was stock_partitions;
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);
  -- Waits for the row lock of a batch in flight, then outranks its owner.
  SELECT * INTO was FROM stock_partitions p WHERE p.tenant_id = p_tenant AND p.part = p_part FOR UPDATE;
  IF was.halted_rule IS NOT NULL THEN
    RAISE EXCEPTION 'halted: the ledger of partition %.% does not prove', p_tenant, p_part USING ERRCODE = 'OH005';
  END IF;
  IF COALESCE(was.placed_on, p_tenant) % p_shards <> p_shard THEN
    RAISE EXCEPTION 'partition %.% lives elsewhere', p_tenant, p_part
      USING ERRCODE = 'OH006', DETAIL = (COALESCE(was.placed_on, p_tenant) % p_shards)::text;
  END IF;
  IF was.owner NOT IN ('', p_owner) AND was.placed_at_us > extract(epoch FROM clock_timestamp()) * 1000000 - 10000000 THEN
    RAISE EXCEPTION 'partition %.% is being handed over', p_tenant, p_part USING ERRCODE = 'OH007';
  END IF;
  INSERT INTO stock_partitions AS p (tenant_id, part, epoch, owner, seq, head_hash)
    VALUES (p_tenant, p_part, 1, p_owner, 0, decode(repeat('00', 32), 'hex'))
    ON CONFLICT (tenant_id, part) DO UPDATE SET epoch = p.epoch + 1, owner = p_owner;
  -- A statement of its own: only a fresh snapshot sees the rows of whatever the one before has waited for.
  RETURN QUERY SELECT p.epoch, p.seq, p.head_hash, coalesce(l.recorded_at_us, 0)
    FROM stock_partitions p
    LEFT JOIN stock_ledger l ON l.tenant_id = p.tenant_id AND l.part = p.part AND l.seq = p.seq
    WHERE p.tenant_id = p_tenant AND p.part = p_part;
END $$;

-- The owner outranks itself: a batch that it believes lost may still be on its way, and must not come through beside the next
-- attempt at the same commands. Waits for the row lock, so what is under way in the database has ended before this answers.
-- Asked again because its answer was lost it finds the owner still there, under the epoch of the first time.
-- stock_head, which it replaces, stays until no program of before is left.
CREATE FUNCTION stock_confirm(p_tenant int, p_part smallint, p_epoch bigint, p_owner text)
RETURNS TABLE (epoch bigint, seq bigint, head_hash bytea) LANGUAGE plpgsql SET search_path = public AS $$
#variable_conflict use_column
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);
  RETURN QUERY UPDATE stock_partitions AS p SET epoch = p.epoch + 1
    WHERE p.tenant_id = p_tenant AND p.part = p_part AND p.epoch >= p_epoch AND p.owner = p_owner
    RETURNING p.epoch, p.seq, p.head_hash;
END $$;
