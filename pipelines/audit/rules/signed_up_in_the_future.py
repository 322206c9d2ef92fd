"""Customers registered at or after the present. The rows stay, but tenure is below zero."""

CODE = "customers.signed_up_in_the_future"
TITLE = "Customers who sign up in the future"
ADVICE = "Check the date format of signed_up_at: a day and a month may be swapped."
SEVERITY = "error"
NEEDS = ("signed_up_at",)
WHERE = "signed_up_at >= getvariable('present')"
