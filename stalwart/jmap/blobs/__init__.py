"""Binary data of JMAP (RFC 8620 6, RFC 9404): upload and download over HTTP, and the ``Blob/`` methods."""
