"""A projecting process is killed at any instant, and the rows are exact."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from bulkdelete.projections.layout import ViewFiles
from bulkdelete.projections.opening import open_views
from bulkdelete.projections.verify import verify
from tests.projections.story import Story, all_events, event_store, gone

PROJECTING = """
import sys, time
from pathlib import Path
import bulkdelete.projections.parts as parts, bulkdelete.projections.recorded as recorded
from bulkdelete.projections.keeper import ViewKeeper
from bulkdelete.projections.layout import ViewFiles
from tests.projections.story import event_store
parts.FULL, parts.MANY, recorded.MOST_EVENTS = 40, 3, 5
state = Path(sys.argv[1])
with event_store(state) as application:
    keeper = ViewKeeper(ViewFiles.of_state(state), application, seconds_between_snapshots=0.0)
    print("on", flush=True)
    while True:
        keeper.step()
"""


def test_a_projecting_process_is_killed_at_any_instant(tmp_path: Path, files: ViewFiles) -> None:
    with event_store(tmp_path) as application:
        story = Story(application).started().planned(200)
        for unit in range(4):
            process = subprocess.Popen(
                [sys.executable, "-c", PROJECTING, str(tmp_path)], stdout=subprocess.PIPE, text=True
            )
            assert process.stdout is not None
            process.stdout.readline()
            until = time.monotonic() + 0.05 + unit * 0.1
            at = unit * 10
            while time.monotonic() < until or at == unit * 10:
                story.batch(at, deleted=[gone(*range(at * 10, at * 10 + 10))])
                at = min(at + 1, unit * 10 + 9)
            process.kill()
            process.communicate()
            expected = application.operation(story.id).queries[0]["deleted"]
            with open_views(files, application) as views:
                assert views.status().deleted == expected == len({one.record_id for one in views.deleted()})
                ((rows,),) = views.sql("SELECT count(*) FROM deleted_records")[1]
                assert rows == expected
        assert verify(files, application).equal
        assert len(all_events(application)) > 30
