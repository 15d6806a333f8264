-- What people ask to be bought.
CREATE TABLE requisitions (
    tenant_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    warehouse_id INTEGER NOT NULL,
    status SMALLINT NOT NULL,
    needed_on DATE,
    note TEXT DEFAULT '' NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    created_by INTEGER NOT NULL,
    decided_by INTEGER,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_requisitions PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_requisitions_warehouses FOREIGN KEY(tenant_id, warehouse_id) REFERENCES warehouses (tenant_id, id),
    CONSTRAINT ck_requisitions_status CHECK (status BETWEEN 1 AND 5)
);
CREATE INDEX ix_requisitions_status ON requisitions (tenant_id, status, id);

CREATE TABLE requisition_lines (
    tenant_id INTEGER NOT NULL,
    requisition_id INTEGER NOT NULL,
    line SMALLINT NOT NULL,
    item_id INTEGER NOT NULL,
    warehouse_id INTEGER NOT NULL,
    unit TEXT NOT NULL,
    qty BIGINT NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    order_id INTEGER,
    CONSTRAINT pk_requisition_lines PRIMARY KEY (tenant_id, requisition_id, line),
    CONSTRAINT fk_requisition_lines_requisitions FOREIGN KEY(tenant_id, requisition_id) REFERENCES requisitions (tenant_id, id),
    CONSTRAINT fk_requisition_lines_purchase_orders FOREIGN KEY(tenant_id, order_id) REFERENCES purchase_orders (tenant_id, id),
    CONSTRAINT fk_requisition_lines_items FOREIGN KEY(tenant_id, item_id) REFERENCES items (tenant_id, id),
    CONSTRAINT fk_requisition_lines_warehouses FOREIGN KEY(tenant_id, warehouse_id) REFERENCES warehouses (tenant_id, id),
    CONSTRAINT ck_requisition_lines_amounts CHECK (qty > 0)
);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['requisitions', 'requisition_lines'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY of_tenant ON %I USING (tenant_id = (SELECT NULLIF(current_setting(''app.tenant_id'', true), '''')::int))
       WITH CHECK (tenant_id = (SELECT NULLIF(current_setting(''app.tenant_id'', true), '''')::int))', name);
    EXECUTE format(
      'CREATE POLICY of_warehouses ON %I AS RESTRICTIVE FOR SELECT TO onhand_app USING (
       (SELECT NULLIF(current_setting(''app.warehouses'', true), '''')) IS NULL
       OR warehouse_id = ANY ((SELECT string_to_array(current_setting(''app.warehouses'', true), '','')::int[])::int[]))', name);
  END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE ON requisitions, requisition_lines TO onhand_app;
