-- about --
SELECT format, folder FROM internal.about;

-- put about --
INSERT INTO internal.about VALUES ($format, $folder);

-- move --
UPDATE internal.about SET folder = $folder;

-- positions --
SELECT source, position FROM internal.positions;

-- forget position --
DELETE FROM internal.positions WHERE source = $source;

-- put position --
INSERT INTO internal.positions VALUES ($source, $position);

-- streams --
SELECT stream_id, version, operation_id, ordinal
FROM internal.streams
WHERE stream_id IN (SELECT unnest(CAST($stream_ids AS UUID[])));

-- forget streams --
DELETE FROM internal.streams WHERE stream_id IN (SELECT unnest(CAST($stream_ids AS UUID[])));

-- put streams --
INSERT INTO internal.streams
SELECT
    unnest(CAST($stream_id AS UUID[])), unnest(CAST($version AS INTEGER[])),
    unnest(CAST($operation_id AS UUID[])), unnest(CAST($ordinal AS BIGINT[]));

-- operations --
SELECT
    operation_id, name, database, requested_by, submitted_at, updated_at, digest, CAST(job AS VARCHAR) AS job, status,
    deleted, failed, vanished, CAST(cascaded AS VARCHAR) AS cascaded, CAST(unlinked AS VARCHAR) AS unlinked,
    query_index, epoch, cut_off, started_at, running_since, ran_microseconds, ended_at, waiting_for,
    postponed_until, rate, reason, field, retry_of, version
FROM operations
WHERE operation_id IN (SELECT unnest(CAST($operation_ids AS UUID[])));

-- queries --
SELECT
    operation_id, query_index, entity, CAST(query AS VARCHAR) AS query, matched, estimated, deleted, failed, vanished,
    passes, remaining, strategy
FROM queries
WHERE operation_id IN (SELECT unnest(CAST($operation_ids AS UUID[])))
ORDER BY operation_id, query_index;

-- forget operations --
DELETE FROM operations WHERE operation_id IN (SELECT unnest(CAST($operation_ids AS UUID[])));

-- forget queries --
DELETE FROM queries WHERE operation_id IN (SELECT unnest(CAST($operation_ids AS UUID[])));

-- put operations --
INSERT INTO operations BY NAME
SELECT
    unnest(CAST($operation_id AS UUID[])) AS operation_id,
    unnest(CAST($name AS VARCHAR[])) AS name,
    unnest(CAST($database AS VARCHAR[])) AS database,
    unnest(CAST($requested_by AS VARCHAR[])) AS requested_by,
    unnest(CAST($submitted_at AS TIMESTAMP[])) AS submitted_at,
    unnest(CAST($updated_at AS TIMESTAMP[])) AS updated_at,
    unnest(CAST($digest AS VARCHAR[])) AS digest,
    unnest(CAST($job AS VARCHAR[])) AS job,
    unnest(CAST($status AS VARCHAR[])) AS status,
    unnest(CAST($deleted AS BIGINT[])) AS deleted,
    unnest(CAST($failed AS BIGINT[])) AS failed,
    unnest(CAST($vanished AS BIGINT[])) AS vanished,
    unnest(CAST($cascaded AS VARCHAR[])) AS cascaded,
    unnest(CAST($unlinked AS VARCHAR[])) AS unlinked,
    unnest(CAST($query_index AS INTEGER[])) AS query_index,
    unnest(CAST($epoch AS INTEGER[])) AS epoch,
    unnest(CAST($cut_off AS TIMESTAMP[])) AS cut_off,
    unnest(CAST($started_at AS TIMESTAMP[])) AS started_at,
    unnest(CAST($running_since AS TIMESTAMP[])) AS running_since,
    unnest(CAST($ran_microseconds AS BIGINT[])) AS ran_microseconds,
    unnest(CAST($ended_at AS TIMESTAMP[])) AS ended_at,
    unnest(CAST($waiting_for AS VARCHAR[])) AS waiting_for,
    unnest(CAST($postponed_until AS TIMESTAMP[])) AS postponed_until,
    unnest(CAST($rate AS DOUBLE[])) AS rate,
    unnest(CAST($reason AS VARCHAR[])) AS reason,
    unnest(CAST($field AS VARCHAR[])) AS field,
    unnest(CAST($retry_of AS UUID[])) AS retry_of,
    unnest(CAST($version AS INTEGER[])) AS version;

