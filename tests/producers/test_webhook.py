"""Webhooks and chats, told to a real HTTP server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bulkdelete.producers.chat import Chat, is_known
from bulkdelete.producers.webhook import GoneForGoodError, Webhook, signature

OLD_MODULES = pytest.mark.filterwarnings("ignore::DeprecationWarning")
"""Some of the services that Apprise loads use modules of Python's that are going away."""
EVENT = {"specversion": "1.0", "id": "1", "type": "bulkdelete.operation.completed", "data": {"name": "blåbær"}}


@dataclass
class Hooks:
    """What came, and what is answered."""

    port: int = 0
    status: int = 200
    pause: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/secret-token"


@contextmanager
def listening() -> Iterator[Hooks]:
    """An HTTP server that keeps what it gets."""
    hooks = Hooks()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            hooks.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            time.sleep(hooks.pause)
            self.send_response(hooks.status)
            for name, value in hooks.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hooks.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hooks
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def test_an_event_arrives_signed() -> None:
    with listening() as hooks:
        assert Webhook(hooks.url, "a secret", clock=lambda: 1_700_000_000.5).send("msg-1", EVENT) is None

    ((path, headers, body),) = hooks.got
    assert path == "/hooks/secret-token"
    assert headers["content-type"] == "application/cloudevents+json"
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("msg-1", "1700000000")
    expected = hmac.new(b"a secret", b"msg-1.1700000000." + body, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(expected).decode()}"
    assert json.loads(body) == EVENT


def test_the_example_of_the_standard() -> None:
    """The worked example of the specification of Standard Webhooks."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    found = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')

    assert found == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_without_a_secret_nothing_is_signed() -> None:
    with listening() as hooks:
        assert Webhook(hooks.url).send("msg-1", EVENT) is None

    assert "webhook-signature" not in hooks.got[0][1]


@pytest.mark.parametrize("status", [301, 400, 401, 404, 429, 500, 503])
def test_another_answer_is_a_reason_without_the_address(status: int) -> None:
    with listening() as hooks:
        hooks.status, hooks.headers = status, {"location": hooks.url + "/elsewhere"}
        reason = Webhook(hooks.url).send("msg-1", EVENT)

    assert str(reason).startswith(f"answered {status}")
    assert "secret-token" not in str(reason)
    assert len(hooks.got) == 1, "redirects are not followed"


def test_who_is_gone_wants_no_more() -> None:
    with listening() as hooks:
        hooks.status = 410
        with pytest.raises(GoneForGoodError):
            Webhook(hooks.url).send("msg-1", EVENT)


def test_what_is_away_or_slow_is_a_reason() -> None:
    with listening() as hooks:
        hooks.pause = 3
        slow = Webhook(hooks.url, seconds=0.3).send("msg-1", EVENT)
    away = Webhook(hooks.url, seconds=3).send("msg-1", EVENT)

    assert slow
    assert away
    assert "secret-token" not in slow + away


@OLD_MODULES
def test_a_chat_is_told() -> None:
    with listening() as hooks:
        chat = Chat(f"json://127.0.0.1:{hooks.port}/secret-token")
        assert chat.send("Completed: Closed cases", "3 deleted, 0 failed on crm", is_bad=False) is None

    told = json.loads(hooks.got[0][2])
    assert told["title"] == "Completed: Closed cases"
    assert told["message"] == "3 deleted, 0 failed on crm"
    assert told["type"] == "success"


@OLD_MODULES
def test_a_chat_that_refuses_is_a_reason_without_the_address() -> None:
    with listening() as hooks:
        hooks.status = 500
        reason = Chat(f"json://127.0.0.1:{hooks.port}/secret-token").send("title", "body", is_bad=True)

    assert "500" in str(reason)
    assert "secret-token" not in str(reason)


@OLD_MODULES
def test_an_address_that_no_chat_has() -> None:
    assert not is_known("nothing://at/all")
    assert is_known("slack://TokenA/TokenB/TokenC")
    assert Chat("nothing://at/all").send("title", "body", is_bad=False) == "Apprise does not know such an address"
