"""Customers who recommended the shop to themselves: a form that fills in the own id."""

CODE = "customers.referred_by_self"
TITLE = "Customers who are their own referrer"
ADVICE = "Return NULL where the referrer is the customer."
NEEDS = ("referred_by",)
WHERE = "reason IS NULL AND referred_by = customer_id"
