"""Links of the calculator: the fragment of its address, as ``key=value`` pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The version of the format, the first pair of a link. A link of another version states it.
VERSION = ("v", "2")
#: Punctuation that a value contains as it is, except as its last character.
INSIDE = "._~:,@!"


def pairs(link: str) -> list[tuple[str, str]]:
    """Read the settings of a link (an address, ``#…``, or a fragment), and its version if it is another one."""
    fragment = link.rsplit("#", 1)[-1].strip()
    return [pair for pair in parse_qsl(fragment, keep_blank_values=True) if pair != VERSION]


def pairs_of_argument(argument: str) -> list[tuple[str, str]]:
    """Read the directive's argument: a link, or a model's name."""
    argument = "".join(argument.split())
    if not argument:
        return []
    return pairs(argument) if "=" in argument or "#" in argument else [("model", argument)]


def escaped(value: str) -> str:
    """Escape a value as the calculator does.

    Programs that detect links in texts leave punctuation at the end out of them, so it is escaped there.
    """
    text = quote(value, safe=f"-/{INSIDE}")
    return f"{text[:-1]}%{ord(text[-1]):02X}" if text and text[-1] in INSIDE else text


def joined(settings: Iterable[tuple[str, str]]) -> str:
    """Join settings into a link, escaping characters that are special in links, HTML or TeX."""
    given = list(settings)
    version = [] if any(key == VERSION[0] for key, _ in given) else [VERSION]
    return "&".join(f"{quote(key, safe='._-')}={escaped(value)}" for key, value in [*version, *given])


def in_words(settings: Iterable[tuple[str, str]]) -> str:
    """Return settings as readable text."""
    texts = (f"{key}={value}" for key, value in settings if key != VERSION[0])
    return ", ".join(texts) or "the default configuration"
