"""The web interface below ``/admin`` and ``/account``, and interfaces of others that take a path (http-service 8)."""
