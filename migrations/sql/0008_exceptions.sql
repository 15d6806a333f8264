-- What was sold though the books did not have it, and who looked into it.
-- Both indexes are empty in a shop where nothing goes wrong: an ordinary row or balance costs them one comparison.
CREATE INDEX ix_stock_ledger_oversold ON stock_ledger (tenant_id, part, seq) WHERE kind = 11 AND delta_on_hand > 0;
CREATE INDEX ix_stock_balances_short ON stock_balances (tenant_id) WHERE short > 0;

CREATE TABLE stock_settlements (
    tenant_id INTEGER NOT NULL,
    part SMALLINT NOT NULL,
    seq BIGINT NOT NULL,
    settled_at_us BIGINT NOT NULL,
    principal_id INTEGER NOT NULL,
    note TEXT NOT NULL,
    CONSTRAINT pk_stock_settlements PRIMARY KEY (tenant_id, part, seq)
);

ALTER TABLE stock_settlements ENABLE ROW LEVEL SECURITY;
ALTER TABLE stock_settlements FORCE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON stock_settlements USING (tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', true), '')::int))
    WITH CHECK (tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', true), '')::int));

GRANT SELECT, INSERT ON stock_settlements TO onhand_app;
