-- list --
CREATE TEMPORARY TABLE chosen AS
SELECT query_index, record_id, row_number() OVER (PARTITION BY query_index ORDER BY record_id) - 1 AS rank
FROM (
    SELECT DISTINCT query_index, record_id
    FROM failures
    WHERE operation_id = $operation_id
      AND (
          len(CAST($causes AS VARCHAR[])) = 0
          OR list_contains(CAST($causes AS VARCHAR[]), error_number)
          OR list_contains(CAST($causes AS VARCHAR[]), "constraint")
          OR list_contains(CAST($causes AS VARCHAR[]), blocking_entity)
      )
)
ORDER BY query_index, rank;

-- count --
SELECT count(*) FROM chosen WHERE query_index = $query_index;

-- some --
SELECT record_id FROM chosen WHERE query_index = $query_index AND rank >= $first AND rank < $until ORDER BY rank;
