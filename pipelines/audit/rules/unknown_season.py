"""Products whose season is none of the contract's: features by season do not see them. The rows stay."""

from features.tables import PRODUCTS
from pipelines.sql import quoted_list

CODE = "products.unknown_season"
TITLE = "Products of a season that is not of the contract"
ADVICE = f"Map the season to one of {', '.join(PRODUCTS.levels('season'))} in products.sql, or return NULL."
SEVERITY = "note"
NEEDS = ("season",)
WHERE = f"reason IS NULL AND season NOT IN {quoted_list(PRODUCTS.levels('season'))}"
SHOW = ("season",)
