"""Kafka for tests: one broker, its own controller."""

from __future__ import annotations

import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path

from tests.servers.artifacts import artifact
from tests.servers.jvm import SMALL, class_archive, java
from tests.servers.ports import free_port
from tests.servers.process import Command
from tests.servers.server import HOST, OwnServer

USER, PASSWORD = "bulkdelete", "test-secret"
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
STARTED = b"Kafka Server started"

SETTINGS = {
    "node.id": "1",
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "INTERNAL",
    "auto.create.topics.enable": "false",
    "message.max.bytes": str(1024 * 1024),
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    "log.cleaner.dedupe.buffer.size": str(8 * 1024 * 1024),
    # A killed broker may only come back when its last session has run out.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "250",
}

LOGGING = """\
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c{1} %m%n
rootLogger.level = WARN
rootLogger.appenderRef.console.ref = console
logger.server.name = kafka.server
logger.server.level = INFO
"""


class Kafka:
    """A Kafka that can be reached, whoever started it."""

    def __init__(self, address: str) -> None:
        self.address = address


class KafkaServer(OwnServer, Kafka):
    """A Kafka of our own; with `sasl`, clients must say they are `USER` with `PASSWORD`, by any of `MECHANISMS`."""

    name = "Kafka"

    def __init__(
        self,
        port: int | None = None,
        *,
        sasl: bool = False,
        settings: Mapping[str, str] | None = None,
        classes: str | None = None,
    ) -> None:
        OwnServer.__init__(self, port)
        Kafka.__init__(self, f"{HOST}:{self.port}")
        self.sasl = sasl
        self._settings = settings or {}
        self._controller_port, self._internal_port = free_port(), free_port()
        self._java = java()
        self._jars = artifact("kafka", unpacked=False)
        self._classes = classes or class_archive(self._jars, _record_classes)
        self._seen = 0

    def prepare(self) -> None:
        """Write the settings and format the log."""
        (self.directory / "log4j2.properties").write_text(LOGGING)
        lines = [f"{name}={value}\n" for name, value in self._all_settings().items()]
        self._properties.write_text("".join(lines))
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        command: Command = ["kafka.tools.StorageTool", "format", "--standalone", "-c", self._properties]
        command.append(f"-t={cluster}")  # with `=`, for it may begin with a dash
        for mechanism in MECHANISMS[1:] if self.sasl else ():
            command += ["--add-scram", f"{mechanism}=[name={USER},password={PASSWORD}]"]
        self.run(self._jvm(*command))

    def command(self) -> Command:
        """The broker."""
        self._seen = self.log.stat().st_size
        return self._jvm("kafka.Kafka", self._properties)

    def is_ready(self) -> bool:
        """Whether the broker says that it is registered and unfenced."""
        with self.log.open("rb") as log:
            log.seek(self._seen)
            return STARTED in log.read()

    @property
    def _properties(self) -> Path:
        return self.directory / "server.properties"

    def _jvm(self, *arguments: str | Path) -> Command:
        logging = f"-Dlog4j2.configurationFile={self.directory / 'log4j2.properties'}"
        temporary = f"-Djava.io.tmpdir={self.directory}"
        return [self._java, *SMALL, self._classes, logging, temporary, "-cp", f"{self._jars}/*", *arguments]

    def _all_settings(self) -> dict[str, str]:
        controller = f"{HOST}:{self._controller_port}"
        own = {
            "log.dirs": str(self.directory / "log"),
            "controller.quorum.bootstrap.servers": controller,
            "listeners": f"CLIENT://{self.address},INTERNAL://{HOST}:{self._internal_port},CONTROLLER://{controller}",
            "listener.security.protocol.map": f"CLIENT:{'SASL_PLAINTEXT' if self.sasl else 'PLAINTEXT'},"
            "INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
        }
        return {**SETTINGS, **own, **(_sasl_settings() if self.sasl else {}), **self._settings}


def _record_classes(option: str) -> None:
    with KafkaServer(classes=option) as server:
        server.stop()


def _sasl_settings() -> dict[str, str]:
    module = "org.apache.kafka.common.security"
    plain = f'{module}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
    settings = {"sasl.enabled.mechanisms": ",".join(MECHANISMS), "listener.name.client.plain.sasl.jaas.config": plain}
    for mechanism in MECHANISMS[1:]:
        settings[f"listener.name.client.{mechanism.lower()}.sasl.jaas.config"] = (
            f"{module}.scram.ScramLoginModule required;"
        )
    return settings
