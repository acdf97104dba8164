"""kombu's transports over the file system and over Redis, each without one fault of kombu 5.7.

It opens a message's file under its final name and then writes it: a worker that looks in between
reads an empty message and dies of it (8 of 6,000 under load). Here a file appears whole.

A worker that cannot tell Redis that a task is done, because Redis does not answer, counts it as in
its hands for ever. As it takes one at a time it then takes no other, although Redis is back. Here
it is done with it all the same; Redis hands the task out again after the visibility timeout.
"""

import os
from contextlib import suppress
from pathlib import Path
from time import time
from typing import Any
from uuid import uuid4

from kombu.transport import TRANSPORT_ALIASES, filesystem, redis, virtual
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:
        # By the clock, not since the start of the machine: the order outlives a restart.
        name = f"{time() * 1000:.0f}_{uuid4()}.{queue}.msg"
        _create(Path(self.data_folder_out, name), dumps(payload))

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        table: Path = self._exchange_file(exchange)
        if table.exists() and not table.stat().st_size:
            table.unlink(missing_ok=True)  # what a killed process had begun
        with suppress(FileExistsError):
            _create(table, "[]")
        super()._queue_bind(exchange, routing_key, pattern, queue)


class Transport(filesystem.Transport):
    Channel = Channel
    default_connection_params: dict[str, Any] = {}  # no host either, which kombu warns of


class QoS(redis.QoS):
    def ack(self, delivery_tag: str) -> None:
        try:
            self._remove_from_indices(delivery_tag).execute()
        finally:
            virtual.QoS.ack(self, delivery_tag)


class RedisChannel(redis.Channel):
    QoS = QoS


class RedisTransport(redis.Transport):
    Channel = RedisChannel


def _create(file: Path, text: str) -> None:
    """Make the file appear with its content; raises FileExistsError where there is one."""
    part = file.with_name(f"{uuid4()}.part")
    part.write_text(text)
    try:
        os.link(part, file)
    finally:
        part.unlink()


def transport_options(url: str, folder: Path) -> dict[str, object]:
    """How kombu treats the broker at `url`; embedded, messages are files in `folder`."""
    if url != "filesystem://":
        return {
            "visibility_timeout": 3600,  # longer than any task may run: nothing runs twice for it
            "socket_timeout": 2,
            "socket_connect_timeout": 2,
        }
    made = {name: folder / name for name in ("messages", "processed", "control")}
    for path in made.values():
        path.mkdir(parents=True, exist_ok=True)
    return {
        # In and out are one folder: what a producer writes is what a worker reads.
        "data_folder_in": str(made["messages"]),
        "data_folder_out": str(made["messages"]),
        "processed_folder": str(made["processed"]),
        "control_folder": str(made["control"]),
        "store_processed": False,
    }


def install() -> None:
    """Serve filesystem:// and redis:// addresses by these transports."""
    TRANSPORT_ALIASES["filesystem"] = "config.broker:Transport"
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = "config.broker:RedisTransport"
