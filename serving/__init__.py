"""AN ANSWER FOR ONE CUSTOMER: the bundle, the online features, the guard and the BentoML service."""
