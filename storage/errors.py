"""What can go wrong with what the bot remembers.

StorageError
├── StorageBusy         locked by another process beyond the time-out, or the disk is full: try again later
└── StorageUnusable     not a database, damaged, or made by a newer version
"""

from __future__ import annotations


class StorageError(Exception):
    """The root of everything that this room raises."""


class StorageBusy(StorageError):
    """The database cannot take a write now; nothing was changed and the caller may try again."""


class StorageUnusable(StorageError):
    """The file cannot be used as the bot's database at all."""
