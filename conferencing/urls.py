"""Addresses of the screens of conferencing."""

from django.urls import path

from .views import booking, conferences, day, reservations

app_name = "conferencing"
urlpatterns = [
    path("reservations/", reservations.reservation_list, name="reservation_list"),
    path("reservations/new/", booking.reservation_create, name="reservation_create"),
    path("reservations/<str:number>/", reservations.reservation_detail, name="reservation_detail"),
    path("reservations/<str:number>/edit/", booking.reservation_edit, name="reservation_edit"),
    path(
        "reservations/<str:number>/cancel/",
        reservations.reservation_cancel,
        name="reservation_cancel",
    ),
    path(
        "reservations/<str:number>/calendar.ics",
        reservations.reservation_ics,
        name="reservation_ics",
    ),
    path(
        "reservations/<str:number>/room/",
        reservations.reservation_room,
        name="reservation_room",
    ),
    path("day/", day.day, name="day"),
    path(
        "customers/<str:number>/",
        reservations.customer_conferences,
        name="customer_conferences",
    ),
    path("conferences/", conferences.conference_list, name="conference_list"),
    path("conferences/<uuid:pk>/", conferences.conference_detail, name="conference_detail"),
    path("conferences/<uuid:pk>/legs/", conferences.conference_legs, name="conference_legs"),
    path("conferences/<uuid:pk>/end/", conferences.conference_end, name="conference_end"),
    path(
        "conferences/<uuid:pk>/legs/<str:leg_id>/remove/",
        conferences.leg_remove,
        name="leg_remove",
    ),
    path("bridges/", conferences.bridge_list, name="bridge_list"),
    path("join/<str:token>/", reservations.join, name="join"),
]
