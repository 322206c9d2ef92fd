"""Ways of carrying out one definition: one date, many dates, or the customers of one request. All agree bit for bit."""
