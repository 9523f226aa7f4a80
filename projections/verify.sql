-- count --
SELECT count(*) FROM people.{table} WHERE $operation_id IS NULL OR {owner} = $operation_id;

-- differences --
-- What EXCEPT ALL finds in both directions, in one pass: rows that are not there equally often. One slice of the
-- table at a time, so that memory holds it.
SELECT * EXCLUDE (weight), CAST(sum(weight) AS BIGINT) AS weight
FROM (
    SELECT 1 AS weight, *
    FROM people.{table}
    WHERE ($operation_id IS NULL OR {owner} = $operation_id) AND hash({key}) % CAST($slices AS UBIGINT) = CAST($slice AS UBIGINT)
    UNION ALL
    SELECT -1 AS weight, *
    FROM {table}
    WHERE ($operation_id IS NULL OR {owner} = $operation_id) AND hash({key}) % CAST($slices AS UBIGINT) = CAST($slice AS UBIGINT)
)
GROUP BY ALL
HAVING sum(weight) <> 0;
