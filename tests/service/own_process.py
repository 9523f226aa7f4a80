"""Some roles of a service in a process of its own, to be killed: `python -m tests.service.own_process ROLES FILE`."""

from __future__ import annotations

import sys
from pathlib import Path

from bulkdelete.service import logs
from bulkdelete.service.configuration import load
from bulkdelete.service.event_store import open_event_store
from bulkdelete.service.kafka.parts import Parts, read_roles
from bulkdelete.service.kafka.serving import serve
from tests.service.fake_target import FakeTarget

if __name__ == "__main__":
    settings = load(Path(sys.argv[2]))
    logs.configure()
    with open_event_store(settings.events) as application:
        serve(settings, read_roles([sys.argv[1]]), Parts(application, {"crm"}, FakeTarget(seconds=0.05).do))
