-- Facts in a chain of their own for each company, as ledger rows are: numbered without holes, each hash over the one before it.
--
-- What a person can be recognised by (e-mail, name, address) is not in a fact but beside it, in `fact_words`. The chain holds a
-- salted digest of it; when salt and words are emptied the chain still proves, and nothing tells any more what was there.
CREATE TABLE fact_words (
    tenant_id INTEGER NOT NULL,
    fact_id BIGINT NOT NULL,
    principal_id INTEGER NOT NULL,
    digest BYTEA NOT NULL,
    salt BYTEA,
    words JSONB,
    CONSTRAINT pk_fact_words PRIMARY KEY (tenant_id, fact_id, principal_id),
    CONSTRAINT fk_fact_words_facts FOREIGN KEY(tenant_id, fact_id) REFERENCES facts (tenant_id, id),
    CONSTRAINT fk_fact_words_principals FOREIGN KEY(tenant_id, principal_id) REFERENCES principals (tenant_id, id),
    CONSTRAINT ck_fact_words_whole CHECK ((salt IS NULL) = (words IS NULL))
);
CREATE INDEX ix_fact_words_principal ON fact_words (tenant_id, principal_id);

CREATE TABLE fact_chain (
    tenant_id INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    fact_id BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    CONSTRAINT pk_fact_chain PRIMARY KEY (tenant_id, seq),
    CONSTRAINT uq_fact_chain_tenant_id_fact_id UNIQUE (tenant_id, fact_id),
    CONSTRAINT fk_fact_chain_facts FOREIGN KEY(tenant_id, fact_id) REFERENCES facts (tenant_id, id)
);

CREATE TABLE fact_heads (
    tenant_id INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    head_hash BYTEA NOT NULL,
    CONSTRAINT pk_fact_heads PRIMARY KEY (tenant_id),
    CONSTRAINT fk_fact_heads_tenants FOREIGN KEY(tenant_id) REFERENCES tenants (id)
);
ALTER TABLE fact_heads SET (fillfactor = 20);

CREATE INDEX ix_facts_recorded ON facts (tenant_id, recorded_at);
CREATE INDEX ix_facts_subject ON facts (tenant_id, subject, id);

ALTER TABLE principals ADD COLUMN erased_at TIMESTAMP WITH TIME ZONE;

-- Version 1 of what is hashed; events/chain.py computes the same bytes when it verifies.
CREATE FUNCTION fact_hash(p_previous bytea, p_seq bigint, p_fact facts) RETURNS bytea LANGUAGE sql STABLE SET search_path = public AS $$
  SELECT sha256(
    p_previous || '\x01'::bytea || int4send(p_fact.tenant_id) || int8send(p_seq) || int8send(p_fact.id)
    || int8send((extract(epoch FROM p_fact.recorded_at) * 1000000)::bigint) || int4send(p_fact.principal_id) || int2send(p_fact.role)
    || int4send(octet_length(p_fact.name)) || int4send(octet_length(p_fact.subject)) || int4send(octet_length(p_fact.body::text))
    || convert_to(p_fact.name || p_fact.subject || p_fact.body::text, 'UTF8')
    || coalesce((SELECT string_agg(int4send(w.principal_id) || w.digest, ''::bytea ORDER BY w.principal_id) FROM fact_words w
                 WHERE w.tenant_id = p_fact.tenant_id AND w.fact_id = p_fact.id), ''::bytea))
$$;

-- Runs when the transaction commits, so that the head is locked for that moment only. The first fact of a transaction takes the
-- others along: whatever else is not in the chain yet is still invisible, or will be numbered after this.
CREATE FUNCTION chain_facts() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
DECLARE
  head fact_heads;
  fact facts;
BEGIN
  PERFORM set_config('app.tenant_id', NEW.tenant_id::text, true);
  IF EXISTS (SELECT FROM fact_chain WHERE tenant_id = NEW.tenant_id AND fact_id = NEW.id) THEN
    RETURN NULL;
  END IF;
  INSERT INTO fact_heads (tenant_id, seq, head_hash) VALUES (NEW.tenant_id, 0, decode(repeat('00', 32), 'hex')) ON CONFLICT DO NOTHING;
  SELECT * INTO head FROM fact_heads WHERE tenant_id = NEW.tenant_id FOR UPDATE;
  FOR fact IN
    SELECT f.* FROM facts f WHERE f.tenant_id = NEW.tenant_id AND f.id >= NEW.id
      AND NOT EXISTS (SELECT FROM fact_chain c WHERE c.tenant_id = f.tenant_id AND c.fact_id = f.id) ORDER BY f.id
  LOOP
    head.seq := head.seq + 1;
    head.head_hash := fact_hash(head.head_hash, head.seq, fact);
    INSERT INTO fact_chain (tenant_id, seq, fact_id, hash) VALUES (fact.tenant_id, head.seq, fact.id, head.head_hash);
  END LOOP;
  UPDATE fact_heads SET seq = head.seq, head_hash = head.head_hash WHERE tenant_id = NEW.tenant_id;
  RETURN NULL;
