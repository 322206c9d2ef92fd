"""Products whose list price does not cover their cost: loss leaders, or two currencies."""

CODE = "products.price_below_cost"
TITLE = "Products listed below their cost"
ADVICE = "Check that price and cost are of one unit and currency."
SEVERITY = "note"
NEEDS = ("price", "unit_cost")
WHERE = "price < unit_cost"
SHOW = ("product_id", "price", "unit_cost")
