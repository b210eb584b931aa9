"""Addresses of the screens of outgoing e-mail."""

from django.urls import path

from .views import outbox, suppressions

app_name = "integration"
urlpatterns = [
    path("", outbox.message_list, name="message_list"),
    path("<int:pk>/", outbox.message_detail, name="message_detail"),
    path("<int:pk>/html/", outbox.message_html, name="message_html"),
    path("<int:pk>/source/", outbox.message_source, name="message_source"),
    path(
        "<int:pk>/attachments/<int:position>/",
        outbox.message_attachment,
        name="message_attachment",
    ),
    path("<int:pk>/resend/", outbox.message_resend, name="message_resend"),
    path("<int:pk>/confirm/", outbox.message_confirm, name="message_confirm"),
    path("suppressions/", suppressions.suppression_list, name="suppression_list"),
    path("suppressions/new/", suppressions.suppression_add, name="suppression_add"),
    path("suppressions/<int:pk>/lift/", suppressions.suppression_lift, name="suppression_lift"),
]
