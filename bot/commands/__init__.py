"""The commands that have commands of their own, a file for each."""
