"""The word that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def suggestion(word: str, words: Iterable[str]) -> str:
    """`. Did you mean "…"?`, or nothing."""
    known = list(words)
    same = [one for one in known if one.lower() == word.lower()]
    close = same or difflib.get_close_matches(word, known, n=1, cutoff=0.7)
    return f'. Did you mean "{close[0]}"?' if close else ""
