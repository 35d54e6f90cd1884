"""OAuth 2.0, OpenID Connect and the pages where people sign in (auth-api 3 to 9)."""
