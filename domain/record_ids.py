"""The ids of many records, packed: what events, ledger rows and messages carry instead of one row a record.

`int8` and `uuid` are 8 and 16 bytes a record, big-endian, in base64, as `int8send` and `uuid_send` write them;
`text` is a list of texts; `composite` a list of lists of texts, in key order.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

KeyKind = Literal["int8", "uuid", "text", "composite"]
RecordId = str | list[str]

WIDTH: dict[str, int] = {"int8": 8, "uuid": 16}
SPELLED, HYPHENS = 36, 4
"""Characters of a uuid as databases print it."""


@dataclass(frozen=True)
class RecordIds:
    """The packed ids of records of one entity."""

    kind: KeyKind
    count: int
    data: str | list[Any]

    @classmethod
    def of_bytes(cls, kind: KeyKind, packed: bytes) -> RecordIds:
        """Ids that a database packed: fixed width, big-endian."""
        count, rest = divmod(len(packed), WIDTH[kind])
        if rest:
            raise ValueError(f"{len(packed)} bytes are no whole number of {kind} ids")
        return cls(kind, count, base64.b64encode(packed).decode("ascii"))

    @classmethod
    def of(cls, kind: KeyKind, ids: Sequence[Any]) -> RecordIds:
        """Ids given one by one: int, UUID or its text, text, or sequence of texts, by the kind."""
        match kind:
            case "int8":
                return cls.of_bytes(kind, struct.pack(f">{len(ids)}q", *map(int, ids)))
            case "uuid":
                return cls.of_bytes(kind, bytes_of(ids))
            case "text":
                return cls(kind, len(ids), [str(one) for one in ids])
            case "composite":
                return cls(kind, len(ids), [[str(part) for part in one] for one in ids])

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> RecordIds:
        """The twin of `to_json`."""
        return cls(value["kind"], value["count"], value["data"])

    def to_json(self) -> dict[str, Any]:
        """`kind`, `count` and `data`, as events and messages carry them."""
        return {"kind": self.kind, "count": self.count, "data": self.data}

    def __iter__(self) -> Iterator[RecordId]:
        """Each id as text, as the database prints it; composite keys as lists."""
        if isinstance(self.data, list):
            yield from self.data
            return
        packed = base64.b64decode(self.data)
        if self.kind == "int8":
            yield from (str(number) for (number,) in struct.iter_unpack(">q", packed))
        else:
            yield from (str(UUID(bytes=packed[at : at + 16])) for at in range(0, len(packed), 16))

    def __len__(self) -> int:
        return self.count

    def pieces(self, size: int) -> Iterator[RecordIds]:
        """The same ids in pieces of at most `size` bytes of `data` (one id at least)."""
        if isinstance(self.data, str):
            if self.count and len(self.data) <= size:
                yield self
                return
            step = max(1, size * 3 // 4 // WIDTH[self.kind]) * WIDTH[self.kind]
            packed = base64.b64decode(self.data)
            yield from (self.of_bytes(self.kind, packed[at : at + step]) for at in range(0, len(packed), step))
            return
        piece: list[Any] = []
        used = 0
        for one in self.data:
            weight = len(str(one).encode()) + 8
            if piece and used + weight > size:
                yield RecordIds(self.kind, len(piece), piece)
                piece, used = [], 0
            piece.append(one)
            used += weight
        if piece:
            yield RecordIds(self.kind, len(piece), piece)


def joined(kind: KeyKind, many: Iterable[RecordIds]) -> RecordIds:
    """All ids of many packs in one."""
    packs = list(many)
    if len(packs) == 1:
        return packs[0]
    if kind in WIDTH:
        return RecordIds.of_bytes(
            kind, b"".join(base64.b64decode(one.data) for one in packs if isinstance(one.data, str))
        )
    return RecordIds.of(kind, [one for ids in packs for one in ids])


def bytes_of(uuids: Sequence[Any]) -> bytes:
    """Many uuids, or their texts, side by side. Raises ValueError for what is none."""
    texts = [str(one) for one in uuids]
    if all(len(one) == SPELLED and one.count("-") == HYPHENS for one in texts):
        return bytes.fromhex("".join(texts).replace("-", ""))
    return b"".join(UUID(one).bytes for one in texts)


def key_in_words(record_id: RecordId) -> str:
    """A record's id for people; the parts of a composite key in parentheses, so that several ids stay apart."""
    return record_id if isinstance(record_id, str) else f"({', '.join(record_id)})"
