"""What is stored as JSON: written without blanks, accents as they are, and read again.

Each message that is answered writes about three such texts and reads as many; orjson does it faster than the standard
library.
"""

from __future__ import annotations

import orjson


def to_json(data: object) -> str:
    """Return plain data as JSON. Keys that are numbers become text, as JSON wants it.

    Raises TypeError for what JSON cannot hold: other objects, whole numbers beyond 64 bits, half a surrogate pair.
    """
    return orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS).decode()


from_json = orjson.loads
"""Returns what such a text, or its bytes, says; raises ValueError for what is none."""
