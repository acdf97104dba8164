"""A real IMAP server on loopback: Debian's dovecot, with a folder and a login of its own."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from email.utils import format_datetime
from pathlib import Path

import pytest
from django.utils import timezone
from imapclient import IMAPClient

from config.environment import ImapFolder, imap
from tests.services import missing
from tests.smtp import free_port

USER, PASSWORD = "desk@example.com", "hunter2"
CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
default_internal_user = {login}
default_internal_group = {group}
default_login_user = {login}
ssl = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_fsync = never
mail_max_userip_connections = 50
first_valid_uid = 1
{more}
namespace inbox {{
  inbox = yes
  separator = {separator}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service stats {{
  chroot =
}}
"""
# From 2.4 on, dovecot names the rest in other words, and wants to be told which it is to read.
UP_TO_2_3 = """
mail_location = maildir:{home}/mail:INDEX={home}/index
disable_plaintext_auth = no
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}
}}
"""
FROM_2_4 = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
mail_driver = maildir
mail_path = {home}/mail
mail_index_path = {home}/index
auth_allow_cleartext = yes
passdb static {{
  password = {password}
}}
userdb static {{
  fields {{
    uid = {uid}
    gid = {gid}
    home = {home}
  }}
}}
"""


class PostOffice:
    """One mailbox on a dovecot of its own; `put` lays a mail into it."""

    def __init__(self, binary, *, separator="/", more=""):
        # Not pytest's folder: it is closed to the login that the server runs under.
        self.home, self.port = Path(tempfile.mkdtemp(prefix="steward-imap-")), free_port()
        self.url = f"imap://{USER.replace('@', '%40')}:{PASSWORD}@127.0.0.1:{self.port}/INBOX"
        login = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        text = self._words(binary).format(
            home=self.home,
            login=login.pw_name,
            group=self._group(login.pw_gid),
            uid=login.pw_uid,
            gid=login.pw_gid,
            password=PASSWORD,
            port=self.port,
            separator=separator,
            more=more,
        )
        (self.home / "dovecot.conf").write_text(text)
        os.chmod(self.home, 0o700)
        self.as_login = {}
        if os.getuid() == 0:
            for path in [self.home, *self.home.iterdir()]:
                os.chown(path, login.pw_uid, login.pw_gid)
            self.as_login = {"user": login.pw_uid, "group": login.pw_gid, "extra_groups": []}
        self.binary, self.process = binary, None

    @staticmethod
    def _words(binary):
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
        major, minor, *_ = said.stdout.split(".")
        # Which words it is to read has to come first.
        return FROM_2_4 + CONFIG if (int(major), int(minor)) >= (2, 4) else UP_TO_2_3 + CONFIG

    @staticmethod
    def _group(gid):
        import grp

        return grp.getgrgid(gid).gr_name

    @property
    def folder(self) -> ImapFolder:
        return imap(self.url)

    def open(self):
        self.process = subprocess.Popen(
            [self.binary, "-F", "-c", str(self.home / "dovecot.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            **self.as_login,
        )
        end = time.monotonic() + 20
        while not self._answers():
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < end, self.log()
            time.sleep(0.02)

    def _answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 5) as line:
                return line.recv(100).startswith(b"* OK")
        except OSError:
            return False

    def log(self):
        log = self.home / "log"
        return log.read_text() if log.exists() else "dovecot wrote no log"

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(15)

    def tear_down(self):
        self.close()
        shutil.rmtree(self.home, ignore_errors=True)

    # --- What lies in it ---

    def client(self, folder="INBOX"):
        client = IMAPClient("127.0.0.1", self.port, ssl=False, timeout=20)
        client.login(USER, PASSWORD)
        client.select_folder(folder)
        return client

    def put(self, raw, folder="INBOX"):
        """Lay a mail into a folder, as the server that received it would."""
        with self.client() as client:
            client.append(folder, raw if isinstance(raw, bytes) else raw.encode())

    def lie_in(self, folder="INBOX"):
        """The subjects that lie in a folder, with their flags."""
        with self.client() as client:
            if not client.folder_exists(folder):
                return []
            client.select_folder(folder, readonly=True)
            found = client.fetch(client.search("ALL"), ["ENVELOPE", "FLAGS"])
            return [
                ((it[b"ENVELOPE"].subject or b"").decode(), it[b"FLAGS"]) for it in found.values()
            ]

    def empty(self):
        with self.client() as client:
            for flags, _, name in client.list_folders():
                if name != "INBOX" and rb"\Noselect" not in flags:
                    client.delete_folder(name)
            client.select_folder("INBOX")
            if uids := client.search("ALL"):
                client.delete_messages(uids)
                client.expunge()

    def forget_numbers(self):
        """Give every mail another UID and the folder another UIDVALIDITY, as a restored one has."""
        self.close()
        for name in ["index", "mail/dovecot-uidlist", "mail/dovecot-uidvalidity"]:
            path = self.home / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        for path in (self.home / "mail").glob("dovecot-uidvalidity*"):
            path.unlink()
        self.open()


def dovecot():
    found = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    return found or missing("No dovecot: on Debian, apt-get install dovecot-imapd.")


@pytest.fixture(scope="module")
def post_office_of_module():
    office = PostOffice(dovecot())
    try:
        office.open()
        yield office
    finally:
        office.tear_down()


@pytest.fixture
def post_office(post_office_of_module, settings):
    """An empty mailbox, with Steward told of it."""
    office = post_office_of_module
    office.empty()
    settings.IMAP, settings.MAIL_IN_ADDRESS = office.folder, USER
    return office


def written(
    *, sender="Ada <ada@example.com>", subject="Printer", body="It jams.\n", date=None, **headers
):
    """A plain mail. Header names are written with _ for -."""
    number = time.monotonic_ns()
    lines = {
        "From": sender,
        "To": USER,
        "Subject": subject,
        "Date": format_datetime(date or timezone.now()),
        "Message-ID": f"<{number}@mail.example.com>",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
    return (head + "\r\n" + body.replace("\n", "\r\n")).encode()
