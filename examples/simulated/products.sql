SELECT sku AS product_id, title AS name, category, brand, price, cost AS unit_cost
FROM catalogue
