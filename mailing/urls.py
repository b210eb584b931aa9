"""Addresses of the mailing screens, and of the pages behind the links that it gives."""

from django.urls import path

from .views import preferences

app_name = "mailing"
urlpatterns = [
    path("p/<str:token>/", preferences.preferences, name="preferences"),
    path("p/<str:token>/unsubscribe/", preferences.unsubscribe_page, name="unsubscribe"),
]
