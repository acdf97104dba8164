from people.models.document import Document
from people.models.importing import ImportJob
from people.models.job import Job, JobRun
from people.models.message import Message
from people.models.person import Department, Location, Person
from people.models.user import User
from people.models.webhook import Webhook

__all__ = [
    "Department",
    "Document",
    "ImportJob",
    "Job",
    "JobRun",
    "Location",
    "Message",
    "Person",
    "User",
    "Webhook",
]
