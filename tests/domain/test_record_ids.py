"""Packed ids: what goes in comes out, in pieces too."""

from __future__ import annotations

import json
import random
from typing import Any
from uuid import UUID, uuid4

import pytest

from bulkdelete.domain.failures import Cause, PackedIds
from bulkdelete.domain.outcomes import BatchDone
from bulkdelete.domain.record_ids import KeyKind, RecordIds, joined
from bulkdelete.records.result import BatchResult

SAMPLES: dict[KeyKind, list[Any]] = {
    "int8": [0, 1, -1, 2**63 - 1, -(2**63)],
    "uuid": [UUID(int=0), UUID(int=2**128 - 1), uuid4()],
    "text": ["", "a", "ünï", "😀" * 50, 'quo"ted', "\n"],
    "composite": [["a", "1"], ["", "2"], ["it's", '"']],
}


@pytest.mark.parametrize("kind", SAMPLES)
def test_ids_survive_packing_and_json(kind: KeyKind) -> None:
    ids = RecordIds.of(kind, SAMPLES[kind])

    again = RecordIds.from_json(json.loads(json.dumps(ids.to_json())))

    assert again == ids
    assert list(again) == [one if isinstance(one, list) else str(one) for one in SAMPLES[kind]]
    assert len(again) == again.count == len(SAMPLES[kind])


@pytest.mark.parametrize("size", [1, 20, 100, 100_000])
@pytest.mark.parametrize("kind", SAMPLES)
def test_pieces_together_are_the_whole(kind: KeyKind, size: int) -> None:
    ids = RecordIds.of(kind, SAMPLES[kind] * 7)

    pieces = list(ids.pieces(size))

    assert [one for piece in pieces for one in piece] == list(ids)
    assert joined(kind, pieces) == ids
    assert all(piece.count for piece in pieces)


def test_none_at_all() -> None:
    for kind in SAMPLES:
        assert list(RecordIds.of(kind, [])) == []
        assert list(RecordIds.of(kind, []).pieces(10)) == []


def test_bytes_that_are_no_whole_number_of_ids_are_refused() -> None:
    with pytest.raises(ValueError, match="no whole number"):
        RecordIds.of_bytes("uuid", b"x" * 17)


def result(records: int) -> BatchResult:
    """A batch of many records, failures and cleared failures."""
    generator = random.Random(records)
    texts = ["x" * generator.randint(1, 400) for _ in range(records)]
    causes = [
        Cause(entity="a", error_number=str(at), error_description="e" * 8_000,
              records=PackedIds.of(RecordIds.of("text", texts[at::40])))
        for at in range(min(40, records))
    ]  # fmt: skip
    gone = [
        ("a", False, RecordIds.of("uuid", [uuid4() for _ in range(records)])),
        ("b", True, RecordIds.of("text", texts)),
    ]
    return BatchResult(
        "2024-01-31T13:00:00+00:00", 7, False, gone, causes, [RecordIds.of("int8", range(records))], 3, {"c": 2}
    )


@pytest.mark.parametrize("records", [1, 100, 20_000])
def test_the_messages_of_a_batch_are_bounded_and_tell_all(records: int) -> None:
    made = result(records)

    parts = made.outcomes(uuid4(), 1, 0, 5, 2)

    assert max(len(one.model_dump_json().encode()) for one in parts) <= 768 * 1024
    assert [(one.part, one.parts) for one in parts] == [(at, len(parts)) for at in range(len(parts))]
    assert sum(one.vanished for one in parts) == 3
    assert [ids for one in parts for gone in one.deleted if gone.cascaded for ids in gone.records.ids()] == list(
        made.gone[1][2]
    )
    assert sum(gone.records.count for one in parts for gone in one.deleted) == 2 * records
    assert sum(cause.records.count for one in parts for cause in one.failures) == records
    assert sum(ids.count for one in parts for ids in one.cleared) == records
    assert {one.unlinked.get("c", 0) for one in parts[1:]} <= {0}


def test_a_result_survives_the_ledger() -> None:
    made = result(100)

    again = BatchResult.from_json(made.to_json())

    assert again == made
    operation_id = uuid4()
    assert again.outcomes(operation_id, 1, 0, 5, 2) == made.outcomes(operation_id, 1, 0, 5, 2)


def test_an_outcome_survives_its_message() -> None:
    (part, *_) = result(10).outcomes(uuid4(), 1, 0, 5, 2)

    assert BatchDone.model_validate_json(part.model_dump_json()) == part
