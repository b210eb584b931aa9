"""Letters and e-mails of the demonstration, in Spanish and English."""

import datetime as dt
from typing import Final

from mailing.models import Template
from mailing.services.templates import create_template

ACTOR: Final = "demo"


def write_templates(now: dt.datetime) -> None:
    """Write a letter about new rates, its notice, and wishes for Christmas. Safe to repeat."""
    year = str(now.year + 1)
    for name, kind, texts in (
        ("Actualización de tarifas", Template.Kind.LETTER, RATES),
        ("Aviso de carta", Template.Kind.NOTICE, NOTICE),
        ("Felicitación de Navidad", Template.Kind.EMAIL, CHRISTMAS),
    ):
        if not Template.objects.filter(name=name).exists():
            create_template(
                name=name,
                kind=kind,
                texts={part: text.replace("YEAR", year) for part, text in texts.items()},
                actor=ACTOR,
                now=now,
            )


def _field(path: str) -> str:
    return f'<span data-field="{path}"></span>'


def _if(path: str, operator: str, words: str, value: str = "") -> str:
    return f'<span data-if="{path}" data-op="{operator}" data-value="{value}">{words}</span>'


def _either(path: str, filled: str, otherwise: str) -> str:
    return (
        f'<div data-if="{path}" data-op="filled"><p>{filled}</p>'
        f"<div data-else><p>{otherwise}</p></div></div>"
    )


_TO_ES = _if("contact.name", "filled", f"A la atención de {_field('contact.name')}:") + _if(
    "contact.name", "empty", "Estimados señores:"
)
_TO_EN = _if("contact.name", "filled", f"Dear {_field('contact.name')},") + _if(
    "contact.name", "empty", "Dear Sir or Madam,"
)

RATES: Final = {
    "subject_es": "Actualización de sus tarifas a partir del 1 de enero de YEAR",
    "body_es": f"""
<p>{_TO_ES}</p>
<p>{_field("customer.name")} confía a {_field("issuer.name")} sus audioconferencias, y se lo
agradecemos.{
        _if(
            "customer.since",
            "less",
            f" Nos acompaña desde {_field('customer.since')}.",
            "YEAR",
        )
    }</p>
<p>A partir del <strong>1 de enero de YEAR</strong> actualizamos el precio por minuto de los
accesos telefónicos. Las conferencias por internet mantienen su precio, y las demás condiciones de
su contrato (cuotas, minutos incluidos, plazo de pago) no cambian.</p>
<h3>¿Qué tiene que hacer?</h3>
<p>Nada. Las nuevas tarifas se aplican solas desde la primera conferencia de enero, y las que se
celebren antes se facturan como hasta ahora. En la hoja adjunta encontrará un resumen.</p>
{
        _either(
            "account_manager.name",
            f"Si desea comentarlo, {_field('account_manager.name')} le atenderá con gusto en "
            f"{_field('account_manager.email')}.",
            f"Si desea comentarlo, le atenderemos con gusto en el {_field('issuer.phone')}.",
        )
    }
<p>Atentamente,</p>
<p></p>
<p>Atención al cliente<br>{_field("issuer.legal_name")}</p>
""",
    "enclosure_es": f"""
<h2>Resumen de los cambios para {_field("customer.name")}</h2>
<table><tbody>
<tr><th>Acceso</th><th>Hasta el 31 de diciembre</th><th>Desde el 1 de enero de YEAR</th></tr>
<tr><td>Internet</td><td>según su contrato</td><td>sin cambios</td></tr>
<tr><td>Telefónico de pago</td><td>según su contrato</td><td>+ 1,8 %</td></tr>
<tr><td>Telefónico gratuito</td><td>según su contrato</td><td>+ 2,4 %</td></tr>
<tr><td>Llamada saliente</td><td>según su contrato</td><td>+ 2,4 %</td></tr>
</tbody></table>
<p>Su comercial puede facilitarle en
cualquier momento la hoja completa de sus tarifas (cliente {_field("customer.number")}).</p>
""",
    "subject_en": "Your rates from 1 January YEAR",
    "body_en": f"""
<p>{_TO_EN}</p>
<p>{_field("customer.name")} trusts {_field("issuer.name")} with its audio conferences, and we
thank you for it.{
        _if(
            "customer.since",
            "less",
            f" You have been with us since {_field('customer.since')}.",
            "YEAR",
        )
    }</p>
<p>From <strong>1 January YEAR</strong> we adjust the price per minute of telephone access.
Conferences over the internet keep their price, and the other terms of your contract (fees,
included minutes, payment term) stay as they are.</p>
<h3>What do you have to do?</h3>
<p>Nothing. The new rates apply by themselves from your first conference in January; those held
before are charged as until now. The enclosed page is a summary.</p>
{
        _either(
            "account_manager.name",
            f"If you would like to talk about it, {_field('account_manager.name')} will be glad to "
            f"help: {_field('account_manager.email')}.",
            f"If you would like to talk about it, please call {_field('issuer.phone')}.",
        )
    }
<p>Yours faithfully,</p>
<p></p>
<p>Customer service<br>{_field("issuer.legal_name")}</p>
""",
    "enclosure_en": f"""
<h2>Summary of the changes for {_field("customer.name")}</h2>
<table><tbody>
<tr><th>Access</th><th>Until 31 December</th><th>From 1 January YEAR</th></tr>
<tr><td>Internet</td><td>as in your contract</td><td>unchanged</td></tr>
<tr><td>Toll telephone</td><td>as in your contract</td><td>+ 1.8 %</td></tr>
<tr><td>Toll-free telephone</td><td>as in your contract</td><td>+ 2.4 %</td></tr>
<tr><td>Dial-out</td><td>as in your contract</td><td>+ 2.4 %</td></tr>
</tbody></table>
<p>Your account manager can send you the full sheet of your rates at any time (customer
{_field("customer.number")}).</p>
""",
}

