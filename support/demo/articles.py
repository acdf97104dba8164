"""Five short answers to what the desk is asked most."""

from config.history import create_all_as
from support.demo.company import Company
from support.models import Article

# title, words that people use for it, the answer, how often it helped
ARTICLES = [
    (
        "The screen stays black",
        "monitor display dark nothing external docking",
        "1. Press the power button of the **screen** once, and wait ten seconds.\n"
        "2. Take the cable out at both ends, and put it back in.\n"
        "3. On the keyboard press *Windows* and *P*, and choose **Extend**.\n"
        "4. With a dock: unplug its power for half a minute.\n",
        31,
    ),
    (
        "I forgot my password, or am locked out",
        "login locked account sign in expired code",
        "Nobody needs your old password, and nobody from IT will ever ask for it.\n\n"
        "1. Choose *Get a code by e-mail* where you sign in.\n"
        "2. Type the code from your mail: it works for ten minutes.\n"
        "3. Set a new password under *Password* in your menu.\n\n"
        "After five wrong attempts wait five minutes.\n",
        58,
    ),
    (
        "The printer does not print",
        "print printing paper jam queue toner offline",
        "1. Look at its display: is paper, toner or an open door asked for?\n"
        "2. Switch it off, count to ten, and switch it on.\n"
        "3. In *Settings*, *Printers*, open the queue and delete what hangs in it.\n\n"
        "Still nothing? Report it, with the tag on the printer.\n",
        24,
    ),
    (
        "Working from home: the VPN does not connect",
        "vpn forticlient remote network connect internet home tunnel",
        "1. Open any website. If none opens, it is your own internet connection.\n"
        "2. Quit FortiClient and open it again.\n"
        "3. Check the clock of the computer: it must be right to the minute.\n"
        "4. Choose **Lindenhof** and sign in with your e-mail address.\n",
        40,
    ),
    (
        "My new phone: setting up e-mail",
        "mobile mail outlook smartphone iphone samsung calendar",
        "1. Install *Outlook* from the store that is on the phone.\n"
        "2. Sign in with your e-mail address, and allow it to manage the phone.\n"
        "3. Wait: the first mails take a few minutes.\n",
        17,
    ),
]


def write(company: Company) -> None:
    rows = [
        Article(title=title, keywords=keywords, body=body, helped=helped, is_published=True)
        for title, keywords, body, helped in ARTICLES
    ]
    by, at = company.users["desk"], company.at(company.days_ago(300))
    create_all_as(rows, by=by, reason="written for the portal", at=at)
