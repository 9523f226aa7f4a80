"""The composition root of the service: one function puts a process together from its settings."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

from bulkdelete.consumers.attention import Attention
from bulkdelete.consumers.deletion import Deletion
from bulkdelete.consumers.routes import Role
from bulkdelete.projections.keeper import ViewKeeper
from bulkdelete.projections.layout import ViewFiles
from bulkdelete.service.cataloguefile import read_catalogue
from bulkdelete.service.event_store import open_event_store
from bulkdelete.service.kafka.parts import Parts
from bulkdelete.service.limits import bounds_of, limits_of
from bulkdelete.service.notifying import notifier_of
from bulkdelete.service.settings import Settings
from bulkdelete.service.targets import Targets


@contextmanager
def parts_of(settings: Settings, roles: frozenset[Role]) -> Iterator[Parts]:
    """Everything the handlers of these roles need, closed at the end.

    Raises UnavailableError, SettingsError, InvalidJobError for a catalogue that cannot be read.
    """
    stopping = threading.Event()
    catalogues = {}
    if Role.OPERATIONS in roles:
        catalogues = {name: read_catalogue(path) for name, path in settings.catalogues.items()}
    addresses = {name: url.secret for name, url in settings.databases.items()}
    targets = Targets(addresses, settings.all_ledgers(), partial(limits_of, settings))
    with open_event_store(settings.events) as application, closing(targets):
        deletion = Deletion(application, targets.of, stopping.is_set, Attention(application))
        keeper = None
        if Role.PROJECTION in roles:
            keeper = ViewKeeper(ViewFiles.beside(settings.views_path), application)
        try:
            notifier = notifier_of(settings, application) if Role.NOTIFICATION in roles else None
            yield Parts(
                application, settings.databases.keys(), deletion.do, keeper, stopping.set, targets.check, catalogues,
                settings.all_ledgers(), bounds_of(settings), settings.simulated_time, notifier,
            )  # fmt: skip
        finally:
            deletion.retried.close()
            if keeper is not None:
                keeper.close()
