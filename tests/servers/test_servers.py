"""The servers that the other tests rely on do what those tests take for granted."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.conn import AIOKafkaConnection, create_conn
from aiokafka.errors import KafkaError

from tests.servers.kafka import MECHANISMS, PASSWORD, USER, Kafka, KafkaServer
from tests.servers.mariadb import MariaDB, MariaDBServer
from tests.servers.mysql import MySQL
from tests.servers.postgresql import PostgreSQL, PostgreSQLServer

TOPIC = "servers.greetings"


@pytest.mark.kafka
def test_kafka_keeps_messages_whether_stopped_or_killed(own_kafka: KafkaServer) -> None:
    asyncio.run(declare(own_kafka))
    asyncio.run(send(own_kafka, b"one"))
    own_kafka.restart()
    assert asyncio.run(received(own_kafka, 1)) == [b"one"]
    asyncio.run(send(own_kafka, b"two"))
    own_kafka.kill()
    assert not own_kafka.running
    own_kafka.start()
    assert asyncio.run(received(own_kafka, 2)) == [b"one", b"two"]


@pytest.mark.kafka
def test_kafka_makes_no_topic_by_itself(kafka: Kafka) -> None:
    async def send_unannounced() -> None:
        async with AIOKafkaProducer(bootstrap_servers=kafka.address, request_timeout_ms=1000) as producer:
            await producer.send_and_wait("servers.never-declared", b"lost")

    with pytest.raises(KafkaError):
        asyncio.run(send_unannounced())


@pytest.mark.kafka
def test_kafka_asks_for_user_and_password(sasl_kafka: KafkaServer) -> None:
    for mechanism in MECHANISMS:
        asyncio.run(connect(sasl_kafka, mechanism, PASSWORD))
        with pytest.raises(KafkaError):
            asyncio.run(connect(sasl_kafka, mechanism, "wrong"))


@pytest.mark.postgresql
def test_postgresql_keeps_tables_whether_stopped_or_killed(own_postgresql: PostgreSQLServer) -> None:
    with psycopg.connect(own_postgresql.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    in_thread = Thread(target=own_postgresql.restart)  # it must not die with the thread that started it
    in_thread.start()
    in_thread.join()
    assert ask(own_postgresql.url, "SELECT one FROM kept") == (1,)
    with psycopg.connect(own_postgresql.url, autocommit=True) as busy:
        busy.execute("UPDATE kept SET one = 2")
        own_postgresql.kill()
        own_postgresql.start()
    assert ask(own_postgresql.url, "SELECT one FROM kept") == (2,)


@pytest.mark.postgresql
def test_postgresql_databases_are_dropped_under_open_connections(postgresql: PostgreSQL) -> None:
    with postgresql.database() as url:
        open_connection = psycopg.connect(url)
        open_connection.execute("CREATE TABLE t (i int)")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)
    open_connection.close()


@pytest.mark.postgresql
def test_postgresql_databases_are_fresh(postgresql_url: str, postgresql: PostgreSQL) -> None:
    assert ask(postgresql_url, "SELECT count(*) FROM pg_stat_user_tables") == (0,)
    assert postgresql_url != postgresql.url


@pytest.mark.mariadb
def test_mariadb_keeps_tables_whether_stopped_or_killed(own_mariadb: MariaDBServer) -> None:
    own_mariadb.execute("CREATE DATABASE d; CREATE TABLE d.kept AS SELECT 1 AS one")
    own_mariadb.restart()
    assert own_mariadb.execute("SELECT one FROM d.kept") == "1\n"
    own_mariadb.execute("UPDATE d.kept SET one = 2")
    own_mariadb.kill()
    own_mariadb.start()
    assert own_mariadb.execute("SELECT one FROM d.kept") == "2\n"


@pytest.mark.mariadb
def test_mariadb_databases_come_and_go(mariadb: MariaDB) -> None:
    with mariadb.database() as url:
        name = url.rpartition("/")[2]
        mariadb.execute("CREATE TABLE t (i int)", name)
    assert name not in mariadb.execute("SHOW DATABASES")


@pytest.mark.mysql
def test_mysql_databases_come_and_go(mysql: MySQL) -> None:
    ((version,),) = mysql.execute("SELECT version()")
    assert "mariadb" not in version.lower()
    with mysql.database() as url:
        name = url.rpartition("/")[2]
        mysql.execute(f"CREATE TABLE {name}.t (i int)")
    assert (name,) not in mysql.execute("SHOW DATABASES")


@pytest.mark.postgresql
def test_nothing_outlives_a_killed_process(own_postgresql: PostgreSQLServer) -> None:
    program = "import time; from tests.servers.postgresql import PostgreSQLServer as P; s = P(); s.start(); "
    program += "print(s.pid, s.directory, s.url, flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid, directory, url = parent.stdout.readline().split()
        with psycopg.connect(url) as busy:
            backend = busy.info.backend_pid
            parent.send_signal(signal.SIGKILL)
            wait_until_gone(Path("/proc", pid), Path(f"/proc/{backend}"), Path(directory))
    assert own_postgresql.running


def wait_until_gone(*paths: Path) -> None:
    deadline = time.monotonic() + 20
    while left := [path for path in paths if path.exists()]:
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.02)


def ask(url: str, query: str) -> tuple[object, ...] | None:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchone()


async def declare(kafka: Kafka) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.address)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(TOPIC, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def send(kafka: Kafka, text: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka.address, acks="all", enable_idempotence=True) as producer:
        await producer.send_and_wait(TOPIC, text)


async def received(kafka: Kafka, count: int) -> list[bytes]:
    async with AIOKafkaConsumer(
        TOPIC,
        bootstrap_servers=kafka.address,
        group_id="servers",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    ) as consumer:
        return [(await asyncio.wait_for(consumer.getone(), 30)).value for _ in range(count)]


async def connect(kafka: Kafka, mechanism: str, password: str) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka.address,
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism=mechanism,
        sasl_plain_username=USER,
        sasl_plain_password=password,
    )
    try:
        await producer.start()
    finally:
        await producer.stop()


def test_a_connection_that_its_client_forgot_ends_with_the_loop(kafka: Kafka) -> None:
    host, port = kafka.address.split(":")

    async def forget() -> AIOKafkaConnection:
        return await create_conn(host, int(port))

    forgotten = asyncio.run(forget())

    assert not forgotten.connected()
