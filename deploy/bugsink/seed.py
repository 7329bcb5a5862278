"""The projects that the services send to, and a user who sees them. Run at every start; changes nothing that is there.

Project N has the number N padded to 32 digits as its key, as in the DSNs of docker-compose.yml.
"""

import os
import secrets
import uuid

from django.contrib.auth import get_user_model
from projects.models import Project, ProjectMembership, ProjectRole
from teams.models import Team, TeamMembership, TeamRole

LOGIN = "admin@example.com"

password = os.environ.get("BUGSINK_PASSWORD") or secrets.token_urlsafe(12)
users = get_user_model().objects
user = users.filter(username=LOGIN).first()
if user is None:
    user = users.create_superuser(username=LOGIN, email=LOGIN, password=password)
    print(f"Log in to Bugsink as {LOGIN} with the password {password}")

team, _ = Team.objects.get_or_create(name="Demo")
TeamMembership.objects.get_or_create(team=team, user=user, defaults={"role": TeamRole.ADMIN, "accepted": True})
for number, name in enumerate(os.environ["BUGSINK_PROJECTS"].split(), start=1):
    key = uuid.UUID(f"{number:032}")
    project, made = Project.objects.get_or_create(
        id=number, defaults={"name": name, "slug": name, "team": team, "sentry_key": key}
    )
    ProjectMembership.objects.get_or_create(
        project=project, user=user, defaults={"role": ProjectRole.ADMIN, "accepted": True}
    )
    if made:
        print(f"Project {name}: {project.dsn}")
