"""The simulated shop: its world, its people, what they do, and what goes wrong when it is exported."""
