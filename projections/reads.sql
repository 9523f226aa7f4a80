-- about --
SELECT
    format,
    folder,
    (SELECT max(position) FROM internal.positions WHERE source = 'log') AS position,
    (SELECT count(*) FROM internal.positions WHERE source <> 'log') > 0 AS is_fed_by_kafka
FROM internal.about;

-- identify --
SELECT operation_id, name
FROM operations
WHERE starts_with(replace(CAST(operation_id AS VARCHAR), '-', ''), $prefix)
ORDER BY submitted_at DESC, operation_id
LIMIT 10;

-- last --
SELECT operation_id FROM operations ORDER BY submitted_at DESC, operation_id LIMIT 1;

-- rates --
WITH runs AS (
    SELECT
        entity,
        sum(matched) OVER (PARTITION BY operation_id) / (ran_microseconds / 1000000.0) AS rate,
        row_number() OVER (PARTITION BY entity ORDER BY started_at DESC, operation_id) AS age,
        sum(matched) OVER (PARTITION BY operation_id) AS records
    FROM operations
    JOIN queries USING (operation_id)
    WHERE database = $database AND ran_microseconds > 0
)
SELECT entity, median(rate) FROM runs WHERE age <= 5 AND records >= $least GROUP BY entity;

-- standing --
SELECT
    operation_id, name, status, database, requested_by, deleted, failed, cascaded, unlinked,
    round((ran_microseconds + greatest(0, coalesce(epoch_us(updated_at) - epoch_us(running_since), 0))) / 1000000, 3) AS duration_seconds,
    submitted_at, started_at, ended_at, cut_off,
    CASE
        WHEN status = 'waiting' THEN coalesce((SELECT 'halted by ' || h.requested_by || ': ' || h.reason FROM halts h WHERE h.released_at IS NULL), waiting_for)
        ELSE waiting_for
    END AS waiting_for,
    postponed_until, rate, reason, field, retry_of
FROM operations
WHERE $operation_id IS NULL OR operation_id = $operation_id

-- operations --
WITH standing AS ({standing}), progress AS (
    SELECT
        operation_id,
        list({{
            'entity': entity, 'strategy': strategy, 'matched': matched, 'estimated': estimated, 'deleted': deleted, 'failed': failed,
            'vanished': vanished, 'remaining': remaining
        }} ORDER BY query_index) AS queries
    FROM queries
    WHERE $operation_id IS NULL OR operation_id = $operation_id
    GROUP BY operation_id
)
SELECT
    operation_id, name, status, database, requested_by, deleted, failed, CAST(cascaded AS VARCHAR) AS cascaded,
    CAST(unlinked AS VARCHAR) AS unlinked, queries, duration_seconds, submitted_at, started_at, ended_at, cut_off,
    waiting_for, postponed_until, rate, reason, field, retry_of
FROM standing
JOIN progress USING (operation_id)
ORDER BY submitted_at DESC, operation_id;

-- operations in a line --
WITH standing AS ({standing}), progress AS (
    SELECT operation_id, sum(matched)::BIGINT AS matched, sum(greatest(0, estimated - matched))::BIGINT AS more
    FROM queries
    GROUP BY operation_id
)
SELECT operation_id, name, status, deleted, failed, matched, more, duration_seconds, waiting_for
FROM standing
JOIN progress USING (operation_id)
ORDER BY submitted_at DESC, operation_id;

-- operations as json --
WITH standing AS ({standing}), progress AS (
    SELECT
        operation_id,
        list({{
            'entity': entity, 'strategy': strategy, 'matched': matched, 'estimated': estimated, 'deleted': deleted, 'failed': failed,
            'vanished': vanished
        }} ORDER BY query_index) AS queries,
        coalesce(map_from_entries(list((CAST(query_index AS VARCHAR), remaining) ORDER BY query_index) FILTER (remaining <> '')), map {{}}) AS remaining
    FROM queries
    GROUP BY operation_id
)
SELECT
    operation_id,
    CAST(to_json({{
        'operation_id': operation_id, 'name': name, 'status': status, 'database': database, 'requested_by': requested_by,
        'deleted': deleted, 'failed': failed, 'cascaded': cascaded, 'unlinked': unlinked, 'queries': queries,
        'duration_seconds': duration_seconds, 'submitted_at': {submitted_at}, 'started_at': {started_at},
        'ended_at': {ended_at}, 'cut_off': {cut_off}, 'waiting_for': waiting_for, 'postponed_until': {postponed_until},
        'rate': rate, 'reason': reason, 'field': field, 'retry_of': retry_of, 'remaining': remaining
    }}) AS VARCHAR)
FROM standing
JOIN progress USING (operation_id)
ORDER BY submitted_at DESC, operation_id;

