"""A million records are a second's work, in memory that does not grow with them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from bulkdelete.domain.failures import Cause, PackedIds
from bulkdelete.domain.outcomes import GoneRecords
from bulkdelete.domain.record_ids import RecordIds
from tests.projections.story import Story, event_store

MEASURED = r"""
import json, re, sys, time
from pathlib import Path
from bulkdelete.projections.keeper import ViewKeeper
from bulkdelete.projections.layout import ViewFiles
from bulkdelete.projections.opening import open_views
from tests.projections.story import event_store
files = ViewFiles.of_state(Path(sys.argv[1]))
with event_store(Path(sys.argv[1])) as application:
    began = time.process_time()
    with ViewKeeper(files, application) as keeper:
        keeper.catch_up()
    projecting = time.process_time() - began
    with open_views(files, application) as views:
        ((deleted, distinct),) = views.sql("SELECT count(*), count(DISTINCT record_id) FROM deleted_records")[1]
        failed = sum(1 for _ in views.json_of("failures"))
# Not ru_maxrss: it keeps the size of the process that started this one.
peak = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024
found = {"seconds": projecting, "peak": peak, "deleted": deleted, "failed": failed, "distinct": distinct}
print(json.dumps(found))
"""
A_BATCH = 20_000


def uuids() -> PackedIds:
    return PackedIds.of(RecordIds.of_bytes("uuid", os.urandom(16 * A_BATCH)))


def test_a_million_records(tmp_path: Path) -> None:
    with event_store(tmp_path) as application:
        story = Story(application).started().planned(60)
        for unit in range(40):
            story.batch(unit, deleted=[GoneRecords(entity="incident", cascaded=False, records=uuids())])
        failures = [uuids() for _ in range(10)]
        for unit, records in enumerate(failures, 40):
            failed = Cause(entity="incident", error_number="23503", error_description="still open", records=records)
            story.batch(unit, failures=[failed])
        story.planned(0, number=2).planned(5, number=2, retry=True)
        for unit, records in enumerate(failures[:5], 60):
            gone = GoneRecords(entity="incident", cascaded=False, records=records)
            story.batch(unit, deleted=[gone], cleared=[records])

    done = subprocess.run([sys.executable, "-c", MEASURED, str(tmp_path)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["deleted"], found["distinct"], found["failed"]) == (900_000, 900_000, 100_000)
    assert found["peak"] < 300
    assert found["seconds"] < 10
