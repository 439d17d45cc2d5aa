"""A Telegram Bot API server for tests: real HTTP on loopback, as strict as Telegram, every fault to order.

`client.BotApi` starts it in a process of its own and plays the users; `python -m tests.botapi` lets a person play one.
What the server keeps of each message a bot sent is the oracle of what people saw.
"""
