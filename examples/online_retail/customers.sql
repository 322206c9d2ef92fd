-- The country a customer first ordered from, known from that order on (eight customers order from two).
SELECT
    regexp_replace(CAST(CustomerID AS VARCHAR), '\.0$', '') AS customer_id,
    min_by(nullif(Country, 'Unspecified'), (InvoiceDate, InvoiceNo, Country)) AS country,
    min(InvoiceDate) AS known_at
FROM lines
WHERE CustomerID IS NOT NULL
GROUP BY ALL