NOTICE: Final = {
    "subject_es": "Hoy le hemos enviado una carta: {{ mailing.name }}",
    "body_es": f"""
<p>{_TO_ES}</p>
<p>Hoy sale hacia {_field("customer.name")} una carta nuestra por correo postal. Debería recibirla
el <strong>{_field("notice.arrival")}</strong>.</p>
<p>{
        _if(
            "address.line1",
            "filled",
            f"La dirigimos a {_field('address.line1')}, {_field('address.city')}. ",
        )
    }Si su dirección ha cambiado, dígalo en el enlace del pie de este mensaje y la corregiremos.</p>
<p>Un saludo,<br>{_field("issuer.name")}</p>
""",
    "subject_en": "A letter is on its way: {{ mailing.name }}",
    "body_en": f"""
<p>{_TO_EN}</p>
<p>Today we have posted a letter to {_field("customer.name")}. You should receive it on
<strong>{_field("notice.arrival")}</strong>.</p>
<p>{
        _if(
            "address.line1",
            "filled",
            f"It is addressed to {_field('address.line1')}, {_field('address.city')}. ",
        )
    }If your address has changed, please tell us by the link below and we will correct it.</p>
<p>Kind regards,<br>{_field("issuer.name")}</p>
""",
}

CHRISTMAS: Final = {
    "subject_es": "Felices fiestas, {{ customer.name }}",
    "body_es": f"""
<p>{_TO_ES}</p>
<p>Termina un año de muchas reuniones, y en las de {_field("customer.name")} hemos tenido el gusto
de ayudar a que todos se oyeran. Gracias por su confianza.</p>
<p>Le deseamos unas felices fiestas y un YEAR con buenas noticias.</p>
<p>El equipo de {_field("issuer.name")}</p>
""",
    "subject_en": "Season's greetings, {{ customer.name }}",
    "body_en": f"""
<p>{_TO_EN}</p>
<p>A year of many meetings comes to its end, and we were glad to help everybody at
{_field("customer.name")} be heard. Thank you for your trust.</p>
<p>We wish you happy holidays and a YEAR full of good news.</p>
<p>The team of {_field("issuer.name")}</p>
""",
}
