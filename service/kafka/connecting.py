"""The connection and the topics that settings describe."""

from __future__ import annotations

from bulkdelete.producers.connection import KafkaConnection, Security
from bulkdelete.producers.topics import Topics
from bulkdelete.service.problems import Problem, SettingsError
from bulkdelete.service.settings import KafkaSettings


def security_of(settings: KafkaSettings) -> Security:
    """How to be let in, as settings say. Raises SettingsError."""
    password = settings.password.get_secret_value() if settings.password else None
    if password is None and settings.password_file:
        try:
            password = settings.password_file.read_text(encoding="utf-8").rstrip("\n")
        except OSError as error:
            reason = f"cannot be read: {error.strerror}"
            raise SettingsError([Problem("kafka.password_file", str(settings.password_file), reason)]) from None
    return Security(
        security_protocol=settings.security_protocol, sasl_mechanism=settings.sasl_mechanism,
        username=settings.username, password=password,
        cafile=settings.cafile, certfile=settings.certfile, keyfile=settings.keyfile,
    )  # fmt: skip


def connection_of(settings: KafkaSettings) -> KafkaConnection:
    """The connection that settings describe. Raises SettingsError."""
    try:
        connection = KafkaConnection(settings.servers or "", **security_of(settings))
        connection.tls()
    except (ValueError, OSError) as error:
        raise SettingsError([Problem("kafka", None, str(error))]) from None
    return connection


def topics_of(settings: KafkaSettings) -> Topics:
    """The topics that settings describe."""
    retention = int(settings.retention_hours * 3600 * 1000)
    return Topics(settings.prefix, settings.partitions, settings.work_partitions, retention)
