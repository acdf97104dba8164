from django.contrib.admin.apps import AdminConfig
from unfold.apps import BasicAppConfig


class ThemeConfig(BasicAppConfig):
    """unfold's templates and static files, without its site: ours is `config.site`."""


class BackOfficeConfig(AdminConfig):
    default_site = "config.site.BackOfficeSite"
