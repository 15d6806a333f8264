-- Answers to requests that change things, kept under their keys: written in the transaction of the change itself.
-- Stock commands keep theirs in stock_replies, which their partition owns.
CREATE TABLE request_replies (
    tenant_id INTEGER NOT NULL,
    key_hash BYTEA NOT NULL,
    body_hash BYTEA NOT NULL,
    status SMALLINT NOT NULL,
    reply TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_request_replies PRIMARY KEY (tenant_id, key_hash),
    CONSTRAINT fk_request_replies_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id)
);

CREATE INDEX ix_request_replies_recorded ON request_replies (tenant_id, recorded_at);

ALTER TABLE request_replies ENABLE ROW LEVEL SECURITY;
ALTER TABLE request_replies FORCE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON request_replies USING (tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', true), '')::int))
    WITH CHECK (tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', true), '')::int));

GRANT SELECT, INSERT, UPDATE, DELETE ON request_replies TO onhand_app;
