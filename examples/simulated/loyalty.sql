-- The loyalty programme: points earned with orders and spent, and the tiers they lead to.
SELECT customer_no AS customer_id, booked_at AS at, movement AS kind, points, tier
FROM points
