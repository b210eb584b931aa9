"""Our own keywords for why a printer does not print, beside those of RFC 8011."""

from enum import StrEnum


class Reason(StrEnum):
    """What we find ourselves; ``words`` puts each plainly."""

    # nothing answers
    REFUSED = "bpi-refused"
    TIMEOUT = "bpi-timeout"
    CUT_OFF = "bpi-cut-off"
    UNKNOWN_HOST = "bpi-host"
    NETWORK = "bpi-network"
    # something answers, but no printer that would speak with us
    NOT_IPP = "bpi-not-ipp"
    NO_SUCH_PATH = "bpi-path"
    TLS_NEEDED = "bpi-tls-needed"
    NO_TLS = "bpi-tls"
    CERTIFICATE = "bpi-certificate"
    CERTIFICATE_CHANGED = "bpi-certificate-changed"
    NOT_ALLOWED = "bpi-not-allowed"
    # the printer says no
    BUSY = "bpi-busy"
    NOT_ACCEPTING = "bpi-not-accepting"
    TROUBLE = "bpi-trouble"
    NO_PDF = "bpi-format"
    NO_TRAY = "bpi-tray"
    NO_MEDIA = "bpi-media"
    NO_DUPLEX = "bpi-duplex"
    NO_COLOR = "bpi-color"
    SETTINGS = "bpi-settings"
    OPERATION = "bpi-operation"
    TOO_LARGE = "bpi-too-large"
    DOCUMENT = "bpi-document"
    # on our side
    DOCUMENT_MISSING = "bpi-document-missing"
    FOLDER = "bpi-folder"
    DISABLED = "bpi-disabled"
    FORGOTTEN = "bpi-forgotten"
    UNANSWERED = "bpi-unanswered"
    FEWER_PAGES = "bpi-fewer-pages"
    DECIDED = "bpi-decided"
    # addresses that no printer has
    ADDRESS_SCHEME = "bpi-address-scheme"
    ADDRESS_PORT = "bpi-address-port"
    ADDRESS_WRONG = "bpi-address-wrong"
