"""A contract that pays the customer: a credit, or a sign turned around."""

from pipelines.sources.impossible import IMPOSSIBLE

CODE = "subscriptions.negative_price"
TITLE = "Contracts with a price below zero"
ADVICE = "Correct the sign, or leave credits out of subscriptions.sql."
NEEDS = ("price",)
WHERE = IMPOSSIBLE["subscriptions", "price"]
SHOW = ("plan", "price")
