-- Guest numbers, under which some customers bought before they signed up, and when the shop found out whose they are.
SELECT alias_no AS alias_id, customer_no AS customer_id, linked_at AS known_at
FROM guest_numbers
