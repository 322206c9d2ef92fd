-- The columns of purchase, cadence and basket for one date, as one query for DuckDB alone: what `benchmarks/features.py`
-- measures the families against. $folder holds orders.parquet and products.parquet, $as_of is a timestamp in UTC.
-- It sums money and logarithms as they come, so the last digits depend on the order of rows and on the threads.
WITH line AS (
    SELECT customer_id, order_id, "at", product_id, quantity, kind,
           quantity * unit_price AS charged,
           "at"::DATE - DATE '1970-01-01' AS day
    FROM read_parquet($folder || '/orders.parquet')
    WHERE "at" < $as_of::TIMESTAMP
),
sale AS (SELECT * FROM line WHERE kind = 'sale'),
orders AS MATERIALIZED (
    SELECT customer_id, order_id, min("at") AS "at", max("at") AS last_at, count(*) AS lines_n, sum(quantity) AS units,
           sum(charged) AS spent
    FROM sale
    GROUP BY customer_id, order_id
),
products_bought AS MATERIALIZED (
    SELECT customer_id, product_id, sum(lines_n) AS lines_n, count(*) AS orders_n
    FROM (
        SELECT customer_id, product_id, count(*) AS lines_n
        FROM sale
        WHERE product_id IS NOT NULL
        GROUP BY customer_id, product_id, order_id
    )
    GROUP BY customer_id, product_id
),
purchase_day AS (SELECT DISTINCT customer_id, day FROM sale),
gap AS (
    SELECT customer_id, day,
           day - lag(day) OVER byday AS gap,
           lead(day) OVER byday AS next_day,
           today - day AS age,
           today - lag(day) OVER byday AS age_before,
           lead(day, 2) OVER byday AS second_next_day,
           today - max(day) OVER (PARTITION BY customer_id) AS silence
    FROM purchase_day, (SELECT $as_of::DATE - DATE '1970-01-01' AS today)
    WINDOW byday AS (PARTITION BY customer_id ORDER BY day)
),
rhythm AS (
    SELECT customer_id, count(*) AS days_n, count(gap) AS gaps_n, sum(gap) AS gaps_sum, avg(gap) AS gap_mean,
           median(gap) AS gap_median, stddev_samp(gap) AS gap_sd, max(silence) AS silence, max(age) AS age_max,
           max(gap) FILTER (WHERE next_day IS NULL) AS gap_last,
           max(age) FILTER (WHERE next_day IS NOT NULL AND second_next_day IS NULL) AS second_last,
           count(*) FILTER (WHERE gap > silence) AS longer_n,
           count(*) FILTER (WHERE gap > silence AND gap <= silence + 30) AS due_n,
           count(DISTINCT age // 30) FILTER (WHERE age < 180) AS active_180d_n,
           sum(30.0 / (age + 30)) AS momentum,
           count(*) FILTER (WHERE (day + 3) % 7 >= 5) AS weekend_n,
           count(*) FILTER (WHERE age > 45) AS older_n,
           count(*) FILTER (WHERE age > 45 AND abs(age - floor(age / 365.2425 + 0.5) * 365.2425) <= 45) AS season_n,
           count(*) FILTER (WHERE age <= 365 AND age > 335) AS year_ago_n
    FROM gap
    GROUP BY customer_id
),
per_customer AS (
    SELECT customer_id,
           min(age_last) AS recency, max(age) AS tenure, count(*) AS orders_n, sum(spent) AS spend,
           count(*) FILTER (WHERE age <= 14) AS orders_14d_n, count(*) FILTER (WHERE age <= 30) AS orders_30d_n,
           count(*) FILTER (WHERE age <= 60) AS orders_60d_n, count(*) FILTER (WHERE age <= 90) AS orders_90d_n,
           count(*) FILTER (WHERE age <= 180) AS orders_180d_n, count(*) FILTER (WHERE age <= 365) AS orders_365d_n,
           coalesce(sum(spent) FILTER (WHERE age <= 30), 0) AS spend_30d,
           coalesce(sum(spent) FILTER (WHERE age <= 90), 0) AS spend_90d,
           coalesce(sum(spent) FILTER (WHERE age <= 180), 0) AS spend_180d,
           coalesce(sum(spent) FILTER (WHERE age <= 365), 0) AS spend_365d,
           sum(lines_n) AS lines_n, sum(units) AS units, max_by(lines_n, "at") AS lines_last_n,
           coalesce(sum(lines_n) FILTER (WHERE age <= 90), 0) AS lines_90d_n,
           count(*) FILTER (WHERE hour("at") < 12) AS morning_n, count(*) FILTER (WHERE hour("at") >= 18) AS evening_n
    FROM (
        SELECT *, epoch_us($as_of::TIMESTAMP - "at") / 86400000000 AS age,
               epoch_us($as_of::TIMESTAMP - last_at) / 86400000000 AS age_last
        FROM orders
    )
    GROUP BY customer_id
),
breadth AS (
    SELECT customer_id, count(*) AS products_n, sum(orders_n) AS pairs_n,
           ln(sum(lines_n)) - sum(lines_n * ln(lines_n)) / sum(lines_n) AS entropy
    FROM products_bought
    GROUP BY customer_id
),
category_breadth AS (
    SELECT customer_id, count(*) AS categories_n,
           ln(sum(lines_n)) - sum(lines_n * ln(lines_n)) / sum(lines_n) AS entropy
    FROM (
        SELECT customer_id, category, sum(lines_n) AS lines_n
        FROM products_bought JOIN read_parquet($folder || '/products.parquet') USING (product_id)
        WHERE category IS NOT NULL
        GROUP BY customer_id, category
    )
    GROUP BY customer_id
),
returned AS (
    SELECT customer_id, count(DISTINCT order_id) AS returns_n, sum(charged) AS money,
           epoch_us($as_of::TIMESTAMP - max("at")) / 86400000000 AS recency
    FROM line
    WHERE kind = 'return'
    GROUP BY customer_id
)
SELECT customer_id,
       per_customer.lines_n / orders_n AS basket_lines_mean,
       lines_last_n AS basket_lines_last_n,
       lines_90d_n AS basket_lines_90d_n,
       units / orders_n AS basket_units_mean,
       CASE WHEN units > 0 THEN spend / units END AS basket_unit_price_mean,
       coalesce(products_n, 0) AS basket_products_n,
       breadth.entropy AS basket_product_entropy,
       (pairs_n - products_n) / pairs_n AS basket_product_repeat_share,
       categories_n AS basket_categories_n,
       category_breadth.entropy AS basket_category_entropy,
       CASE WHEN spend > 0 THEN 0 END AS basket_discount_share, -- the benchmark's lines have no discount
       coalesce(returns_n, 0) AS basket_returns_n,
       CASE WHEN spend > 0 THEN coalesce(returned.money, 0) / spend END AS basket_return_share,
       returned.recency AS basket_return_recency_days,
       gap_mean AS cadence_gap_mean_days,
       gap_median AS cadence_gap_median_days,
       gap_last AS cadence_gap_last_days,
       gap_sd / gap_mean AS cadence_gap_cv,
       silence / gap_mean AS cadence_overdue_ratio,
       (longer_n + 1) / (gaps_n + 2) AS cadence_longer_gap_share,
       (due_n + 1) / (longer_n + 2) AS cadence_due_30d_share,
       second_last AS cadence_second_last_days,
       active_180d_n AS cadence_active_180d_n,
       momentum AS cadence_momentum,
       weekend_n / days_n AS cadence_weekend_share,
       morning_n / orders_n AS cadence_morning_share,
       evening_n / orders_n AS cadence_evening_share,
       CASE WHEN older_n > 0 THEN season_n / older_n END AS cadence_season_share,
       CASE WHEN age_max >= 365 THEN year_ago_n END AS cadence_year_ago_30d_n,
       sin(place) AS cadence_season_sin,
       cos(place) AS cadence_season_cos,
       per_customer.recency AS purchase_recency_days,
       tenure AS purchase_tenure_days,
       orders_n AS purchase_orders_n,
       days_n AS purchase_days_n,
       spend AS purchase_spend,
       spend / orders_n AS purchase_order_value_mean,
       days_n / (tenure + 30) AS purchase_day_rate,
       orders_14d_n AS purchase_orders_14d_n,
       orders_30d_n AS purchase_orders_30d_n,
       orders_60d_n AS purchase_orders_60d_n,
       orders_90d_n AS purchase_orders_90d_n,
       orders_180d_n AS purchase_orders_180d_n,
       orders_365d_n AS purchase_orders_365d_n,
       spend_30d AS purchase_spend_30d,
       spend_90d AS purchase_spend_90d,
       spend_365d AS purchase_spend_365d,
       (orders_90d_n + 1) / (orders_180d_n - orders_90d_n + 1) AS purchase_orders_trend,
       CASE WHEN spend_180d > 0 THEN spend_90d / spend_180d END AS purchase_spend_trend
FROM per_customer
JOIN rhythm USING (customer_id)
LEFT JOIN breadth USING (customer_id)
LEFT JOIN category_breadth USING (customer_id)
LEFT JOIN returned USING (customer_id),
(SELECT 2 * pi() * (years - floor(years)) AS place
 FROM (SELECT epoch_us($as_of::TIMESTAMP) / 86400000000 / 365.2425 AS years))
