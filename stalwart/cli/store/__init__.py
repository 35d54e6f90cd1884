"""``stalwart-cli store``: the data store as a whole, without a server: copies, backups, checks."""
