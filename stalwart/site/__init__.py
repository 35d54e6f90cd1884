"""The face of plain pages: health checks, robots.txt, the root redirect and the diagnosis page."""
