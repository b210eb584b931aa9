"""Invite users, give them roles, send them a new password link, let them go."""

from collections.abc import Iterable
from datetime import datetime

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from knox.models import AuthToken

from bpi_portal.roles import ROLES
from customers.services import Who
from integration.services import record_event


class UserExistsError(ValueError):
    """The user name or the e-mail address belongs to somebody already."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class LastAdministratorError(ValueError):
    """Without this user nobody could administer the portal."""


@transaction.atomic
def invite_user(
    *,
    username: str,
    email: str,
    first_name: str,
    last_name: str,
    roles: Iterable[str],
    language: str,
    actor: Who,
    now: datetime,
) -> User:
    """Create a user who sets a password by the link of an e-mail, in ``language``.

    Raises:
        UserExistsError: with the field that is taken.
    """
    for field, value in (("username", username), ("email", email)):
        if User.objects.filter(**{f"{field}__iexact": value}).exists():
            raise UserExistsError(field)
    user = User(username=username, email=email, first_name=first_name, last_name=last_name)
    user.set_unusable_password()
    user.save()
    _give(user, roles)
    _record("user.invited", user, actor, now, roles=sorted(roles))
    transaction.on_commit(lambda: _send_link(user, "users/mail/invitation", language))
    return user


@transaction.atomic
def give_roles(*, user: User, roles: Iterable[str], actor: Who, now: datetime) -> User:
    """Give exactly these roles.

    Raises:
        LastAdministratorError: it would take the last active administrator away.
    """
    wanted = set(roles)
    if "administrator" not in wanted:
        _keep_an_administrator(user)
    _give(user, wanted)
    _record("user.roles_given", user, actor, now, roles=sorted(wanted))
    return user


@transaction.atomic
def deactivate_user(*, user: User, actor: Who, now: datetime) -> User:
    """Let the user in no more: log-ins, open sessions and API tokens end at once. Repeatable.

    Raises:
        LastAdministratorError: it is the last active administrator.
    """
    _keep_an_administrator(user)
    user.is_active = False
    user.save(update_fields=["is_active"])
    AuthToken.objects.filter(user=user).delete()
    _end_sessions(user)
    _record("user.deactivated", user, actor, now)
    return user


@transaction.atomic
def reactivate_user(*, user: User, actor: Who, now: datetime) -> User:
    """Let the user log in again; tokens must be made anew."""
    user.is_active = True
    user.save(update_fields=["is_active"])
    _record("user.reactivated", user, actor, now)
    return user


@transaction.atomic
def send_password_link(*, user: User, language: str, actor: Who, now: datetime) -> None:
    """Send the link with which the user sets a new password; the old one stays valid till then."""
    _record("user.password_link_sent", user, actor, now)
    transaction.on_commit(lambda: _send_link(user, "users/mail/password_link", language))


def _give(user: User, roles: Iterable[str]) -> None:
    unknown = set(roles) - set(ROLES)
    if unknown:
        msg = f"unknown roles: {', '.join(sorted(unknown))}"
        raise ValueError(msg)
    user.groups.set(Group.objects.filter(name__in=set(roles)))


def _keep_an_administrator(user: User) -> None:
    others = User.objects.select_for_update().filter(is_active=True).exclude(pk=user.pk)
    is_one = user.is_superuser or user.groups.filter(name="administrator").exists()
    if is_one and not any(
        other.is_superuser or other.groups.filter(name="administrator").exists() for other in others
    ):
        raise LastAdministratorError


def _end_sessions(user: User) -> None:
    for session in Session.objects.iterator():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()


def _record(what: str, user: User, actor: Who, now: datetime, **data: object) -> None:
    record_event(type=what, actor=actor, subject=("user", user.pk), data=data, now=now)


def _send_link(user: User, template: str, language: str) -> None:
    path = reverse(
        "account_reset_password_from_key",
        kwargs={
            "uidb36": user_pk_to_url_str(user),
            "key": default_token_generator.make_token(user),
        },
    )
    with override(language):
        body = render_to_string(
            f"{template}.txt", {"user": user, "link": f"{settings.PUBLIC_URL}{path}"}
        )
        send_mail(_("Your access to BPI Portal"), body, None, [user.email])
