"""Products without a category: features of taste fall back to single products."""

CODE = "products.without_category"
TITLE = "Products without a category"
ADVICE = "Have the catalogue completed, best sellers first."
SEVERITY = "note"
NEEDS = ("category",)
WHERE = "category IS NULL"
SHOW = ("product_id", "name")
