-- Surveys, reviews and tickets.
SELECT customer_no AS customer_id, answered_at AS at, survey AS kind, score, topic, comment AS text
FROM answers
