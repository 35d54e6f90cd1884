"""What watches the server and tells of it: logs, web hooks, exports, history; following the settings."""
