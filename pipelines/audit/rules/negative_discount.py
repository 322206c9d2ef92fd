"""Discounts below zero: surcharges, or a sign turned around. They are rejected."""

CODE = "orders.negative_discount"
TITLE = "Order lines with a discount below zero"
ADVICE = "Turn the sign around in orders.sql if discounts are stored negative; otherwise leave surcharges out."
NEEDS = ("discount",)
WHERE = "discount < 0"
SHOW = ("order_id", "discount")
