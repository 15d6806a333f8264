-- Where a partition lives: on the shard it was placed on, else on the one its tenant's number falls to, counted around.
ALTER TABLE stock_partitions ADD COLUMN placed_on SMALLINT, ADD COLUMN placed_at_us BIGINT;

-- Errors: OH005 halted; OH006 it lives on another shard, named in the detail; OH007 it was placed anew and whoever has it has
-- not given it up yet. Ten seconds after a placement nobody waits any more: that owner is dead, and the epoch bars it.
CREATE FUNCTION stock_acquire(p_tenant int, p_part smallint, p_owner text, p_shard smallint, p_shards smallint)
RETURNS TABLE (epoch bigint, seq bigint, head_hash bytea) LANGUAGE plpgsql SET search_path = public AS $$
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
  RETURN QUERY INSERT INTO stock_partitions AS p (tenant_id, part, epoch, owner, seq, head_hash)
    VALUES (p_tenant, p_part, 1, p_owner, 0, decode(repeat('00', 32), 'hex'))
    ON CONFLICT (tenant_id, part) DO UPDATE SET epoch = p.epoch + 1, owner = p_owner
    RETURNING p.epoch, p.seq, p.head_hash;
END $$;

-- An owner that is done with a partition says so, and the next need not wait.
CREATE FUNCTION stock_vacate(p_tenant int, p_part smallint, p_owner text)
RETURNS void LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);
  UPDATE stock_partitions SET owner = '' WHERE tenant_id = p_tenant AND part = p_part AND owner = p_owner;
END $$;

-- Place all partitions of a tenant. Returns how many there are; leaves a fact.
CREATE FUNCTION stock_place(p_tenant int, p_shard smallint, p_by text, p_principal int, p_role smallint)
RETURNS int LANGUAGE plpgsql SET search_path = public AS $$
DECLARE
  placed int;
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);
  UPDATE stock_partitions SET placed_on = p_shard, placed_at_us = extract(epoch FROM clock_timestamp()) * 1000000
    WHERE tenant_id = p_tenant;
  GET DIAGNOSTICS placed = ROW_COUNT;
  IF placed > 0 THEN
    INSERT INTO facts (tenant_id, name, subject, body, principal_id, role)
      VALUES (p_tenant, 'ledger_moved', p_tenant::text, jsonb_build_object('shard', p_shard, 'by', p_by), p_principal, p_role);
  END IF;
  RETURN placed;
END $$;
