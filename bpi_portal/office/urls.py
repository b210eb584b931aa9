"""Addresses of the settings."""

from django.urls import path

from . import views

app_name = "settings"
urlpatterns = [
    path("", views.issuer, name="issuer"),
    path("logo/", views.issuer_logo, name="issuer_logo"),
    path("vat/", views.vat, name="vat"),
    path("exchange/", views.exchange, name="exchange"),
    path("series/", views.series, name="series"),
    path("holidays/", views.holidays, name="holidays"),
    path("billing/", views.billing_settings, name="billing"),
    path("mailing/", views.mailing_settings, name="mailing"),
]
