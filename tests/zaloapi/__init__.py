"""The Zalo Bot Platform for tests: real HTTP on loopback, strict, every fault to order.

Where nobody knows how the real service behaves there is a switch (`world.Switches`), so that a bot is tried under every
reading. `client.ZaloApi` starts it in a process of its own and plays the people. What the server keeps of each message
that a bot sent is the oracle of what people saw.
"""
