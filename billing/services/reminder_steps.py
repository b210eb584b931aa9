"""The steps of reminders that a fresh portal has; people change days and texts afterwards."""

from typing import Final

from billing.models import ReminderStep

# Level and days after the due date, subject and text in Spanish and English.
STEPS: Final = (
    (
        *(1, 3),
        "Recordatorio de pago",
        "Payment reminder",
        "Le recordamos que, salvo error, están pendientes de pago estas facturas:\n\n"
        "{invoices}\n\nTotal pendiente: {total}.\n\n"
        "Si el pago está ya en camino, no tenga en cuenta este mensaje.",
        "According to our books these invoices are still to be paid:\n\n"
        "{invoices}\n\nOutstanding in total: {total}.\n\n"
        "If your payment is already on its way, please disregard this message.",
    ),
    (
        *(2, 15),
        "Segundo recordatorio de pago",
        "Second payment reminder",
        "No hemos recibido el pago de estas facturas vencidas:\n\n"
        "{invoices}\n\nTotal pendiente: {total}.\n\n"
        "Le rogamos que lo abone en los próximos siete días, o que nos diga qué lo impide.",
        "We have not received payment of these invoices, which are past due:\n\n"
        "{invoices}\n\nOutstanding in total: {total}.\n\n"
        "Please pay within the next seven days, or tell us what stands in the way.",
    ),
    (
        *(3, 30),
        "Último aviso de pago",
        "Final payment notice",
        "A pesar de nuestros avisos siguen sin pagarse estas facturas:\n\n"
        "{invoices}\n\nTotal pendiente: {total}.\n\n"
        "Si no recibimos el pago en los próximos siete días, dejaremos de aceptar reservas.",
        "In spite of our reminders these invoices are still unpaid:\n\n"
        "{invoices}\n\nOutstanding in total: {total}.\n\n"
        "If we do not receive your payment within seven days, we will stop taking bookings.",
    ),
)


def ensure_reminder_steps(**_kwargs: object) -> None:
    """Let there be the three steps. Idempotent; receiver of ``post_migrate``.

    What somebody has written into a step stays.
    """
    for level, days, subject_es, subject_en, text_es, text_en in STEPS:
        ReminderStep.objects.get_or_create(
            level=level,
            defaults={
                "days": days,
                "subject_es": subject_es,
                "subject_en": subject_en,
                "text_es": text_es,
                "text_en": text_en,
            },
        )
