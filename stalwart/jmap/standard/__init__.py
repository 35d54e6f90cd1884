"""The standard methods of RFC 8620 5, written once over declarations: get, set, changes, query, queryChanges, copy."""
