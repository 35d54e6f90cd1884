"""Makes ``twistd stalwart`` known; the module is named as a string because every twistd run imports this file."""

from twisted.application.service import ServiceMaker

stalwart = ServiceMaker(
    "stalwart", "stalwart.app.tap", "Mail and collaboration HTTP server (JMAP, DAV, delivery diagnosis)", "stalwart"
)
