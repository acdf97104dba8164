"""What a command in a document says, works; what a document names, exists."""

import re
import shlex
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from assets.models import Asset
from contracts.models import Contract
from people.models import Message, User
from support.models import Ticket

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FILES = {
    "people.csv": "Name,Email,Department\nAda Moss,ada@example.org,Research\n",
    "assets.csv": "Asset tag,Model,Category,Assigned to,Warranty ends\n"
    "LT-1,ThinkPad T14,Laptop,ada@example.org,{today}\n",
    "contracts.csv": "Number,Title,Vendor,Start,End,Amount\n"
    "C-1,Phones,Telco,2020-01-01,{today},9\n",
    "tickets.csv": "Number,Short description,Caller\nINC1,It flickers,ada@example.org\n",
}


def commands(document):
    """Each `manage.py` command of a document, as a shell would split it."""
    for line in document.read_text().splitlines():
        if found := re.match(r"\s+(?:\S*python )?(?:\./)?manage\.py (.+?)(?:\s+#.*)?$", line):
            yield shlex.split(found[1])


def test_the_walk_through_of_the_readme_works_as_it_is_written(db, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery")
    for name, text in FILES.items():
        (tmp_path / name).write_text(text.format(today=timezone.localdate()))
    walk = list(commands(DOCUMENTS[0]))
    assert [words[0] for words in walk].count("import_data") == 4

    for words in walk:
        options = ["--noinput"] if words[0] in ("createsuperuser", "migrate") else []
        call_command(*words, *options)

    assert "2 alerts" in capsys.readouterr().out
    assert Asset.objects.get().holder.email == "ada@example.org"
    assert (Contract.objects.count(), Ticket.objects.count()) == (1, 1)
    assert Message.objects.filter(key__startswith="digest:").exists()
    assert User.objects.get(is_superuser=True).email == "you@example.org"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_and_command_that_a_document_names_is_there(document):
    text = document.read_text()
    targets = re.findall(r"^([\w.]+):", (ROOT / "Makefile").read_text(), re.M)
    for target in re.findall(r"(?:^ {4}|`)make ([\w.]+)", text, re.M):
        assert target in targets, target
    for name in re.findall(
        r"`((?:config|people|assets|contracts|support|tests|docs)/[\w/.]+)`", text
    ):
        assert (ROOT / name).exists(), name
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (document.parent / link).exists(), link
