-- Documents of a halted partition that do not agree with their rows are written anew by whoever has fenced it for that. One that a
-- hand in the database has invented must go; while a partition is not halted, nobody removes any.
CREATE FUNCTION refuse_removal() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
  PERFORM 1 FROM stock_partitions WHERE tenant_id = OLD.tenant_id AND part = OLD.part AND halted_rule IS NOT NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'reservations and transfers are never removed: only a rebuild of a halted partition may' USING ERRCODE = 'OH003';
  END IF;
  RETURN OLD;
END $$;

CREATE TRIGGER kept BEFORE DELETE ON stock_holds FOR EACH ROW EXECUTE FUNCTION refuse_removal();
CREATE TRIGGER kept BEFORE DELETE ON stock_transfers FOR EACH ROW EXECUTE FUNCTION refuse_removal();

GRANT DELETE ON stock_holds, stock_transfers TO onhand_engine;
