"""What the bot remembers: one SQLite file, its migrations, and one module a subject."""
