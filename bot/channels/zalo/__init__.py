"""The Zalo Bot Platform, through a client of the project's own on httpx."""
