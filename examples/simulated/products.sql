SELECT sku AS product_id, title AS name, category, brand, price, cost AS unit_cost, themes AS tags, season
FROM catalogue
