"""JMAP for Contacts: address books and cards (RFC 9610)."""
