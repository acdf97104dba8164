from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class PeopleConfig(AppConfig):
    name = "people"

    def ready(self) -> None:
        from people.roles import synchronise  # noqa: PLC0415 - models are ready only now

        # The permissions of all apps exist only after the last of them has migrated.
        last = list(apps.get_app_configs())[-1]
        post_migrate.connect(synchronise, sender=last, dispatch_uid="people.roles.synchronise")
