"""Reports as mail servers write them."""


def report(
    *,
    to: str,
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 unknown",
    final_recipient: str = "ana@example.es",
    style: str = "postfix",
    header: str = "To",
    returned: str = "Subject: Su carta",
) -> bytes:
    """Return a report of delivery (RFC 3464).

    ``style``: ``postfix``, ``exchange`` (the fields in another order), ``crlf`` (as on the wire).
    """
    fields = [
        f"Final-Recipient: rfc822; {final_recipient}",
        f"Action: {action}",
        *([f"Status: {status}"] if status else []),
        *([f"Diagnostic-Code: {diagnostic}"] if diagnostic else []),
    ]
    if style == "exchange":
        fields.reverse()
    delivery = "Reporting-MTA: dns; mail.example.es\n\n" + "\n".join(fields) + "\n"
    text = (
        f"From: MAILER-DAEMON@mail.example.es\n{header}: <{to}>\n"
        "Subject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\n\n'
        "--B\nContent-Type: text/plain; charset=us-ascii\n\nIt could not be delivered.\n\n"
        f"--B\nContent-Type: message/delivery-status\n\n{delivery}\n"
        f"--B\nContent-Type: text/rfc822-headers\n\n{returned}\n\n--B--\n"
    )
    return (text.replace("\n", "\r\n") if style == "crlf" else text).encode()


def complaint(*, original_mail_from: str) -> bytes:
    """Return a report of abuse (RFC 5965), as large providers send them."""
    text = (
        "From: abuse@provider.example\nTo: postmaster@bpi.example\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="B"\n\n'
        "--B\nContent-Type: text/plain\n\nThis is an abuse report.\n\n"
        "--B\nContent-Type: message/feedback-report\n\n"
        "Feedback-Type: abuse\nUser-Agent: Provider/1.0\nVersion: 1\n"
        f"Original-Mail-From: <{original_mail_from}>\n\n"
        "--B\nContent-Type: message/rfc822\n\nSubject: Su carta\n\nBuenos días\n\n--B--\n"
    )
    return text.encode()
