"""The filesystem broker between processes: no half message, no half table."""

import json
import threading
import time
from contextlib import suppress
from queue import Empty

import pytest
from kombu import Connection
from kombu.transport import filesystem

from config.broker import Transport, install

COUNT = 400


@pytest.fixture
def channel(tmp_path):
    """Makes channels over one set of folders."""
    install()
    folders = {name: tmp_path / name for name in ("data", "control")}
    for folder in folders.values():
        folder.mkdir()
    options = {
        "data_folder_in": str(folders["data"]),
        "data_folder_out": str(folders["data"]),
        "control_folder": str(folders["control"]),
    }
    opened = []

    def make():
        opened.append(Connection("filesystem://", transport_options=options))
        return opened[-1].channel()

    yield make
    for connection in opened:
        connection.release()


def test_filesystem_addresses_are_served_by_our_transport(channel):
    assert isinstance(channel().connection, Transport)


def test_a_reader_never_finds_half_a_message(channel):
    producer, consumer, got = channel(), channel(), []

    def produce():
        for number in range(COUNT):
            producer._put("celery", {"number": number})

    thread = threading.Thread(target=produce)
    thread.start()
    end = time.monotonic() + 20
    while len(got) < COUNT and time.monotonic() < end:
        with suppress(Empty):
            got.append(consumer._get("celery")["number"])
    thread.join()

    assert sorted(got) == list(range(COUNT))


def test_kombus_own_file_can_be_read_before_it_is_written(channel, monkeypatch):
    producer, consumer = channel(), channel()
    seen = []

    def look_in_between(*args):
        try:
            consumer._get("celery")
        except json.JSONDecodeError as error:
            seen.append(error)

    monkeypatch.setattr(filesystem, "lock", look_in_between)
    filesystem.Channel._put(producer, "celery", {"number": 1})

    assert len(seen) == 1


def test_a_table_that_a_killed_process_left_empty_is_made_anew(channel, tmp_path):
    (tmp_path / "control/celery.exchange").write_bytes(b"")

    channel()._queue_bind("celery", "celery", "", "celery")

    assert json.loads((tmp_path / "control/celery.exchange").read_text()) == [
        ["celery", "", "celery"]
    ]


def test_a_table_that_is_there_is_kept(channel):
    one = channel()
    one._queue_bind("celery", "first", "", "first")
    channel()._queue_bind("celery", "second", "", "second")

    assert {row.queue for row in one.get_table("celery")} == {"first", "second"}
