"""Events and figures as OpenTelemetry knows them. Its library is imported when something is sent first."""
