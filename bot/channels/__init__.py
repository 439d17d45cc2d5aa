"""The messengers: each says what it can do, brings events in, and carries messages out."""
