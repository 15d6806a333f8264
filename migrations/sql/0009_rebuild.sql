-- Documents of a halted partition that do not agree with their rows are written anew by whoever has fenced it for that. Inventing
-- one takes a hand in the database, and undoing that takes a right that the engine does not have: to delete. Here it has it, for
-- documents of a partition that is halted, under the epoch of the repair.
CREATE FUNCTION stock_forget(p_tenant int, p_part smallint, p_epoch bigint, p_holds bigint[], p_transfers bigint[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);
  PERFORM 1 FROM stock_partitions
    WHERE tenant_id = p_tenant AND part = p_part AND epoch = p_epoch AND halted_rule IS NOT NULL FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'partition %.% is not halted under epoch %', p_tenant, p_part, p_epoch USING ERRCODE = 'OH001';
  END IF;
  DELETE FROM stock_holds WHERE tenant_id = p_tenant AND part = p_part AND seq = ANY (p_holds);
  DELETE FROM stock_transfers WHERE tenant_id = p_tenant AND part = p_part AND seq = ANY (p_transfers);
END $$;

REVOKE ALL ON FUNCTION stock_forget FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stock_forget TO onhand_engine;
