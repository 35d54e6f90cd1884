"""The HTTP kit over Klein: routes, pipeline, access, limits, bans, streams. ``site.build_site`` puts it together."""
