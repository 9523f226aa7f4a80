"""How an entity is walked, in words."""

from __future__ import annotations

WALKS = {
    "pages": "by page range", "rowids": "by rowid range", "keys": "by key", "matching": "found by themselves",
    "set_aside": "once more", "retried": "by their keys",
}  # fmt: skip
