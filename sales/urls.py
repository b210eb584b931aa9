"""Addresses of the sales screens."""

from django.urls import path

from .views import customers

app_name = "sales"
urlpatterns = [
    path("customers/", customers.customer_list, name="customer_list"),
    path("customers/new/", customers.customer_create, name="customer_create"),
    path("customers/similar/", customers.customer_similar, name="customer_similar"),
    path("customers/export.<str:export>", customers.customer_export, name="customer_export"),
    path("customers/<str:number>/", customers.customer_profile, name="customer_profile"),
    path("customers/<str:number>/edit/", customers.customer_edit, name="customer_edit"),
    path("customers/<str:number>/timeline/", customers.customer_timeline, name="customer_timeline"),
    path("customers/<str:number>/suspend/", customers.customer_suspend, name="customer_suspend"),
    path(
        "customers/<str:number>/reactivate/",
        customers.customer_reactivate,
        name="customer_reactivate",
    ),
]
