"""Write the AsyncAPI document: `python -m tests.service.asyncapi docs/asyncapi.json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bulkdelete.service.kafka.asyncapi import document


def text() -> str:
    """The document as it is committed."""
    return json.dumps(document(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")
