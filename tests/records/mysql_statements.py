"""Statements of tests as MySQL takes them.

Of `column type REFERENCES …` it makes no foreign key (before 9.0); it has no uuid, and other names for collations.
"""

from __future__ import annotations

import re

TOKEN = re.compile(
    r'"(?:[^"]|"")*"|\'(?:[^\'\\]|\'\'|\\.)*\'|`[^`]*`|CREATE\s+TABLE\b|[(),;]|[^"\'`(),;]', re.IGNORECASE
)
COLUMN = re.compile(
    r'\s*(?P<name>"(?:[^"]|"")+"|(?!CONSTRAINT\b|FOREIGN\b|PRIMARY\b|UNIQUE\b|CHECK\b)\w+)\s(?P<type>.*?)\s'
    r'(?P<key>(?:CONSTRAINT\s+(?:"(?:[^"]|"")+"|\w+)\s+)?)(?P<to>REFERENCES\b.*)',
    re.IGNORECASE | re.DOTALL,
)


OTHERS = {
    "utf8mb4_nopad_bin": "utf8mb4_0900_bin",
    " uuid": " char(36) CHARACTER SET ascii",
}


def as_mysql(script: str) -> str:
    """The same statements."""
    for other, ours in OTHERS.items():
        script = re.sub(rf"{other}\b", ours, script)
    return apart(script)


def apart(script: str) -> str:
    """The same statements, the references of columns as constraints of their tables."""
    written, parts, depth, creating = "", [""], 0, False
    for token in TOKEN.findall(script):
        if not depth and token.upper().startswith("CREATE"):
            creating = True
        if creating and depth == 1 and token == ",":
            parts.append("")
            continue
        depth += {"(": 1, ")": -1}.get(token, 0)
        if creating and depth == 0 and token == ")":
            written, parts, creating = f"{written}{', '.join(with_keys(parts))})", [""], False
        elif creating and depth and not (depth == 1 and token == "("):
            parts[-1] += token
        else:
            written += token
    return written


def with_keys(parts: list[str]) -> list[str]:
    """The columns and constraints of one table, references last."""
    columns, keys = [], []
    for part in parts:
        if found := COLUMN.fullmatch(part):
            columns.append(f"{found['name']} {found['type']}")
            keys.append(f"{found['key']}FOREIGN KEY ({found['name']}) {found['to']}")
        else:
            columns.append(part)
    return [*columns, *keys]
