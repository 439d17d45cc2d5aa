"""The side door into underthesea leads to the same words as its front door."""

from __future__ import annotations

import subprocess
import sys

from tests.waiting import PATIENCE

PROGRAM = """
import sys
from knowledge.segmentation import load_tokenizer
text = "Chia sẻ thông tin chưa kiểm chứng trên mạng xã hội có vi phạm không?"
words = load_tokenizer()(text)
assert words[:2] == ["Chia sẻ", "thông tin"], words
assert "underthesea.pipeline.pos_tag" not in sys.modules
assert "underthesea" not in sys.modules
import underthesea
assert underthesea.word_tokenize(text) == words
assert underthesea.pos_tag is not None
"""

OTHER_VERSION = """
import importlib
real = importlib.import_module
def import_module(name, package=None):
    if name == "underthesea.pipeline.text_normalize":
        raise ImportError(name)
    return real(name, package)
importlib.import_module = import_module
from knowledge.segmentation import load_tokenizer
assert load_tokenizer()("mạng xã hội") == ["mạng", "xã hội"]
"""


def run(program: str) -> None:
    """In a process of its own, where nothing of the package is loaded yet."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr


def test_the_words_are_the_same_and_the_package_itself_stays_whole() -> None:
    run(PROGRAM)


def test_another_version_is_loaded_whole() -> None:
    run(OTHER_VERSION)
