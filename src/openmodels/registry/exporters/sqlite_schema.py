"""The tables of the exported SQLite file."""

FORMAT = "1"
"""Which layout this is: another number when a table or column goes or changes its meaning."""

SCHEMA = """
CREATE TABLE metadata (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE vendors (id TEXT PRIMARY KEY, name TEXT NOT NULL, country TEXT, website TEXT) WITHOUT ROWID;

CREATE TABLE providers (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    api_base_url TEXT NOT NULL,
    auth_type TEXT NOT NULL,
    compatibility TEXT NOT NULL,
    docs_url TEXT,
    status_page_url TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE provider_regions (
    provider_id TEXT NOT NULL REFERENCES providers (id),
    region TEXT NOT NULL,
    PRIMARY KEY (provider_id, region)
) WITHOUT ROWID;

CREATE TABLE provider_env (
    provider_id TEXT NOT NULL REFERENCES providers (id),
    name TEXT NOT NULL,
    PRIMARY KEY (provider_id, name)
) WITHOUT ROWID;

CREATE TABLE models (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    vendor_id TEXT,
    family TEXT,
    context_window INTEGER,
    max_output_tokens INTEGER,
    licensing TEXT NOT NULL,
    open_weights INTEGER,
    release_date TEXT,
    knowledge_cutoff TEXT,
    status TEXT NOT NULL,
    deprecation_date TEXT,
    replaced_by TEXT,
    country TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE model_aliases (
    alias TEXT PRIMARY KEY,
    model_id TEXT NOT NULL REFERENCES models (id)
) WITHOUT ROWID;

CREATE TABLE model_capabilities (
    model_id TEXT NOT NULL REFERENCES models (id),
    capability TEXT NOT NULL,
    PRIMARY KEY (model_id, capability)
) WITHOUT ROWID;

CREATE TABLE model_modalities (
    model_id TEXT NOT NULL REFERENCES models (id),
    direction TEXT NOT NULL CHECK (direction IN ('any', 'input', 'output')),
    modality TEXT NOT NULL,
    PRIMARY KEY (model_id, direction, modality)
) WITHOUT ROWID;

CREATE TABLE offerings (
    provider_id TEXT NOT NULL REFERENCES providers (id),
    model_id TEXT NOT NULL REFERENCES models (id),
    provider_model_name TEXT NOT NULL,
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    context_window_override INTEGER,
    max_output_tokens INTEGER,
    requests_per_minute INTEGER,
    tokens_per_minute INTEGER,
    source_name TEXT,
    source_url TEXT,
    source_verified_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (provider_id, model_id)
) WITHOUT ROWID;

CREATE TABLE offering_regions (
    provider_id TEXT NOT NULL,
    model_id TEXT NOT NULL,
    region TEXT NOT NULL,
    PRIMARY KEY (provider_id, model_id, region),
    FOREIGN KEY (provider_id, model_id) REFERENCES offerings (provider_id, model_id)
) WITHOUT ROWID;

CREATE TABLE prices (
    provider_id TEXT NOT NULL,
    model_id TEXT NOT NULL,
    item TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('standard', 'batch')),
    above_tokens INTEGER NOT NULL,
    amount TEXT NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (provider_id, model_id, item, kind, above_tokens),
    FOREIGN KEY (provider_id, model_id) REFERENCES offerings (provider_id, model_id)
) WITHOUT ROWID;

CREATE TABLE provenance (
    kind TEXT NOT NULL CHECK (kind IN ('provider', 'model', 'offering')),
    record TEXT NOT NULL,
    field TEXT NOT NULL,
    source TEXT NOT NULL,
    version TEXT NOT NULL,
    observed_at TEXT NOT NULL,
    differing_value TEXT
);
"""
"""Every table. A fact that nobody knows is NULL, and a price that nobody knows has no row; 0 is free."""

VIEWS = """
CREATE INDEX models_by_vendor ON models (vendor_id);
CREATE INDEX models_by_capability ON model_capabilities (capability);
CREATE INDEX offerings_by_model ON offerings (model_id);
CREATE INDEX offerings_by_name ON offerings (provider_model_name);
CREATE INDEX prices_by_item ON prices (item, kind, above_tokens, value);
CREATE INDEX provenance_by_record ON provenance (kind, record);

CREATE VIEW catalogue AS
SELECT
    o.provider_id,
    p.name AS provider_name,
    o.model_id,
    m.name AS model_name,
    m.vendor_id,
    o.provider_model_name,
    o.status,
    COALESCE(o.context_window_override, m.context_window) AS context_window,
    COALESCE(o.max_output_tokens, m.max_output_tokens) AS max_output_tokens,
    o.currency,
    i.value AS input_per_million,
    u.value AS output_per_million
FROM offerings AS o
JOIN models AS m ON m.id = o.model_id
JOIN providers AS p ON p.id = o.provider_id
LEFT JOIN prices AS i ON i.provider_id = o.provider_id AND i.model_id = o.model_id
    AND i.item = 'input_per_million' AND i.kind = 'standard' AND i.above_tokens = 0
LEFT JOIN prices AS u ON u.provider_id = o.provider_id AND u.model_id = o.model_id
    AND u.item = 'output_per_million' AND u.kind = 'standard' AND u.above_tokens = 0;
"""
"""Indexes, made once everything is in, and a view with what most people look for first."""
