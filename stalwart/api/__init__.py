"""The face below ``/api``: account introspection, live tokens and live streams (helpers around JMAP)."""
