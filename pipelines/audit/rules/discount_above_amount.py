"""Discounts larger than the line: a percentage read as money or an order's discount on each line. They are rejected."""

CODE = "orders.discount_above_amount"
TITLE = "Order lines with more money off than they cost"
ADVICE = (
    "Return money off the whole line as discount: turn percentages into money and split an order's discount "
    "over its lines."
)
NEEDS = ("discount",)
WHERE = "quantity > 0 AND unit_price > 0 AND discount > quantity * unit_price"
SHOW = ("order_id", "quantity", "unit_price", "discount")
