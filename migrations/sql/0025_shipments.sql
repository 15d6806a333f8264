-- What suppliers announce of their orders. Whether it came is said by the receipt that names the shipment.
CREATE TABLE shipments (
    tenant_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    order_id INTEGER NOT NULL,
    warehouse_id INTEGER NOT NULL,
    carrier TEXT DEFAULT '' NOT NULL,
    tracking TEXT DEFAULT '' NOT NULL,
    due_on DATE,
    note TEXT DEFAULT '' NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    created_by INTEGER NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    cancelled_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_shipments PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_shipments_purchase_orders FOREIGN KEY(tenant_id, order_id) REFERENCES purchase_orders (tenant_id, id),
    CONSTRAINT fk_shipments_warehouses FOREIGN KEY(tenant_id, warehouse_id) REFERENCES warehouses (tenant_id, id)
);
CREATE INDEX ix_shipments_order ON shipments (tenant_id, order_id, id);

CREATE TABLE shipment_lines (
    tenant_id INTEGER NOT NULL,
    shipment_id INTEGER NOT NULL,
    line SMALLINT NOT NULL,
    order_id INTEGER NOT NULL,
    order_line SMALLINT NOT NULL,
    warehouse_id INTEGER NOT NULL,
    qty BIGINT NOT NULL,
    base BIGINT NOT NULL,
    CONSTRAINT pk_shipment_lines PRIMARY KEY (tenant_id, shipment_id, line),
    CONSTRAINT fk_shipment_lines_shipments FOREIGN KEY(tenant_id, shipment_id) REFERENCES shipments (tenant_id, id),
    CONSTRAINT fk_shipment_lines_purchase_order_lines FOREIGN KEY(tenant_id, order_id, order_line)
        REFERENCES purchase_order_lines (tenant_id, order_id, line),
    CONSTRAINT fk_shipment_lines_warehouses FOREIGN KEY(tenant_id, warehouse_id) REFERENCES warehouses (tenant_id, id),
    CONSTRAINT ck_shipment_lines_amounts CHECK (qty > 0 AND base > 0)
);
CREATE INDEX ix_shipment_lines_order_line ON shipment_lines (tenant_id, order_id, order_line);
CREATE INDEX ix_purchase_receipts_shipment ON purchase_receipts (tenant_id, shipment_id, seq) WHERE shipment_id > 0;

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['shipments', 'shipment_lines'] LOOP
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

GRANT SELECT, INSERT, UPDATE ON shipments TO onhand_app;
GRANT SELECT, INSERT ON shipment_lines TO onhand_app;
