"""Order lines that name no product. The rows stay, but blur features of breadth and category."""

CODE = "orders.missing_product"
TITLE = "Order lines without a product"
ADVICE = "Return the product of every line, or list what is no product under [not_products]."
NEEDS = ("product_id",)
WHERE = "product_id IS NULL"
SHOW = ("order_id", "at", "quantity", "unit_price")
