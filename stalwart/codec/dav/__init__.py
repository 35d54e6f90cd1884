"""What WebDAV, CalDAV and CardDAV read and write, without a request: paths, header fields, XML bodies, privileges.

``names`` holds the qualified names, ``elements`` reads XML, ``bodies`` and its neighbours turn it into values,
``multistatus`` writes answers, ``conditions`` and ``paths`` judge header fields and URLs.
"""
