"""The store on PostgreSQL 15 and newer, and on what speaks its protocol."""
