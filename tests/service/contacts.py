"""The command line on contacts that some incidents and a trigger keep."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bulkdelete.service.cli.main import create

JOB = {
    "name": "Contacts",
    "queries": [{"EntityName": "contact", "all_records": True}],
    "notify": {"to": ["ops@example.com"], "cc": ["boss@example.com"]},
}


class Shell:
    """The command line, in this process."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.state, self.database, self.capsys = folder / "state", folder / "crm.db", capsys
        (folder / "job.json").write_text(json.dumps(JOB))
        self.job = str(folder / "job.json")
        self.out = self.err = ""

    def __call__(self, *arguments: str) -> int:
        """Run a command; its exit code."""
        self.capsys.readouterr()
        code: Any = 0
        try:
            create()([*arguments, "--state", str(self.state)])
        except SystemExit as end:
            code = end.code or 0
        self.out, self.err = self.capsys.readouterr()
        return int(code)

    def answer(self, *arguments: str) -> Any:
        """What a command says as JSON."""
        self(*arguments, "--json")
        return json.loads(self.out)

    def run(self) -> int:
        return self("run", self.job, "--database", f"sqlite:///{self.database}", "--yes")

    def sql(self, script: str) -> None:
        with closing(sqlite3.connect(self.database)) as connection:
            connection.executescript(script)


def contacts(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Contacts, some of which incidents hold, others a trigger; a mail server that nobody knows yet."""
    found = Shell(folder, capsys)
    found.sql("""
        CREATE TABLE contact (id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE incident (id INTEGER PRIMARY KEY, contact_id INTEGER CONSTRAINT holds REFERENCES contact (id));
        CREATE INDEX incident_contact ON incident (contact_id);
        CREATE TRIGGER vip BEFORE DELETE ON contact WHEN old.name = 'vip' BEGIN SELECT RAISE(ABORT, '=vip stays'); END;
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
        INSERT INTO contact SELECT i, CASE WHEN i > 58 THEN 'vip' END FROM n;
        INSERT INTO incident SELECT id, id FROM contact WHERE id <= 5;
        INSERT INTO incident SELECT id + 100, 1 FROM contact WHERE id <= 5;
    """)
    for name in ("HOST", "PORT", "SECURITY", "SENDER"):
        monkeypatch.delenv(f"BULKDELETE_SMTP__{name}", raising=False)
    return found
