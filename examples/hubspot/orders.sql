-- One row a deal that was won, on its close date, for the first contact it names. A won deal without a contact or an
-- amount is rejected, so that it can be completed in HubSpot. The export of deals names no product; what was sold is in
-- the export of line items.
-- Names of your own stages that mean "won", or of the usual one in your language, go into the list in small letters and
-- without spaces.
SELECT
    "Record ID" AS order_id,
    split_part("Associated Contact IDs", ';', 1) AS customer_id,
    "Close Date" AS "at",
    1 AS quantity,
    "Amount" AS unit_price,
    "Pipeline" AS channel,
    'sale' AS kind,
    "Deal Stage" AS source_stage
FROM deals_raw
WHERE lower(replace("Deal Stage", ' ', '')) IN ('closedwon')
