from people.models.document import Document
from people.models.importing import ImportJob
from people.models.message import Message
from people.models.person import Department, Location, Person
from people.models.user import User

__all__ = ["Department", "Document", "ImportJob", "Location", "Message", "Person", "User"]
