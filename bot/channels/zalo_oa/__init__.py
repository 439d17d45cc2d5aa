"""Zalo Official Accounts, on the project's own client of their OpenAPI."""
