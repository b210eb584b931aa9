"""Builders of users with a role."""

import itertools

from django.contrib.auth.models import Group, User

_serial = itertools.count(1)


def make_user(*roles: str, username: str = "", **fields: object) -> User:
    username = username or f"{'-'.join(roles) or 'nobody'}-{next(_serial)}"
    user = User.objects.create_user(
        username=username, email=f"{username}@example.com", password="correct horse 9", **fields
    )
    user.groups.set([Group.objects.get(name=role) for role in roles])
    return user
