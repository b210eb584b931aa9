"""Addresses of the billing screens."""

from django.urls import path

from .views import (
    catalogue,
    credit_notes,
    customers,
    explanations,
    invoices,
    payments,
    problems,
    review,
    runs,
)

app_name = "billing"
urlpatterns = [
    path("invoices/", invoices.invoice_list, name="invoice_list"),
    path("invoices/export.<str:export>", invoices.invoice_export, name="invoice_export"),
    path("invoices/<int:pk>/", invoices.invoice_detail, name="invoice_detail"),
    path("invoices/<int:pk>/issue/", invoices.invoice_issue, name="invoice_issue"),
    path("invoices/<int:pk>/pdf/", invoices.invoice_pdf, name="invoice_pdf"),
    path("invoices/<int:pk>/calls.<str:export>", invoices.invoice_calls, name="invoice_calls"),
    path("invoices/<int:pk>/explain/", explanations.invoice_explain, name="invoice_explain"),
    path("invoices/<int:pk>/payments/new/", payments.payment_create, name="payment_create"),
    path("invoices/<int:pk>/credit/", credit_notes.credit_note_create, name="credit_note_create"),
    path("invoices/<int:pk>/reissue/", credit_notes.invoice_reissue, name="invoice_reissue"),
    path(
        "invoices/<int:pk>/credit-adjustments/",
        credit_notes.adjustments_credit,
        name="invoice_credit_adjustments",
    ),
    path("customers/<str:number>/figures/", customers.customer_figures, name="customer_figures"),
    path("customers/<str:number>/invoices/", customers.customer_invoices, name="customer_invoices"),
    path("customers/<str:number>/extras/", catalogue.customer_extras, name="customer_extras"),
    path(
        "customers/<str:number>/subscriptions/new/",
        catalogue.subscription_create,
        name="subscription_create",
    ),
    path("customers/<str:number>/charges/new/", catalogue.charge_create, name="charge_create"),
    path("subscriptions/<int:pk>/end/", catalogue.subscription_end, name="subscription_end"),
    path("charges/<int:pk>/withdraw/", catalogue.charge_withdraw, name="charge_withdraw"),
    path("products/", catalogue.product_list, name="product_list"),
    path("products/new/", catalogue.product_create, name="product_create"),
    path("products/<int:pk>/", catalogue.product_edit, name="product_edit"),
    path("runs/", runs.run_list, name="run_list"),
    path("runs/new/", runs.run_create, name="run_create"),
    path("runs/unbilled/", runs.run_unbilled, name="run_unbilled"),
    path("runs/<int:pk>/", runs.run_detail, name="run_detail"),
    path("runs/<int:pk>/progress/", runs.run_progress, name="run_progress"),
    path("runs/<int:pk>/pause/", runs.run_pause, name="run_pause"),
    path("runs/<int:pk>/resume/", runs.run_resume, name="run_resume"),
    path("runs/<int:pk>/cancel/", runs.run_cancel, name="run_cancel"),
    path("runs/<int:pk>/export.<str:export>", runs.run_export, name="run_export"),
    path("review/", review.review_list, name="review_list"),
    path("review/issue/", review.review_issue, name="review_issue"),
    path("review/<int:pk>/<str:flag>/", review.review_flag, name="review_flag"),
    path("problems/", problems.problem_list, name="problem_list"),
    path("problems/<int:pk>/retry/", problems.problem_retry, name="problem_retry"),
    path("problems/<int:pk>/leave/", problems.problem_leave, name="problem_leave"),
    path("problems/<int:pk>/assign/", problems.problem_assign, name="problem_assign"),
]
