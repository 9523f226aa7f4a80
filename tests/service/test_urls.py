"""Addresses are shown without what is secret in them, however they are written."""

from __future__ import annotations

import pytest

from bulkdelete.service.urls import Url, shown


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("postgresql://crm@host/db", "postgresql://crm@host/db"),
        ("postgresql://crm:secret@host:5432/db", "postgresql://crm:***@host:5432/db"),
        ("postgresql://crm:s%40cret@host/db?sslmode=require", "postgresql://crm:***@host/db?sslmode=require"),
        ("postgresql://crm:sec@ret@host/db", "postgresql://crm:***@host/db"),
        ("postgresql://crm:a:b/c@host/db", "postgresql://crm:***@host/db"),
        ("postgresql://host/db?user=crm&password=secret", "postgresql://host/db?user=crm&password=***"),
        ("postgresql://host/db?sslpassword=secret", "postgresql://host/db?sslpassword=***"),
        ("sqlite:////data/a@b:c.db", "sqlite:////data/a@b:c.db"),
    ],
)
def test_what_is_secret_is_not_shown(url: str, text: str) -> None:
    assert shown(url) == text
    assert str(Url(url)) == text
    assert repr(Url(url)) == f"Url({text!r})"
    assert Url(url).secret == url


def test_the_scheme_is_without_a_driver() -> None:
    assert Url("postgresql+psycopg://host/db").scheme == "postgresql"
