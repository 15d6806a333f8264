-- Who is limited to which warehouses. Whoever has no row here sees all of the company.
CREATE TABLE warehouse_grants (
    tenant_id INTEGER NOT NULL,
    principal_id INTEGER NOT NULL,
    warehouse_id INTEGER NOT NULL,
    CONSTRAINT pk_warehouse_grants PRIMARY KEY (tenant_id, principal_id, warehouse_id),
    CONSTRAINT fk_warehouse_grants_principals FOREIGN KEY(tenant_id, principal_id) REFERENCES principals (tenant_id, id),
    CONSTRAINT fk_warehouse_grants_warehouses FOREIGN KEY(tenant_id, warehouse_id) REFERENCES warehouses (tenant_id, id)
);

ALTER TABLE warehouse_grants ENABLE ROW LEVEL SECURITY;
ALTER TABLE warehouse_grants FORCE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON warehouse_grants USING (tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', true), '')::int))
    WITH CHECK (tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', true), '')::int));
GRANT SELECT, INSERT, DELETE ON warehouse_grants TO onhand_app;

-- What the web reads of stock and places ends at the warehouses its transaction names. The engine and the watch see all:
-- they keep the books, and what they are told to do was checked before. Both settings are read once per statement.
CREATE POLICY of_warehouses ON stock_balances AS RESTRICTIVE FOR SELECT TO onhand_app USING (
    (SELECT NULLIF(current_setting('app.warehouses', true), '')) IS NULL
    OR warehouse_id = ANY ((SELECT string_to_array(current_setting('app.warehouses', true), ',')::int[])::int[]));
CREATE POLICY of_warehouses ON stock_buckets AS RESTRICTIVE FOR SELECT TO onhand_app USING (
    (SELECT NULLIF(current_setting('app.warehouses', true), '')) IS NULL
    OR warehouse_id = ANY ((SELECT string_to_array(current_setting('app.warehouses', true), ',')::int[])::int[]));
CREATE POLICY of_warehouses ON stock_ledger AS RESTRICTIVE FOR SELECT TO onhand_app USING (
    (SELECT NULLIF(current_setting('app.warehouses', true), '')) IS NULL
    OR warehouse_id = ANY ((SELECT string_to_array(current_setting('app.warehouses', true), ',')::int[])::int[]));
CREATE POLICY of_warehouses ON stock_holds AS RESTRICTIVE FOR SELECT TO onhand_app USING (
    (SELECT NULLIF(current_setting('app.warehouses', true), '')) IS NULL
    OR warehouse_id = ANY ((SELECT string_to_array(current_setting('app.warehouses', true), ',')::int[])::int[]));
CREATE POLICY of_warehouses ON stock_transfers AS RESTRICTIVE FOR SELECT TO onhand_app USING (
    (SELECT NULLIF(current_setting('app.warehouses', true), '')) IS NULL
    OR ARRAY[source_id, warehouse_id] && (SELECT string_to_array(current_setting('app.warehouses', true), ',')::int[]));
CREATE POLICY of_warehouses ON item_limits AS RESTRICTIVE FOR SELECT TO onhand_app USING (
    (SELECT NULLIF(current_setting('app.warehouses', true), '')) IS NULL
    OR warehouse_id = ANY ((SELECT string_to_array(current_setting('app.warehouses', true), ',')::int[])::int[]));
CREATE POLICY of_warehouses ON locations AS RESTRICTIVE FOR SELECT TO onhand_app USING (
    (SELECT NULLIF(current_setting('app.warehouses', true), '')) IS NULL
    OR warehouse_id = ANY ((SELECT string_to_array(current_setting('app.warehouses', true), ',')::int[])::int[]));
CREATE POLICY of_warehouses ON warehouses AS RESTRICTIVE FOR SELECT TO onhand_app USING (
    (SELECT NULLIF(current_setting('app.warehouses', true), '')) IS NULL
    OR id = ANY ((SELECT string_to_array(current_setting('app.warehouses', true), ',')::int[])::int[]));
