-- A partition whose ledger does not prove is halted: read-only until somebody resumes it on purpose.
--
-- Halting takes ownership away from whoever has it (the epoch grows, the owner is nobody), so the batch in flight is the
-- last one; acquiring is refused with OH005 for as long as the flag stands. Both acts leave a fact in their transaction.
ALTER TABLE stock_partitions ADD COLUMN halted_rule TEXT, ADD COLUMN halted_seq BIGINT, ADD COLUMN halted_at_us BIGINT;

CREATE OR REPLACE FUNCTION stock_acquire(p_tenant int, p_part smallint, p_owner text)
RETURNS TABLE (epoch bigint, seq bigint, head_hash bytea) LANGUAGE plpgsql SET search_path = public AS $$
#variable_conflict use_column
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);
  -- Waits for the row lock of a batch in flight, then outranks its owner.
  RETURN QUERY INSERT INTO stock_partitions AS p (tenant_id, part, epoch, owner, seq, head_hash)
    VALUES (p_tenant, p_part, 1, p_owner, 0, decode(repeat('00', 32), 'hex'))
    ON CONFLICT (tenant_id, part) DO UPDATE SET epoch = p.epoch + 1, owner = p_owner WHERE p.halted_rule IS NULL
    RETURNING p.epoch, p.seq, p.head_hash;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'halted: the ledger of partition %.% does not prove', p_tenant, p_part USING ERRCODE = 'OH005';
  END IF;
END $$;

CREATE FUNCTION stock_halt(p_tenant int, p_part smallint, p_rule text, p_seq bigint, p_at bigint, p_principal int, p_role smallint)
RETURNS boolean LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);
  UPDATE stock_partitions SET epoch = epoch + 1, owner = '', halted_rule = p_rule, halted_seq = p_seq, halted_at_us = p_at
    WHERE tenant_id = p_tenant AND part = p_part AND halted_rule IS NULL;
  IF FOUND THEN
    INSERT INTO facts (tenant_id, name, subject, body, principal_id, role)
      VALUES (p_tenant, 'ledger_halted', p_part::text, jsonb_build_object('rule', p_rule, 'seq', p_seq), p_principal, p_role);
  END IF;
  RETURN FOUND;
END $$;

CREATE FUNCTION stock_resume(p_tenant int, p_part smallint, p_by text, p_principal int, p_role smallint)
RETURNS boolean LANGUAGE plpgsql SET search_path = public AS $$
DECLARE
  was stock_partitions;
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);
  SELECT * INTO was FROM stock_partitions WHERE tenant_id = p_tenant AND part = p_part AND halted_rule IS NOT NULL FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  UPDATE stock_partitions SET halted_rule = NULL, halted_seq = NULL, halted_at_us = NULL WHERE tenant_id = p_tenant AND part = p_part;
  INSERT INTO facts (tenant_id, name, subject, body, principal_id, role)
    VALUES (p_tenant, 'ledger_resumed', p_part::text,
      jsonb_build_object('rule', was.halted_rule, 'seq', was.halted_seq, 'proven_to', was.seq, 'by', p_by), p_principal, p_role);
  RETURN true;
END $$;

-- How far a partition's head has been written outside the database: an anchor file that ends earlier has lost lines.
ALTER TABLE stock_proofs ADD COLUMN anchored_seq BIGINT DEFAULT 0 NOT NULL;

-- The verifier walks all partitions for those whose head has moved.
CREATE POLICY of_engine ON stock_proofs FOR SELECT TO onhand_engine USING (true);
GRANT INSERT ON facts TO onhand_engine;
