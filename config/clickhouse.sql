-- The table that config/clickhouse.yaml writes to. The columns up to EventName are those that the exporter fills; the rest
-- is computed by ClickHouse from the TOTAL event. Needs ClickHouse 22.3 or later.
-- An event can come again, with the same id and time: the engine keeps one of each when it merges parts. Until then, and
-- for exact counts, query with FINAL.
CREATE TABLE IF NOT EXISTS total_events (
    Timestamp DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    TraceFlags UInt8,
    SeverityText LowCardinality(String),
    SeverityNumber UInt8,
    ServiceName LowCardinality(String),
    Body String CODEC(ZSTD(1)),                 -- the TOTAL event as JSON
    ResourceSchemaUrl LowCardinality(String),
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ScopeSchemaUrl LowCardinality(String),
    ScopeName String CODEC(ZSTD(1)),
    ScopeVersion LowCardinality(String),
    ScopeAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    LogAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    EventName LowCardinality(String),
    EventId String MATERIALIZED JSONExtractString(Body, 'event_id'),
    EventType LowCardinality(String) MATERIALIZED JSONExtractString(Body, 'event_type'),
    Tuid String MATERIALIZED JSONExtractString(Body, 'tuid')
) ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(Timestamp)
ORDER BY (Timestamp, EventId);

-- The collector's user:
--   CREATE USER otelcol_defender IDENTIFIED BY '...';
--   GRANT INSERT, SHOW COLUMNS ON total_events TO otelcol_defender;
