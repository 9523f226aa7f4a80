-- tables --
CREATE SCHEMA internal;
CREATE TABLE internal.about (format INTEGER, folder VARCHAR);
CREATE TABLE internal.positions (source VARCHAR, position BIGINT);
CREATE TABLE internal.streams (stream_id UUID, version INTEGER, operation_id UUID, ordinal BIGINT);

-- All instants are UTC.
CREATE TABLE operations (
    operation_id UUID,
    name VARCHAR,
    status VARCHAR,
    database VARCHAR,
    requested_by VARCHAR,
    deleted BIGINT,
    failed BIGINT,
    vanished BIGINT,
    cascaded JSON,
    unlinked JSON,
    query_index INTEGER,
    epoch INTEGER,
    cut_off TIMESTAMP,
    submitted_at TIMESTAMP,
    started_at TIMESTAMP,
    running_since TIMESTAMP,
    ran_microseconds BIGINT,
    ended_at TIMESTAMP,
    updated_at TIMESTAMP,
    waiting_for VARCHAR,
    postponed_until TIMESTAMP,
    rate DOUBLE,
    reason VARCHAR,
    field VARCHAR,
    digest VARCHAR,
    job JSON,
    retry_of UUID,
    version INTEGER
);

CREATE TABLE queries (
    operation_id UUID,
    query_index INTEGER,
    entity VARCHAR,
    matched BIGINT,
    estimated BIGINT,
    deleted BIGINT,
    failed BIGINT,
    vanished BIGINT,
    passes INTEGER,
    remaining VARCHAR,
    strategy VARCHAR,
    query JSON
);

-- Who is told how an operation ended: a row a recipient. status: waiting, delivered, undeliverable.
CREATE TABLE notifications (
    notification_id UUID,
    operation_id UUID,
    outcome VARCHAR,
    channel VARCHAR,
    recipient VARCHAR,
    status VARCHAR,
    attempts INTEGER,
    reason VARCHAR,
    requested_at TIMESTAMP,
    updated_at TIMESTAMP,
    message_id VARCHAR
);

CREATE TABLE schedules (
    schedule_id UUID,
    name VARCHAR,
    next_run TIMESTAMP,
    recurrence VARCHAR,
    time_zone VARCHAR,
    enabled BOOLEAN,
    deleted BOOLEAN,
    last_operation_id UUID,
    last_occurrence TIMESTAMP,
    database VARCHAR,
    requested_by VARCHAR,
    starts VARCHAR,
    revision INTEGER,
    created_at TIMESTAMP,
    updated_at TIMESTAMP,
    job JSON,
    version INTEGER
);

-- What became of occurrences; those in a row that did not run share one row.
CREATE TABLE occurrences (
    schedule_id UUID,
    occurrence TIMESTAMP,
    last_occurrence TIMESTAMP,
    "count" BIGINT,
    outcome VARCHAR,
    operation_id UUID,
    reason VARCHAR,
    recorded_at TIMESTAMP
);

-- Every time that all operations were halted at once; released_at is null while they are.
CREATE TABLE halts (
    halted_at TIMESTAMP,
    requested_by VARCHAR,
    reason VARCHAR,
    released_at TIMESTAMP,
    released_by VARCHAR
);

CREATE TABLE rejections (
    rejected_at TIMESTAMP,
    reason VARCHAR,
    field VARCHAR,
    topic VARCHAR,
    "partition" INTEGER,
    "offset" BIGINT,
    body VARCHAR
);

-- What became of records lately: some ids of one entity with the same fate in a row. Many go to a Parquet file.
CREATE TABLE internal.packs (
    fate VARCHAR,
    operation_id UUID,
    query_index INTEGER,
    entity VARCHAR,
    ordinal BIGINT,
    cascaded BOOLEAN,
    deleted_at TIMESTAMP,
    error_number VARCHAR,
    error_description VARCHAR,
    constraint_name VARCHAR,
    blocking_entity VARCHAR,
    retryable BOOLEAN,
    key_kind VARCHAR,
    uuids UUID[],
    ints BIGINT[],
    texts VARCHAR[],
    blocking STRUCT(n BIGINT, ids VARCHAR)[]
);

CREATE TABLE internal.parts (fate VARCHAR, name VARCHAR, size BIGINT, bytes BIGINT);
CREATE TABLE internal.retired (name VARCHAR, retired_at TIMESTAMP);

-- fate without parts --
CREATE OR REPLACE VIEW internal.{fate}_packs AS SELECT * FROM internal.packs WHERE fate = '{fate}';

-- fate with parts --
CREATE OR REPLACE VIEW internal.{fate}_packs AS
SELECT * FROM internal.packs WHERE fate = '{fate}'
UNION ALL
SELECT * FROM read_parquet([{files}]);

