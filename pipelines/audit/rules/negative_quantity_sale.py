"""Sales of nothing or less: stock corrections, or returns that the source does not mark as such. They are rejected."""

CODE = "orders.quantity_not_positive_sale"
TITLE = "Sales with a quantity of zero or less"
ADVICE = "Mark returns as kind 'return' in orders.sql; leave stock corrections out."
WHERE = "kind = 'sale' AND quantity <= 0"
SHOW = ("order_id", "at", "product_id", "quantity")
