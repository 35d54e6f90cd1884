"""The schema document, which describes every settings object to clients: built from the declarations (settings B)."""
