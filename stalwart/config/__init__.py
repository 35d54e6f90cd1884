"""Settings objects, one module per object or tight family, and the running settings (``settings.Settings``)."""
