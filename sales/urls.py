"""Addresses of the sales screens."""

from django.urls import path

from .views import contracts, customers, rates

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
    path("customers/<str:number>/rates/", rates.rate_sheet, name="rate_sheet"),
    path("contracts/", contracts.contract_list, name="contract_list"),
    path("contracts/new/", contracts.contract_create, name="contract_create"),
    path("contracts/<str:number>/", contracts.contract_detail, name="contract_detail"),
    path("contracts/<str:number>/edit/", contracts.contract_edit, name="contract_edit"),
    path("contracts/<str:number>/activate/", contracts.contract_activate, name="contract_activate"),
    path("contracts/<str:number>/discard/", contracts.contract_discard, name="contract_discard"),
    path(
        "contracts/<str:number>/terminate/",
        contracts.contract_terminate,
        name="contract_terminate",
    ),
    path("contracts/<str:number>/rates/new/", rates.rate_extend, name="rate_extend"),
]