END $$;

-- What is there already. People were named in it by their e-mails and names; those go where they can be erased. The owner is bound
-- by row security too, so it is lifted for this.
ALTER TABLE tenants NO FORCE ROW LEVEL SECURITY;
ALTER TABLE facts NO FORCE ROW LEVEL SECURITY;
ALTER TABLE users NO FORCE ROW LEVEL SECURITY;
ALTER TABLE api_keys NO FORCE ROW LEVEL SECURITY;
ALTER TABLE principals NO FORCE ROW LEVEL SECURITY;

CREATE TEMPORARY TABLE named ON COMMIT DROP AS
  SELECT f.tenant_id, f.id AS fact_id, u.principal_id, decode(md5(random()::text) || md5(random()::text || f.id), 'hex') AS salt,
    jsonb_build_object('email', f.subject) AS words
  FROM facts f JOIN users u ON u.tenant_id = f.tenant_id AND u.email = f.subject
  UNION ALL
  SELECT f.tenant_id, f.id, k.principal_id, decode(md5(random()::text) || md5(random()::text || f.id), 'hex'),
    jsonb_build_object('name', f.body ->> 'name')
  FROM facts f JOIN api_keys k ON k.tenant_id = f.tenant_id AND k.prefix = f.subject WHERE f.name = 'key_made';
INSERT INTO fact_words (tenant_id, fact_id, principal_id, digest, salt, words)
  SELECT tenant_id, fact_id, principal_id, sha256(salt || convert_to(words::text, 'UTF8')), salt, words FROM named;
UPDATE facts f SET subject = n.principal_id::text FROM named n
  WHERE n.tenant_id = f.tenant_id AND n.fact_id = f.id AND f.name <> 'key_made';
UPDATE facts SET subject = principal_id::text WHERE name = 'signed_in';
UPDATE facts SET body = body - 'name' WHERE name = 'key_made';

DO $$
DECLARE
  tenant int;
  fact facts;
  seq bigint;
  hash bytea;
BEGIN
  FOR tenant IN SELECT DISTINCT tenant_id FROM facts LOOP
    seq := 0;
    hash := decode(repeat('00', 32), 'hex');
    FOR fact IN SELECT * FROM facts WHERE tenant_id = tenant ORDER BY id LOOP
      seq := seq + 1;
      hash := fact_hash(hash, seq, fact);
      INSERT INTO fact_chain (tenant_id, seq, fact_id, hash) VALUES (tenant, seq, fact.id, hash);
    END LOOP;
    INSERT INTO fact_heads (tenant_id, seq, head_hash) VALUES (tenant, seq, hash);
  END LOOP;
END $$;

ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
ALTER TABLE facts FORCE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
ALTER TABLE principals FORCE ROW LEVEL SECURITY;

CREATE CONSTRAINT TRIGGER chained AFTER INSERT ON facts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chain_facts();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON facts FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON fact_chain FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON fact_words FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- Words are emptied, both at once, or left as they are.
CREATE FUNCTION refuse_rewording() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
  IF (NEW.tenant_id, NEW.fact_id, NEW.principal_id, NEW.digest) IS DISTINCT FROM (OLD.tenant_id, OLD.fact_id, OLD.principal_id, OLD.digest)
    OR NEW.words IS NOT NULL OR NEW.salt IS NOT NULL THEN
    RAISE EXCEPTION 'words of facts are erased, never changed' USING ERRCODE = 'OH003';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER erased BEFORE UPDATE ON fact_words FOR EACH ROW EXECUTE FUNCTION refuse_rewording();

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['fact_words', 'fact_chain', 'fact_heads'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY of_tenant ON %I USING (tenant_id = (SELECT NULLIF(current_setting(''app.tenant_id'', true), '''')::int))
       WITH CHECK (tenant_id = (SELECT NULLIF(current_setting(''app.tenant_id'', true), '''')::int))', name);
  END LOOP;
END $$;

-- The watch walks all heads for those that have moved.
CREATE POLICY of_engine ON fact_heads FOR SELECT TO onhand_engine USING (true);

GRANT SELECT, INSERT ON fact_words TO onhand_app;
GRANT UPDATE (salt, words) ON fact_words TO onhand_app;
GRANT SELECT, INSERT ON fact_chain TO onhand_app, onhand_engine;
GRANT SELECT, INSERT, UPDATE ON fact_heads TO onhand_app, onhand_engine;
GRANT SELECT ON facts, fact_words TO onhand_engine;
GRANT SELECT (tenant_id, id, erased_at) ON principals TO onhand_engine;

-- What a company has chosen that differs from the defaults, and what its people have.
ALTER TABLE tenants ADD COLUMN settings JSONB DEFAULT '{}' NOT NULL, ADD COLUMN version INTEGER DEFAULT '1' NOT NULL;
ALTER TABLE users ADD COLUMN choices JSONB DEFAULT '{}' NOT NULL;
