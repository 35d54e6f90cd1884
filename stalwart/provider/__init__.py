"""The server as an OAuth 2.0 and OpenID provider, without HTTP: clients, requests, codes, tokens, keys, sign-ins."""
