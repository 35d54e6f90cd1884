"""The properties of resources, each declared once, in modules by topic."""
