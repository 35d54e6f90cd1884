"""What SMTP and LMTP servers read and write, without a connection: commands, paths, parameters, replies, messages."""
