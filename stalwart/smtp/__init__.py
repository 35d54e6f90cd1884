"""The SMTP and LMTP servers: the dialogue, its connections, and what whoever takes the mail must provide."""
