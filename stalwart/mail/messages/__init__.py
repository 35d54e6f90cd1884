"""Messages of accounts: what is kept of one that arrives, the folders it goes to, and the quotas that it counts for."""
