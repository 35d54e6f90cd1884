"""Monitoring: logs, metrics, traces, webhooks, the delivery diagnosis (settings C.10)."""
