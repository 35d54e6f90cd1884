"""The schema document: what can be set, for programs that build forms and command lines from it (settings B)."""