-- fate one by one --
CREATE OR REPLACE VIEW internal.{fate}_rows AS
SELECT
    fate, operation_id, query_index, entity, ordinal, cascaded, deleted_at, error_number, error_description,
    constraint_name, blocking_entity, retryable, key_kind,
    unnest(uuids) AS uuid_id, unnest(ints) AS int_id, unnest(texts) AS text_id, unnest(blocking) AS blocking
FROM internal.{fate}_packs;

-- views --
CREATE OR REPLACE VIEW deleted_records AS
SELECT
    operation_id,
    query_index,
    entity,
    coalesce(text_id, CAST(uuid_id AS VARCHAR), CAST(int_id AS VARCHAR)) AS record_id,
    key_kind,
    cascaded,
    deleted_at
FROM internal.deleted_rows;

-- A failure stands until a later batch settles its record.
CREATE OR REPLACE VIEW failures AS
SELECT
    operation_id,
    query_index,
    entity,
    coalesce(text_id, CAST(uuid_id AS VARCHAR), CAST(int_id AS VARCHAR)) AS record_id,
    key_kind,
    error_number,
    error_description,
    constraint_name AS "constraint",
    blocking_entity,
    blocking.n AS blocking_count,
    CAST(blocking.ids AS JSON) AS blocking_sample,
    retryable
FROM internal.failed_rows AS failed
WHERE NOT EXISTS (
    SELECT 1
    FROM internal.cleared_rows AS cleared
    WHERE cleared.operation_id = failed.operation_id
      AND cleared.query_index = failed.query_index
      AND cleared.entity = failed.entity
      AND cleared.uuid_id IS NOT DISTINCT FROM failed.uuid_id
      AND cleared.int_id IS NOT DISTINCT FROM failed.int_id
      AND cleared.text_id IS NOT DISTINCT FROM failed.text_id
      AND cleared.ordinal > failed.ordinal
);

CREATE OR REPLACE VIEW bulkdeleteoperation AS
SELECT
    operation_id AS bulkdeleteoperationid,
    operation_id AS asyncoperationid,
    name,
    CASE status
        WHEN 'waiting' THEN CASE WHEN postponed_until IS NULL THEN 0 ELSE 1 END
        WHEN 'retrying' THEN 1 WHEN 'paused' THEN 1
        WHEN 'in_progress' THEN 2 WHEN 'pausing' THEN 2 WHEN 'canceling' THEN 2
        ELSE 3
    END AS statecode,
    CASE status
        WHEN 'waiting' THEN CASE WHEN postponed_until IS NULL THEN 0 ELSE 10 END
        WHEN 'retrying' THEN 11 WHEN 'paused' THEN 12
        WHEN 'in_progress' THEN 20 WHEN 'pausing' THEN 21 WHEN 'canceling' THEN 22
        WHEN 'succeeded' THEN 30 WHEN 'failed' THEN 31 WHEN 'canceled' THEN 32
    END AS statuscode,
    coalesce(
        postponed_until,
        (SELECT schedules.next_run FROM schedules WHERE schedules.last_operation_id = operations.operation_id)
    ) AS nextrun,
    operation_id IN (SELECT occurrences.operation_id FROM occurrences WHERE outcome = 'submitted') AS isrecurring,
    deleted AS successcount,
    failed AS failurecount,
    query_index AS processingqeindex,
    CAST(NULL AS VARCHAR) AS orderedquerysetxml,
    requested_by AS createdby,
    CAST(NULL AS VARCHAR) AS createdonbehalfby,
    submitted_at AS createdon,
    requested_by AS modifiedby,
    CAST(NULL AS VARCHAR) AS modifiedonbehalfby,
    updated_at AS modifiedon,
    requested_by AS ownerid,
    'systemuser' AS owneridtype,
    CAST(NULL AS UUID) AS owningbusinessunit,
    CAST(NULL AS UUID) AS owninguser,
    CAST(NULL AS INTEGER) AS timezoneruleversionnumber,
    CAST(NULL AS INTEGER) AS utcconversiontimezonecode
FROM operations;

-- Error codes that are no number, such as 40P01, stand in `failures` only.
CREATE OR REPLACE VIEW bulkdeletefailure AS
SELECT
    CAST(md5(concat_ws('/', failures.operation_id, failures.query_index, entity, record_id)) AS UUID) AS bulkdeletefailureid,
    failures.operation_id AS bulkdeleteoperationid,
    failures.operation_id AS asyncoperationid,
    record_id AS regardingobjectid,
    CAST(NULL AS VARCHAR) AS regardingobjectidname,
    CAST(NULL AS VARCHAR) AS regardingobjectidyominame,
    entity AS regardingobjecttypecode,
    TRY_CAST(error_number AS INTEGER) AS errornumber,
    left(error_description, 512) AS errordescription,
    failures.query_index AS orderedqueryindex,
    operations.requested_by AS ownerid,
    'systemuser' AS owneridtype,
    CAST(NULL AS UUID) AS owningbusinessunit,
    CAST(NULL AS UUID) AS owninguser
FROM failures
LEFT JOIN operations ON operations.operation_id = failures.operation_id;
