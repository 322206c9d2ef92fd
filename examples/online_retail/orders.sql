-- One row per invoice line. An invoice number that starts with C is a cancellation: its lines are returns.
-- Bad-debt corrections (invoices that start with A) have no customer and product B: ingest rejects them.
SELECT
    InvoiceNo AS order_id,
    regexp_replace(CAST(CustomerID AS VARCHAR), '\.0$', '') AS customer_id,
    InvoiceDate AS "at",
    upper(StockCode) AS product_id,
    Quantity AS quantity,
    UnitPrice AS unit_price,
    CASE WHEN InvoiceNo ILIKE 'C%' THEN 'return' ELSE 'sale' END AS kind,
    StockCode AS source_stock_code,
    Description AS source_description,
    Country AS source_country
FROM lines
