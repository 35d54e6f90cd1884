"""Identity: sign-in, directories, accounts, credentials, roles, tenants (settings C.4, C.5)."""
