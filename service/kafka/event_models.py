"""The fields of every event, as models: for the document that others read."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, TypeAdapter, create_model

from bulkdelete.producers.events import NOT_DATA, TYPE_PREFIX, event_classes


def event_models() -> dict[str, type[BaseModel]]:
    """`ce_type` → a model of the data that such an event carries."""
    return {f"{TYPE_PREFIX}{topic}": model_of(topic, kind) for topic, kind in sorted(event_classes().items())}


def model_of(topic: str, kind: type[Any]) -> type[BaseModel]:
    """The own fields of one kind of event."""
    hints = get_type_hints(kind)
    own: dict[str, Any] = {one.name: (hints[one.name], ...) for one in fields(kind) if one.name not in NOT_DATA}
    name = "".join(word.capitalize() for word in topic.replace("_", ".").split("."))
    config = ConfigDict(extra="forbid", title=f"{TYPE_PREFIX}{topic}")
    # The library makes the first event of a stream anew, with a docstring of its own; ours is behind it.
    texts = (one.__doc__ for one in kind.__mro__ if one.__doc__ and not one.__doc__.startswith(f"{one.__name__}("))
    return create_model(name, __config__=config, __doc__=next(texts), **own)


def any_event() -> TypeAdapter[Any]:
    """Any of them; the header `ce_type` says which."""
    first, *others = event_models().values()
    union: Any = first
    for one in others:
        union = union | one
    return TypeAdapter(union)
