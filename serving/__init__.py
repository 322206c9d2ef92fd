"""AN ANSWER FOR ONE CUSTOMER: the bundle with every answer ready, live features, the guard and the BentoML service."""