-- notifications --
SELECT
    notification_id, operation_id, outcome, channel, recipient, status, attempts, reason, requested_at, updated_at
FROM notifications
WHERE $operation_id IS NULL OR operation_id = $operation_id
ORDER BY requested_at DESC, notification_id, channel, recipient;

-- untold --
SELECT operation_id, channel, recipient, status, reason
FROM notifications
WHERE status <> 'delivered'
ORDER BY requested_at, channel, recipient;

-- causes --
SELECT
    count(*), entity, error_number, min_by(error_description, record_id), "constraint", blocking_entity,
    bool_or(retryable), min_by(record_id, record_id), min_by(key_kind, record_id),
    min_by(blocking_count, record_id), CAST(min_by(blocking_sample, record_id) AS VARCHAR)
FROM failures
WHERE operation_id = $operation_id
GROUP BY entity, error_number, "constraint", blocking_entity
ORDER BY 1 DESC, entity, error_number, "constraint", blocking_entity;

-- failures by cause --
SELECT
    entity, record_id, query_index, error_number, error_description, "constraint", blocking_entity, blocking_count,
    CAST(blocking_sample AS VARCHAR), key_kind
FROM failures
WHERE operation_id = $operation_id
ORDER BY entity, error_number, "constraint", blocking_entity, record_id
LIMIT $most;

-- halt --
SELECT halted_at, requested_by, reason FROM halts WHERE released_at IS NULL;

-- failures --
SELECT
    entity, record_id, query_index, error_number, error_description, "constraint", blocking_entity, blocking_count,
    CAST(blocking_sample AS VARCHAR), key_kind
FROM failures
WHERE operation_id = $operation_id;

-- deleted --
SELECT entity, record_id, query_index, cascaded, deleted_at, key_kind
FROM deleted_records
WHERE operation_id = $operation_id;

-- failures as json --
SELECT CAST(to_json(found) AS VARCHAR)
FROM (
    SELECT
        entity,
        CASE key_kind WHEN 'composite' THEN CAST(record_id AS JSON) ELSE to_json(record_id) END AS record_id,
        query_index, error_number, error_description, "constraint", blocking_entity, blocking_count, blocking_sample
    FROM failures
    WHERE operation_id = $operation_id
) AS found;

-- deleted as json --
SELECT CAST(to_json(found) AS VARCHAR)
FROM (
    SELECT
        entity,
        CASE key_kind WHEN 'composite' THEN CAST(record_id AS JSON) ELSE to_json(record_id) END AS record_id,
        query_index, cascaded, strftime(deleted_at, '%Y-%m-%dT%H:%M:%S.%fZ') AS deleted_at
    FROM deleted_records
    WHERE operation_id = $operation_id
) AS found;

-- deletions --
SELECT
    found.entity,
    coalesce(found.text_id, CAST(found.uuid_id AS VARCHAR), CAST(found.int_id AS VARCHAR)) AS record_id,
    found.deleted_at, found.cascaded, found.operation_id, operations.name, operations.requested_by,
    operations.database, found.query_index, CAST(queries.query AS VARCHAR) AS query, found.key_kind
FROM (
    SELECT * EXCLUDE (uuids, ints, texts, blocking),
        unnest(uuids) AS uuid_id, unnest(ints) AS int_id, unnest(texts) AS text_id
    FROM internal.deleted_packs
    WHERE entity = $entity
      AND (
          list_contains(texts, CASE key_kind WHEN 'composite' THEN $composite ELSE $record_id END)
          OR list_contains(uuids, TRY_CAST($record_id AS UUID))
          OR list_contains(ints, TRY_CAST($record_id AS BIGINT))
      )
) AS found
JOIN operations USING (operation_id)
JOIN queries ON queries.operation_id = found.operation_id AND queries.query_index = found.query_index
WHERE found.text_id = CASE found.key_kind WHEN 'composite' THEN $composite ELSE $record_id END
   OR found.uuid_id = TRY_CAST($record_id AS UUID)
   OR found.int_id = TRY_CAST($record_id AS BIGINT)
ORDER BY found.deleted_at;

-- rejections --
SELECT rejected_at, reason, field, topic, "partition", "offset", body FROM rejections ORDER BY rejected_at;

-- positions --
SELECT source, position FROM internal.positions;

-- versions --
SELECT stream_id, version FROM internal.streams;

-- path --
SELECT path FROM duckdb_databases() WHERE database_name = current_database();

-- schedules --
SELECT
    schedule_id, name, next_run, recurrence, time_zone, enabled, last_operation_id, last_occurrence, starts, database,
    requested_by, revision
FROM schedules
WHERE NOT deleted
ORDER BY next_run NULLS LAST, name, schedule_id;
