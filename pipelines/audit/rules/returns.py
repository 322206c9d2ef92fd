"""Returns and cancellations. The rows stay, with a positive quantity, beside the sale they take back."""

CODE = "orders.returns"
TITLE = "Returned order lines"
ADVICE = "Nothing needs doing: they stand beside the sales they take back."
SEVERITY = "note"
WHERE = "kind = 'return'"
SHOW = ("order_id", "at", "product_id", "quantity")
