"""Addresses of the mailing screens, and of the pages behind the links that it gives."""

from django.urls import path

from .views import actions, mailings, preferences, printers, recipients, wizard

app_name = "mailing"
urlpatterns = [
    path("mailings/", mailings.mailing_list, name="mailing_list"),
    path("mailings/new/", wizard.mailing_new, name="mailing_new"),
    path("mailings/<str:number>/", mailings.mailing_detail, name="mailing_detail"),
    path("mailings/<str:number>/progress/", mailings.mailing_progress, name="mailing_progress"),
    path("mailings/<str:number>/audience/", wizard.mailing_audience, name="mailing_audience"),
    path("mailings/<str:number>/texts/", wizard.mailing_texts, name="mailing_texts"),
    path("mailings/<str:number>/schedule/", wizard.mailing_schedule, name="mailing_schedule"),
    path("mailings/<str:number>/lists/", wizard.mailing_lists, name="mailing_lists"),
    path("mailings/<str:number>/freeze/", actions.freeze, name="mailing_freeze"),
    path("mailings/<str:number>/unfreeze/", actions.unfreeze, name="mailing_unfreeze"),
    path("mailings/<str:number>/approve/", actions.approve, name="mailing_approve"),
    path("mailings/<str:number>/withdraw/", actions.withdraw, name="mailing_withdraw"),
    path("mailings/<str:number>/start/", actions.start, name="mailing_start"),
    path("mailings/<str:number>/pause/", actions.pause, name="mailing_pause"),
    path("mailings/<str:number>/resume/", actions.resume, name="mailing_resume"),
    path("mailings/<str:number>/cancel/", actions.cancel, name="mailing_cancel"),
    path("mailings/<str:number>/discard/", actions.discard, name="mailing_discard"),
    path("mailings/<str:number>/proof/", recipients.mailing_proof, name="mailing_proof"),
    path(
        "mailings/<str:number>/proof/print/",
        recipients.mailing_proof_print,
        name="mailing_proof_print",
    ),
    path("mailings/<str:number>/reprint/", recipients.mailing_reprint, name="mailing_reprint"),
    path(
        "mailings/<str:number>/recipients/",
        recipients.mailing_recipients,
        name="mailing_recipients",
    ),
    path(
        "mailings/<str:number>/report.<str:export>",
        recipients.mailing_export,
        name="mailing_export",
    ),
    path(
        "mailings/<str:number>/notices.<str:export>",
        recipients.mailing_notices,
        name="mailing_notices",
    ),
    path(
        "mailings/<str:number>/recipients/<int:pk>/letter.pdf",
        recipients.recipient_letter,
        name="recipient_letter",
    ),
    path(
        "mailings/<str:number>/recipients/<int:pk>/notice/",
        recipients.recipient_notice,
        name="recipient_notice",
    ),
    path(
        "mailings/<str:number>/recipients/<int:pk>/take-out/",
        recipients.recipient_take_out,
        name="recipient_take_out",
    ),
    path(
        "mailings/<str:number>/recipients/<int:pk>/put-back/",
        recipients.recipient_put_back,
        name="recipient_put_back",
    ),
    path(
        "mailings/<str:number>/recipients/<int:pk>/take-new/",
        recipients.recipient_take_new,
        name="recipient_take_new",
    ),
    path("mailings/<str:number>/parts/<int:part>.pdf", recipients.chunk_pdf, name="chunk_pdf"),
    path(
        "mailings/<str:number>/parts/<int:part>/printed/",
        recipients.chunk_printed,
        name="chunk_printed",
    ),
    path(
        "mailings/<str:number>/parts/<int:part>/retry/",
        recipients.chunk_retry,
        name="chunk_retry",
    ),
    path("printers/", printers.printer_list, name="printer_list"),
    path("printers/new/", printers.printer_create, name="printer_create"),
    path("printers/<int:pk>/", printers.printer_detail, name="printer_detail"),
    path("printers/<int:pk>/live/", printers.printer_live, name="printer_live"),
    path("printers/<int:pk>/edit/", printers.printer_edit, name="printer_edit"),
    path("printers/<int:pk>/ask/", printers.printer_ask, name="printer_ask"),
    path("printers/<int:pk>/test/", printers.printer_test, name="printer_test"),
    path("print-jobs/<int:pk>/cancel/", printers.print_job_cancel, name="print_job_cancel"),
    path("print-jobs/<int:pk>/retry/", printers.print_job_retry, name="print_job_retry"),
    path("print-jobs/<int:pk>/decide/", printers.print_job_decide, name="print_job_decide"),
    path("print-jobs/<int:pk>/pdf/", printers.print_job_document, name="print_job_document"),
    path("p/<str:token>/", preferences.preferences, name="preferences"),
    path("p/<str:token>/unsubscribe/", preferences.unsubscribe_page, name="unsubscribe"),
]
