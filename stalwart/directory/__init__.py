"""Who somebody is and what he may do: accounts, credentials, permissions, tokens. Read ``directory.py`` first."""
