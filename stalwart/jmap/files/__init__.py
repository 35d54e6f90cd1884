"""Files and folders over JMAP (draft-ietf-jmap-filenode), the same tree that WebDAV shows below ``/dav/file``."""
