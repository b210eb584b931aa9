"""Screens where an administrator looks after the users."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from toolkit.access import require

from . import services
from .forms import InvitationForm, RolesForm


@require_safe
@require("auth.view_user")
def user_list(request: HttpRequest) -> HttpResponse:
    """Show all users with their roles; they are few, so they come on one page."""
    users = User.objects.prefetch_related("groups").order_by("-is_active", "last_name", "username")
    return render(request, "users/user_list.html", {"users": users})


@require("auth.add_user")
def user_invite(request: HttpRequest) -> HttpResponse:
    """Invite a user by e-mail."""
    form = InvitationForm(request.POST or None, initial={"language": get_language()})
    if request.method == "POST" and form.is_valid():
        try:
            user = services.invite_user(**form.cleaned_data, actor=request.user, now=timezone.now())
        except services.UserExistsError as error:
            form.refuse_taken(error.field)
        else:
            messages.success(request, _("Invitation sent to %(email)s.") % {"email": user.email})
            return redirect("users:user_detail", pk=user.pk)
    return render(request, "users/user_invite.html", {"form": form})


@require("auth.change_user")
def user_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one user and change the roles."""
    user = get_object_or_404(User.objects.prefetch_related("groups"), pk=pk)
    roles = [group.name for group in user.groups.all()]
    form = RolesForm(request.POST or None, initial={"roles": roles})
    if request.method == "POST" and form.is_valid():
        done = _unless_last(
            request,
            lambda: services.give_roles(
                user=user,
                roles=form.cleaned_data["roles"],
                actor=request.user,
                now=timezone.now(),
            ),
        )
        if done:
            messages.success(request, _("Roles saved."))
        return redirect("users:user_detail", pk=pk)
    return render(request, "users/user_detail.html", {"person": user, "form": form})


@require_POST
@require("auth.change_user")
def user_deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a user in no more."""
    user = get_object_or_404(User, pk=pk)
    done = _unless_last(
        request,
        lambda: services.deactivate_user(user=user, actor=request.user, now=timezone.now()),
    )
    if done:
        messages.success(request, _("%(user)s can log in no more.") % {"user": user})
    return redirect("users:user_detail", pk=pk)


@require_POST
@require("auth.change_user")
def user_reactivate(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a user in again."""
    user = get_object_or_404(User, pk=pk)
    services.reactivate_user(user=user, actor=request.user, now=timezone.now())
    messages.success(request, _("%(user)s can log in again.") % {"user": user})
    return redirect("users:user_detail", pk=pk)


@require_POST
@require("auth.change_user")
def user_password_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a user the link to set a new password."""
    user = get_object_or_404(User, pk=pk, is_active=True)
    services.send_password_link(
        user=user,
        language=get_language() or "es",
        actor=request.user,
        now=timezone.now(),
    )
    messages.success(request, _("Link sent to %(email)s.") % {"email": user.email})
    return redirect("users:user_detail", pk=pk)


def _unless_last(request: HttpRequest, change: Callable[[], object]) -> bool:
    try:
        change()
    except services.LastAdministratorError:
        messages.error(
            request, _("Give another user the role of administrator first: nobody else has it.")
        )
        return False
    return True
