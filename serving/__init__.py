"""AN ANSWER FOR ONE CUSTOMER: the bundle, the online and live features, the guard and the BentoML service."""
