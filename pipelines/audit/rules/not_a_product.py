"""Postage, fees, vouchers, manual corrections: set aside, as they say nothing of taste."""

CODE = "orders.not_a_product"
TITLE = "Order lines that are no goods"
ADVICE = "Nothing needs doing if the list under [not_products] is right."
SEVERITY = "note"
WHERE = "not_product"
SHOW = ("product_id",)
