"""Face: JMAP (RFC 8620) below ``/jmap``: one engine, methods and capabilities found where they are declared."""
