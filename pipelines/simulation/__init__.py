"""The simulated shop: the shop itself, its people, what they do, and what goes wrong when it is exported."""
