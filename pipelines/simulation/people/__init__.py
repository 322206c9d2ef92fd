"""Who the customers are: their traits, companies, guest accounts and register, and how long they stay."""
