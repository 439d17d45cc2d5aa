"""What the bot does: one package a job, the words of a conversation and the catalogue of texts."""
