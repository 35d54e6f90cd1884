"""The settings objects over JMAP: ``x:`` methods of ``urn:stalwart:jmap`` (settings A.2 to A.8)."""
