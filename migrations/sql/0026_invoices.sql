-- What suppliers ask to be paid. Whether a line matches is worked out from orders and receipts, and not stored.
CREATE TABLE supplier_invoices (
    tenant_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    supplier_id INTEGER NOT NULL,
    order_id INTEGER NOT NULL,
    warehouse_id INTEGER NOT NULL,
    number TEXT NOT NULL,
    currency TEXT NOT NULL,
    invoiced_on DATE,
    due_on DATE,
    note TEXT DEFAULT '' NOT NULL,
    created_by INTEGER NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_supplier_invoices PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_supplier_invoices_suppliers FOREIGN KEY(tenant_id, supplier_id) REFERENCES suppliers (tenant_id, id),
    CONSTRAINT fk_supplier_invoices_purchase_orders FOREIGN KEY(tenant_id, order_id) REFERENCES purchase_orders (tenant_id, id),
    CONSTRAINT fk_supplier_invoices_warehouses FOREIGN KEY(tenant_id, warehouse_id) REFERENCES warehouses (tenant_id, id)
);
CREATE UNIQUE INDEX uq_supplier_invoices_number ON supplier_invoices (tenant_id, supplier_id, lower(number));
CREATE INDEX ix_supplier_invoices_order ON supplier_invoices (tenant_id, order_id, id);

CREATE TABLE supplier_invoice_lines (
    tenant_id INTEGER NOT NULL,
    invoice_id INTEGER NOT NULL,
    line SMALLINT NOT NULL,
    order_id INTEGER NOT NULL,
    order_line SMALLINT,
    warehouse_id INTEGER NOT NULL,
    description TEXT DEFAULT '' NOT NULL,
    qty BIGINT NOT NULL,
    price NUMERIC(18, 6) NOT NULL,
    amount NUMERIC(18, 6) NOT NULL,
    approval TEXT DEFAULT '' NOT NULL,
    approved_by INTEGER,
    approved_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_supplier_invoice_lines PRIMARY KEY (tenant_id, invoice_id, line),
    CONSTRAINT fk_supplier_invoice_lines_supplier_invoices FOREIGN KEY(tenant_id, invoice_id) REFERENCES supplier_invoices (tenant_id, id),
    CONSTRAINT fk_supplier_invoice_lines_purchase_order_lines FOREIGN KEY(tenant_id, order_id, order_line)
        REFERENCES purchase_order_lines (tenant_id, order_id, line),
    CONSTRAINT fk_supplier_invoice_lines_warehouses FOREIGN KEY(tenant_id, warehouse_id) REFERENCES warehouses (tenant_id, id),
    CONSTRAINT ck_supplier_invoice_lines_amounts CHECK (qty > 0 AND price >= 0 AND amount >= 0)
);
CREATE INDEX ix_supplier_invoice_lines_order_line ON supplier_invoice_lines (tenant_id, order_id, order_line, invoice_id);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['supplier_invoices', 'supplier_invoice_lines'] LOOP
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

GRANT SELECT, INSERT ON supplier_invoices TO onhand_app;
GRANT SELECT, INSERT ON supplier_invoice_lines TO onhand_app;
GRANT UPDATE (approval, approved_by, approved_at) ON supplier_invoice_lines TO onhand_app;
