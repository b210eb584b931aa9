"""Addresses of the sales screens."""

from django.urls import path

from .views import contracts, customers, lists, rates, wishes

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
    path("customers/<str:number>/wishes/", wishes.customer_wishes, name="customer_wishes"),
    path(
        "customers/<str:number>/wishes/<str:channel>/opt-out/",
        wishes.customer_opt_out,
        name="customer_opt_out",
    ),
    path(
        "customers/<str:number>/wishes/<str:channel>/opt-in/",
        wishes.customer_opt_in,
        name="customer_opt_in",
    ),
    path(
        "undeliverable/<int:pk>/mended/", wishes.undeliverable_mended, name="undeliverable_mended"
    ),
    path("links/<int:pk>/revoke/", wishes.link_revoke, name="link_revoke"),
    path("proposals/", wishes.proposal_list, name="proposal_list"),
    path("proposals/<int:pk>/accept/", wishes.proposal_accept, name="proposal_accept"),
    path("proposals/<int:pk>/refuse/", wishes.proposal_refuse, name="proposal_refuse"),
    path("lists/", lists.list_list, name="list_list"),
    path("lists/new/", lists.list_create, name="list_create"),
    path("lists/import/", lists.list_import, name="list_import"),
    path("lists/<int:pk>/", lists.list_detail, name="list_detail"),
    path("lists/<int:pk>/rename/", lists.list_rename, name="list_rename"),
    path("lists/<int:pk>/delete/", lists.list_delete, name="list_delete"),
    path("views/", lists.view_list, name="view_list"),
    path("views/<int:pk>/delete/", lists.view_delete, name="view_delete"),
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
