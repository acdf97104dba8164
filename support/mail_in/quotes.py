"""What somebody answered, without the history of the conversation that their program put below."""

import re
from itertools import islice

# "On 24 November 2026 Ada wrote:" in the languages that mail programs speak, on one line or two.
INTRODUCTION = re.compile(
    r"""^(?:
        On\s.{4,200}\swrote | Am\s.{4,200}\s(?:schrieb|hat).{0,120} | Le\s.{4,200}\sa\sécrit\s?
      | El\s.{4,200}\sescribió | Il\s.{4,200}\sha\sscritto | Op\s.{4,200}\sschreef.{0,120}
      | W\sdniu\s.{4,200}\s(?:pisze|napisał\(?a?\)?) | Em\s.{4,200}\sescreveu
      | Den\s.{4,200}\sskrev.{0,120}
      | \d{4}(?:年|[-/]).{4,200}(?:<[^<>\s]{3,100}>|のメール|書きました).{0,20}
      | .{1,100}<[^<>\s]{3,100}>\s+wrote
    )\s?[:：]\s*$""",
    re.VERBOSE | re.IGNORECASE,
)
RULE = re.compile(
    r"^\s*(?:-{2,}|_{2,})\s?(?:Original Message|Original Appointment|Ursprüngliche Nachricht"
    r"|Originalnachricht|Message d.origine|Mensaje original|Messaggio originale"
    r"|Oorspronkelijk bericht|Wiadomość oryginalna|元のメッセージ)"
    r"\s?(?:-{2,}|_{2,})\s*$",
    re.IGNORECASE,
)
# Outlook's block of headers: a line "From: …" of which "Sent:", "To:" and the like follow.
FROM = re.compile(r"^\**(?:From|Von|De|Da|Van|Od|差出人)\**\s?[:：]\**\s", re.IGNORECASE)
NEXT = re.compile(
    r"^\**(?:Sent|Date|To|Subject|Gesendet|Datum|An|Betreff|Envoyé|À|Objet|Enviado|Para|Asunto"
    r"|Inviato|A|Oggetto|Verzonden|Aan|Onderwerp|Wysłano|Do|Temat|送信日時|宛先|件名)\**\s?[:：]",
    re.IGNORECASE,
)
WITHIN = 6
"""Lines after "From:" within which two more headers make it a block."""


def answer_in(text: str) -> str:
    """The answer without what it answers; all of it where nothing else is left.

    Of lines quoted with ">" only these go, so that an answer below or between them stays.
    """
    lines = _above_the_history(text.splitlines())
    kept = [line for line in _without_introductions(lines) if not line.startswith(">")]
    answer = re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()
    return re.sub(r"\n\s*_{10,}$", "", answer).strip() or text.strip()


def _above_the_history(lines: list[str]) -> list[str]:
    for number, line in enumerate(lines):
        if RULE.match(line) or (FROM.match(line) and _is_block(lines[number + 1 : number + 20])):
            return lines[:number]
    return lines


def _is_block(following: list[str]) -> bool:
    near = [line for line in following if line.strip()][:WITHIN]
    return sum(1 for line in near if NEXT.match(line)) >= 2


def _without_introductions(lines: list[str]) -> list[str]:
    """Without "… wrote:" before a quotation, or with nothing quoted at all after it."""
    kept: list[str] = []
    number = 0
    while number < len(lines):
        length = _introduction(lines, number)
        if not length:
            kept.append(lines[number])
            number += 1
            continue
        number += length
        rest = next((it for it in islice(lines, number, None) if it.strip()), "")
        if rest and not rest.startswith(">"):
            return kept  # a program that does not mark what it quotes: all of it is history
    return kept


def _introduction(lines: list[str], number: int) -> int:
    """How many lines an introduction takes here; 0 where there is none."""
    for length in (1, 2):
        joined = " ".join(it.strip() for it in lines[number : number + length])
        if len(joined) < 400 and INTRODUCTION.match(joined):
            return length
    return 0
