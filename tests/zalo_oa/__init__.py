"""Zalo's OpenAPI for Official Accounts, for tests: real HTTP on loopback, strict, with every fault to order.

`server.OpenApi` runs it in a thread of the test and plays the people; what it keeps of each message that reached
somebody is the oracle. What the live service does where sources disagree is a switch in `world.World`.
"""
