-- Memberships. The shop writes a version of a contract at its start, at every renewal and at its end; a version holds
-- until the next one of the same contract is written. (A window by time, not by row: a version exported twice does not
-- replace itself.)
SELECT
    customer_no AS customer_id,
    plan,
    fee AS price,
    started_at,
    renews_at,
    ended_at,
    recorded_at AS known_at,
    min(TRY_CAST(recorded_at AS TIMESTAMP)) OVER (
        PARTITION BY trim(contract_no) ORDER BY TRY_CAST(recorded_at AS TIMESTAMP)
        RANGE BETWEEN INTERVAL 1 SECOND FOLLOWING AND UNBOUNDED FOLLOWING
    ) AS replaced_at,
    contract_no AS source_contract_no
FROM contracts
