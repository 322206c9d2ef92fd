"""Gifts, samples, write-offs, corrections. Rejected; a price of zero is accepted with zero_price = "keep"."""

CODE = "orders.price_not_positive"
TITLE = "Order lines with a price of zero or less"
ADVICE = 'Set zero_price = "keep" if giving away counts as buying; otherwise nothing needs doing.'
WHERE = "unit_price <= 0"
SHOW = ("order_id", "at", "product_id", "unit_price")
