-- Which orders were drafted from suggestions.
CREATE TABLE replenishment_drafts (
    tenant_id INTEGER NOT NULL,
    order_id INTEGER NOT NULL,
    CONSTRAINT pk_replenishment_drafts PRIMARY KEY (tenant_id, order_id),
    CONSTRAINT fk_replenishment_drafts_purchase_orders FOREIGN KEY(tenant_id, order_id) REFERENCES purchase_orders (tenant_id, id)
);

ALTER TABLE replenishment_drafts ENABLE ROW LEVEL SECURITY;
ALTER TABLE replenishment_drafts FORCE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON replenishment_drafts USING (tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', true), '')::int))
    WITH CHECK (tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', true), '')::int));
GRANT SELECT, INSERT ON replenishment_drafts TO onhand_app;

-- The nightly count of suggestions, in the worker, one company at a time.
GRANT SELECT ON item_limits TO onhand_engine;
GRANT SELECT (tenant_id, id, archived_at) ON items, warehouses, suppliers TO onhand_engine;
GRANT SELECT (tenant_id, item_id, supplier_id, preferred) ON item_suppliers TO onhand_engine;
