"""What the bot knows: documents as data, Vietnamese text, the BM25 index and cited answers."""
