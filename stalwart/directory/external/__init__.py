"""Directories elsewhere that know accounts and their passwords: OpenID providers, LDAP servers, SQL tables."""
