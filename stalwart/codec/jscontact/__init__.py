"""JSContact (RFC 9553) and what becomes of it in vCard and back (RFC 9554, RFC 9555)."""
