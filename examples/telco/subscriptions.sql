-- One contract a customer. The table stands for 2020-01-01: a contract began `tenure` months before, at the latest the
-- day before. Whoever left within the month (Churn) has a contract that ends on the day after.
SELECT
    customerID AS customer_id,
    'telco' AS plan,
    MonthlyCharges AS price,
    TIMESTAMP '2020-01-01' - INTERVAL 1 DAY - TRY_CAST(tenure AS INTEGER) * INTERVAL 1 MONTH AS started_at,
    CASE Churn WHEN 'Yes' THEN TIMESTAMP '2020-01-02' END AS ended_at
FROM telco
