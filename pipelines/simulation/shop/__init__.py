"""What is there before any customer: products, towns, latent segments, and the calendar of demand and discounts."""
