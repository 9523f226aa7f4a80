"""Addresses of databases, shown without what is secret in them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

HIDDEN = "***"
SECRET_WORDS = re.compile(r"pass|secret|token", re.IGNORECASE)


def split_user(url: str) -> tuple[str, str, str]:
    """Scheme with its slashes, `user:password` (empty where there is none), the rest."""
    scheme, slashes, rest = url.partition("://")
    address, question, query = rest.partition("?")
    # The last "@" ends the user's part: whoever writes one unescaped in a password must not have it shown.
    user, at, host = address.rpartition("@")
    if not at or scheme.startswith("sqlite"):
        return scheme + slashes, "", rest
    return scheme + slashes, user, host + question + query


def shown(url: str) -> str:
    """The address as logs, errors and lists may show it."""
    scheme, user, rest = split_user(url)
    name, colon, _ = user.partition(":")
    address, question, query = rest.partition("?")
    if question:
        pairs = [(key, HIDDEN if SECRET_WORDS.search(key) else value) for key, value in parse_qsl(query, True)]
        query = urlencode(pairs, safe="*/:", quote_via=quote)
    return scheme + name + (f":{HIDDEN}" if colon else "") + ("@" if user else "") + address + question + query


class Url:
    """The address of a database. As text it hides its password; `secret` is the whole."""

    __slots__ = ("secret",)

    def __init__(self, secret: str) -> None:
        self.secret = secret

    @property
    def scheme(self) -> str:
        """`postgresql`, `sqlite`, …, without a driver's name."""
        return self.secret.partition("://")[0].partition("+")[0].lower()

    def __str__(self) -> str:
        return shown(self.secret)

    def __repr__(self) -> str:
        return f"Url({shown(self.secret)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Url) and other.secret == self.secret

    def __hash__(self) -> int:
        return hash(self.secret)

    @classmethod
    def read(cls, value: Any) -> Url:
        """The address that a setting spells."""
        if isinstance(value, Url):
            return value
        if not isinstance(value, str) or not re.match(r"[a-z][a-z0-9+]*://", value):
            raise PydanticCustomError("url", "a URL is accepted, such as postgresql://user@host/name or sqlite:///path")
        return cls(value)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls.read, serialization=core_schema.to_string_ser_schema())