-- put queries --
INSERT INTO queries BY NAME
SELECT
    unnest(CAST($operation_id AS UUID[])) AS operation_id,
    unnest(CAST($query_index AS INTEGER[])) AS query_index,
    unnest(CAST($entity AS VARCHAR[])) AS entity,
    unnest(CAST($query AS VARCHAR[])) AS query,
    unnest(CAST($matched AS BIGINT[])) AS matched,
    unnest(CAST($estimated AS BIGINT[])) AS estimated,
    unnest(CAST($deleted AS BIGINT[])) AS deleted,
    unnest(CAST($failed AS BIGINT[])) AS failed,
    unnest(CAST($vanished AS BIGINT[])) AS vanished,
    unnest(CAST($passes AS INTEGER[])) AS passes,
    unnest(CAST($remaining AS VARCHAR[])) AS remaining,
    unnest(CAST($strategy AS VARCHAR[])) AS strategy;

-- notifications --
SELECT
    notification_id, operation_id, outcome, channel, recipient, requested_at, updated_at, message_id, status, attempts,
    reason
FROM notifications
WHERE notification_id IN (SELECT unnest(CAST($notification_ids AS UUID[])));

-- forget notifications --
DELETE FROM notifications WHERE notification_id IN (SELECT unnest(CAST($notification_ids AS UUID[])));

-- put notifications --
INSERT INTO notifications BY NAME
SELECT
    unnest(CAST($notification_id AS UUID[])) AS notification_id,
    unnest(CAST($operation_id AS UUID[])) AS operation_id,
    unnest(CAST($outcome AS VARCHAR[])) AS outcome,
    unnest(CAST($channel AS VARCHAR[])) AS channel,
    unnest(CAST($recipient AS VARCHAR[])) AS recipient,
    unnest(CAST($requested_at AS TIMESTAMP[])) AS requested_at,
    unnest(CAST($updated_at AS TIMESTAMP[])) AS updated_at,
    unnest(CAST($message_id AS VARCHAR[])) AS message_id,
    unnest(CAST($status AS VARCHAR[])) AS status,
    unnest(CAST($attempts AS INTEGER[])) AS attempts,
    unnest(CAST($reason AS VARCHAR[])) AS reason;

-- schedules --
SELECT
    schedule_id, name, next_run, recurrence, time_zone, enabled, deleted, last_operation_id, last_occurrence,
    database, requested_by, starts, revision, created_at, updated_at, CAST(job AS VARCHAR) AS job, version
FROM schedules
WHERE schedule_id IN (SELECT unnest(CAST($schedule_ids AS UUID[])));

-- forget schedules --
DELETE FROM schedules WHERE schedule_id IN (SELECT unnest(CAST($schedule_ids AS UUID[])));

-- put schedules --
INSERT INTO schedules BY NAME
SELECT
    unnest(CAST($schedule_id AS UUID[])) AS schedule_id,
    unnest(CAST($name AS VARCHAR[])) AS name,
    unnest(CAST($next_run AS TIMESTAMP[])) AS next_run,
    unnest(CAST($recurrence AS VARCHAR[])) AS recurrence,
    unnest(CAST($time_zone AS VARCHAR[])) AS time_zone,
    unnest(CAST($enabled AS BOOLEAN[])) AS enabled,
    unnest(CAST($deleted AS BOOLEAN[])) AS deleted,
    unnest(CAST($last_operation_id AS UUID[])) AS last_operation_id,
    unnest(CAST($last_occurrence AS TIMESTAMP[])) AS last_occurrence,
    unnest(CAST($database AS VARCHAR[])) AS database,
    unnest(CAST($requested_by AS VARCHAR[])) AS requested_by,
    unnest(CAST($starts AS VARCHAR[])) AS starts,
    unnest(CAST($revision AS INTEGER[])) AS revision,
    unnest(CAST($created_at AS TIMESTAMP[])) AS created_at,
    unnest(CAST($updated_at AS TIMESTAMP[])) AS updated_at,
    unnest(CAST($job AS VARCHAR[])) AS job,
    unnest(CAST($version AS INTEGER[])) AS version;

-- put occurrences --
INSERT INTO occurrences BY NAME
SELECT
    unnest(CAST($schedule_id AS UUID[])) AS schedule_id,
    unnest(CAST($occurrence AS TIMESTAMP[])) AS occurrence,
    unnest(CAST($last_occurrence AS TIMESTAMP[])) AS last_occurrence,
    unnest(CAST($count AS BIGINT[])) AS "count",
    unnest(CAST($outcome AS VARCHAR[])) AS outcome,
    unnest(CAST($operation_id AS UUID[])) AS operation_id,
    unnest(CAST($reason AS VARCHAR[])) AS reason,
    unnest(CAST($recorded_at AS TIMESTAMP[])) AS recorded_at;

