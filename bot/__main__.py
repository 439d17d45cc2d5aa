"""`python -m bot` is `ungxu`."""

from bot.cli import main

main()
