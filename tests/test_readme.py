"""The README does what it says: its commands are run, in order, in one shell for each kind of server they need.

Before each block a comment says what to do with it: `<!-- run: local -->` (postgresql, kafka), `<!-- file: NAME -->`
or `<!-- not run: why -->`. A command must end with 0, or with what its `# exit code N` says. What is shown must be
among what is printed, in that order, numbers and ids aside; `…` stands for anything.
"""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy.dialects import postgresql

from bulkdelete.records.ledger import ledger_tables
from bulkdelete.records.postgresql.dialect import PostgreSQL
from bulkdelete.service.configuration import variables
from bulkdelete.service.settings import KafkaSettings, Settings
from tests.servers.kafka import Kafka

ROOT = Path(__file__).parent.parent
OPERATIONS = ROOT / "docs" / "operations.md"
BLOCK = re.compile(r"^(?:<!-- ([a-z ]+): (.+?) -->\n)?```(console|python|yaml|json)\n(.*?)^```$", re.M | re.S)
EXIT_CODE = re.compile(r" +# exit code (\d+)$")
TABLES = """
CREATE TABLE customer (id integer PRIMARY KEY, name text NOT NULL, status text NOT NULL, lastlogin {time},
    createdon {time} NOT NULL);
CREATE TABLE address (id integer PRIMARY KEY, customer integer NOT NULL, city text,
    CONSTRAINT address_customer_fkey FOREIGN KEY (customer) REFERENCES customer ON DELETE CASCADE);
CREATE TABLE invoice (id integer PRIMARY KEY, customer integer NOT NULL, total real,
    CONSTRAINT invoice_customer_fkey FOREIGN KEY (customer) REFERENCES customer ON DELETE RESTRICT);
CREATE INDEX address_customer ON address (customer);
CREATE INDEX invoice_customer ON invoice (customer);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
INSERT INTO customer SELECT i, 'Customer ' || i,
    CASE i % 3 WHEN 0 THEN 'active' WHEN 1 THEN 'closed' ELSE 'blocked' END,
    CAST(CASE WHEN i % 5 > 0 THEN (2018 + i % 8) || '-06-01 12:00:00' END AS {time}),
    CAST('2018-01-01 08:00:00' AS {time}) FROM n;
INSERT INTO address SELECT id, id, 'Springfield' FROM customer;
INSERT INTO invoice SELECT id, id, 10 FROM customer WHERE id % 400 = 1;
"""
KCAT = """#!/bin/sh
exec "{python}" - "$@" <<'END'
import asyncio, sys
from pathlib import Path
from aiokafka import AIOKafkaProducer
_, _, _, servers, _, topic, _, key, body = sys.argv
async def produce():
    async with AIOKafkaProducer(bootstrap_servers=servers) as producer:
        await producer.send_and_wait(topic, Path(body).read_bytes(), key.encode())
asyncio.run(produce())
END
"""
"""`kcat -P -b SERVERS -t TOPIC -k KEY FILE`, where there is none."""


@dataclass(frozen=True)
class Block:
    """A block of the README, and what is to be done with it."""

    action: str
    what: str
    language: str
    text: str


def blocks() -> list[Block]:
    """Every block that could be run, or is a file."""
    return [Block(*found.groups("")) for found in BLOCK.finditer((ROOT / "README.md").read_text(encoding="utf-8"))]


@dataclass
class Story:
    """The blocks that need the same servers, in a folder of their own."""

    folder: Path
    words: dict[str, str]
    """What the README says → what it is here."""

    def run(self, kind: str, environment: dict[str, str]) -> None:
        """Run them all."""
        own = [one for one in blocks() if (one.action, one.what) == ("run", kind)]
        for one in blocks():
            if one.action == "file":
                (self.folder / one.what).write_text(self.here(one.text), encoding="utf-8")
        script = self.folder / "script.sh"
        script.write_text("\n".join(self.script(own)), encoding="utf-8")
        done = subprocess.run(
            ["bash", script], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=400, check=False
        )  # fmt: skip
        told = done.stdout + done.stderr
        ends = dict(re.findall(r"^@@ end (\d+/\d+) (\d+)$", done.stdout, re.M))
        assert ends == dict(self.ends(own)), told
        for at, one in enumerate(own):
            if one.language != "console":
                continue
            printed = told.split(f"@@ block {at}\n")
            check_shown(self.here(one.text), "\n".join(part.split("@@ block")[0] for part in printed[1:]), told)

    def here(self, text: str) -> str:
        """A text with this machine's addresses."""
        for word, here in self.words.items():
            text = text.replace(word, here)
        return text

    def script(self, own: list[Block]) -> Iterator[str]:
        """One script, whose background processes end with it."""
        yield "trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT"
        for at, one in enumerate(own):
            yield f"echo '@@ block {at}' | tee /dev/stderr"
            for number, command in enumerate(self.commands(at, one)):
                yield in_background(command[:-2]) if command.endswith(" &") else EXIT_CODE.sub("", command)
                yield f"echo @@ end {at}/{number} $?"

    def commands(self, at: int, block: Block) -> list[str]:
        """The commands of a block."""
        if block.language == "console":
            return [line[2:] for line in self.here(block.text).splitlines() if line.startswith("$ ")]
        path = self.folder / f"block_{at}.py"
        path.write_text(self.here(block.text), encoding="utf-8")
        return [f"{sys.executable} {path}"]

    def ends(self, own: list[Block]) -> Iterator[tuple[str, str]]:
        """How each command ends."""
        for at, one in enumerate(own):
            for number, command in enumerate(self.commands(at, one)):
                found = EXIT_CODE.search(command)
                yield f"{at}/{number}", found[1] if found else "0"