-- halt --
INSERT INTO halts (halted_at, requested_by, reason) VALUES ($at, $requested_by, $reason);

-- release --
UPDATE halts SET released_at = $at, released_by = $requested_by WHERE released_at IS NULL;

-- put rejections --
INSERT INTO rejections BY NAME
SELECT
    unnest(CAST($rejected_at AS TIMESTAMP[])) AS rejected_at,
    unnest(CAST($reason AS VARCHAR[])) AS reason,
    unnest(CAST($field AS VARCHAR[])) AS field,
    unnest(CAST($topic AS VARCHAR[])) AS topic,
    unnest(CAST($partition AS INTEGER[])) AS "partition",
    unnest(CAST($offset AS BIGINT[])) AS "offset",
    unnest(CAST($body AS VARCHAR[])) AS body;

-- put packs --
INSERT INTO internal.packs BY NAME
WITH
head AS (
    SELECT
        unnest(CAST($number AS INTEGER[])) AS number,
        unnest(CAST($fate AS VARCHAR[])) AS fate,
        unnest(CAST($operation_id AS UUID[])) AS operation_id,
        unnest(CAST($query_index AS INTEGER[])) AS query_index,
        unnest(CAST($entity AS VARCHAR[])) AS entity,
        unnest(CAST($ordinal AS BIGINT[])) AS ordinal,
        unnest(CAST($cascaded AS BOOLEAN[])) AS cascaded,
        unnest(CAST($deleted_at AS TIMESTAMP[])) AS deleted_at,
        unnest(CAST($error_number AS VARCHAR[])) AS error_number,
        unnest(CAST($error_description AS VARCHAR[])) AS error_description,
        unnest(CAST($constraint_name AS VARCHAR[])) AS constraint_name,
        unnest(CAST($blocking_entity AS VARCHAR[])) AS blocking_entity,
        unnest(CAST($retryable AS BOOLEAN[])) AS retryable,
        unnest(CAST($key_kind AS VARCHAR[])) AS key_kind
),
chunks AS (
    SELECT
        unnest(CAST($number_of AS INTEGER[])) AS number, unnest(CAST($chunk AS {taken}[])) AS chunk,
        unnest(CAST($chunk_blocked AS VARCHAR[])) AS blocked
)
SELECT
    head.* EXCLUDE (number),
    {ids},
    from_json(blocked, '[{{"n": "BIGINT", "ids": "VARCHAR"}}]') AS blocking
FROM chunks JOIN head USING (number);

-- ids of uuid --
list_transform(range(octet_length(chunk) // 16), lambda i: CAST(chunk[i * 16 + 1:i * 16 + 16] AS UUID)) AS uuids

-- ids of int8 --
list_transform(range(octet_length(chunk) // 8), lambda i: CAST(CAST(chunk[i * 8 + 1:i * 8 + 8] AS BIT) AS BIGINT)) AS ints

-- ids of text --
from_json(chunk, '["VARCHAR"]') AS texts

-- ids of composite --
CAST(from_json(chunk, '["JSON"]') AS VARCHAR[]) AS texts

-- recent counts --
SELECT fate, CAST(sum(coalesce(len(uuids), len(ints), len(texts))) AS BIGINT)
FROM internal.packs
GROUP BY fate;

-- parts --
SELECT name, size FROM internal.parts WHERE fate = $fate ORDER BY name;

-- all parts --
SELECT name FROM internal.parts UNION ALL SELECT name FROM internal.retired;

-- put part --
INSERT INTO internal.parts VALUES ($fate, $name, $size, $bytes);

-- forget recent --
DELETE FROM internal.packs WHERE fate = $fate;

-- write recent --
COPY (SELECT * FROM internal.packs WHERE fate = {fate}) TO {path} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048);

-- write merged --
COPY (SELECT * FROM read_parquet([{files}])) TO {path} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048);

-- retire --
INSERT INTO internal.retired SELECT unnest(CAST($names AS VARCHAR[])), $at;

-- forget parts --
DELETE FROM internal.parts WHERE name IN (SELECT unnest(CAST($names AS VARCHAR[])));

-- forget retired --
DELETE FROM internal.retired WHERE retired_at < $before RETURNING name;

-- keep rejections --
INSERT INTO rejections SELECT * FROM earlier.rejections;

-- keep positions --
INSERT INTO internal.positions
SELECT source, position
FROM earlier.internal.positions
WHERE source <> $log AND source NOT IN (SELECT source FROM internal.positions);
