-- The name a stock code carries most often; the data set has no categories.
SELECT upper(trim(StockCode)) AS product_id, max_by(trim(Description), (uses, trim(Description))) AS name
FROM (
    SELECT StockCode, Description, count(*) AS uses
    FROM lines
    WHERE StockCode IS NOT NULL AND UnitPrice > 0 AND nullif(trim(Description), '') IS NOT NULL
    GROUP BY ALL
)
GROUP BY ALL
