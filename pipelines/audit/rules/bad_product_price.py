"""Products with a list price or cost below zero: corrections entered as products."""

CODE = "products.negative_price"
TITLE = "Products with a negative price or cost"
ADVICE = "Correct the sign in the catalogue, or set such prices to NULL in products.sql."
NEEDS = ("price",)
WHERE = "price < 0 OR unit_cost < 0"
SHOW = ("product_id", "price", "unit_cost")
