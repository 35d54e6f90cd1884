"""The face for whoever looks at a known place: clients for settings, senders for policies, authorities for proofs."""
