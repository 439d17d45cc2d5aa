"""underthesea's word segmentation without the rest of underthesea.

The package's own front door loads the dictionaries of three taggers that nobody here asks for: 46 MB and 0.35 s of
85 MB and 1.1 s. So the segmentation is loaded through a side door.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from functools import lru_cache

Tokenize = Callable[[str], list[str]]

_PACKAGE = "underthesea"


@lru_cache(maxsize=1)
def load_tokenizer() -> Tokenize:
    """Return the function that takes a text apart into words, with its model loaded."""
    if _PACKAGE not in sys.modules and (spec := importlib.util.find_spec(_PACKAGE)):
        # The modules find their package, but what its front door would load is left out.
        sys.modules[_PACKAGE] = importlib.util.module_from_spec(spec)
        try:
            # The first of the two has to be loaded first: they need each other.
            importlib.import_module(f"{_PACKAGE}.pipeline.text_normalize")
            tokenize = _tokenizer(f"{_PACKAGE}.pipeline.word_tokenize")
        except (ImportError, AttributeError):
            # Another version, built otherwise: it is loaded whole.
            for name in [name for name in sys.modules if name.startswith(f"{_PACKAGE}.")]:
                del sys.modules[name]
        else:
            return tokenize
        finally:
            # Whoever imports the package itself gets it whole.
            del sys.modules[_PACKAGE]
    return _tokenizer(_PACKAGE)


def _tokenizer(module: str) -> Tokenize:
    tokenize: Tokenize = importlib.import_module(module).word_tokenize
    # The first call loads the model.
    tokenize("a")
    return tokenize
