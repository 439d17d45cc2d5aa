"""How the bot talks and runs: channels, receiver, delivery, settings, command line, wiring."""
