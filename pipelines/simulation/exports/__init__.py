"""How the shop hands its data over: files in local time, with countable dirt in them."""