def in_background(command: str) -> str:
    """A process that lasts until the script ends; what follows finds it ready."""
    wait = "for _ in $(seq 900); do grep -q '\"serving\"' background.log && break; sleep 0.1; done"
    return f"{command} > background.log 2>&1 &\n{wait}"


def check_shown(text: str, printed: str, told: str) -> None:
    """Hold what is shown against what is printed, line by line, in order."""
    rest = iter([shape(line) for line in printed.splitlines()])
    for line in text.splitlines():
        if line.startswith("$ ") or line.strip() == "…":
            continue
        begin = shape(line.partition("…")[0])
        assert any(one.startswith(begin) for one in rest), f"not printed, or not here: {line}\n{told}"


def shape(line: str) -> str:
    """A line without its numbers, ids and spaces."""
    return re.sub(r"\s+", "", re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|[\d,.]*\d", "#", line))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    kcat = tmp_path / "bin" / "kcat"
    kcat.write_text(KCAT.format(python=sys.executable), encoding="utf-8")
    kcat.chmod(0o755)
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.executescript(TABLES.format(time="text"))
    return tmp_path


@pytest.fixture
def environment(folder: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}:{folder / 'bin'}:{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BULKDELETE_")}
    return {**kept, "PATH": path, "BULKDELETE_STATE": str(folder / "state"), "COLUMNS": "120"}


@pytest.fixture
def shop(postgresql_url: str) -> str:
    with psycopg.connect(postgresql_url) as connection:
        connection.execute(TABLES.format(time="timestamp").encode())
    return postgresql_url


def test_local_blocks(folder: Path, environment: dict[str, str]) -> None:
    Story(folder, {}).run("local", environment)


@pytest.mark.postgresql
def test_postgresql_blocks(folder: Path, environment: dict[str, str], shop: str) -> None:
    words = {"postgresql://shop@localhost/shop": shop, "export PGPASSWORD=secret": "true"}
    Story(folder, words).run("postgresql", environment)


@pytest.mark.kafka
@pytest.mark.postgresql
def test_kafka_blocks(folder: Path, environment: dict[str, str], shop: str, kafka: Kafka) -> None:
    prefix = f"readme-{uuid4().hex[:8]}"
    words = {
        "postgresql://localhost/shop": shop, "localhost:9092": kafka.address, "-t bulkdelete.": f"-t {prefix}.",
        "Client.connect(": f"Client.connect(prefix={prefix!r}, servers=",
    }  # fmt: skip
    Story(folder, words).run("kafka", {**environment, "BULKDELETE_KAFKA__PREFIX": prefix})


def test_every_block_is_run_or_says_why_not() -> None:
    assert [one.text for one in blocks() if not one.action] == []
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    named = re.findall(r"make ([a-z-]+)", " ".join(one.text for one in blocks()))
    assert set(named) <= set(targets)
    links = re.findall(r"\]\((?!http)([^)#]+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert [one for one in links if not (ROOT / one).exists()] == []


def test_operations_guide_names_every_setting_and_default() -> None:
    rows = re.findall(r"^\| `(BULKDELETE_\w+)` \| (.*?) \|", OPERATIONS.read_text(encoding="utf-8"), re.M)
    named = {f"BULKDELETE_{setting}__NAME" for setting in ("DATABASES", "CATALOGUES", "LEDGERS")}
    assert {name for name, _ in rows} == {*variables(), *named}
    plain = {name: text.strip("`") for name, text in rows}
    for prefix, model in (("BULKDELETE_", Settings), ("BULKDELETE_KAFKA__", KafkaSettings)):
        for name, field in model.model_fields.items():
            if isinstance(field.default, str | bool | int | float):
                assert plain[prefix + name.upper()] == str(field.default).replace("True", "true")


def test_operations_guide_shows_our_tables() -> None:
    found = re.search(r"^```sql\n(.*?)^```$", OPERATIONS.read_text(encoding="utf-8"), re.M | re.S)
    server = PostgreSQL()
    ledger = ledger_tables(server, server.ledger_place)
    statements = ledger.statements(postgresql.dialect())  # type: ignore[no-untyped-call]
    assert found
    assert [one.split() for one in found[1].split(";")[:-1]] == [one.split() for one in statements]
