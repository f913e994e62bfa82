# SPDX-License-Identifier: GPL-3.0-or-later
"""Exceptions become verdicts by type and number first, as a system's own texts are in its language."""

from __future__ import annotations

import errno
import socket
import ssl

import pytest

from ansible_collections.condafleet.proxy.plugins.module_utils._probe import (
    exceptions,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._probe.exceptions import classify


class WindowsError_(OSError):  # noqa: N801  # an OSError as Windows has it
    """An OSError of Windows: its text is in the system's language."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(number, text)
        self.winerror = number


class NewConnectionError(Exception):
    """urllib3's, which quotes the OSError behind it."""


def wrapped(cause: BaseException) -> BaseException:
    """As requests and urllib3 nest it."""
    inner = NewConnectionError(f"Failed to establish a new connection: {cause}")
    inner.__cause__ = cause
    outer = Exception("Max retries exceeded with url: /")
    outer.__context__ = inner
    return outer


@pytest.mark.parametrize(
    ("number", "text", "verdict"),
    [
        (
            10061,
            "Es konnte keine Verbindung hergestellt werden, da der Zielcomputer die Verbindung verweigerte",
            "refused_%",
        ),
        (10051, "Ein Socketvorgang bezog sich auf ein nicht verfügbares Netzwerk", "unreachable_%"),
        (10065, "Der Host war bei einem Socketvorgang nicht erreichbar", "unreachable_%"),
        (10050, "Das Netzwerk ist ausgefallen", "unreachable_%"),
        (10064, "Der Host ist ausgefallen", "unreachable_%"),
        (10013, "Der Zugriff auf einen Socket war aufgrund der Zugriffsrechte unzulässig", "unreachable_%"),
        (10049, "Die angeforderte Adresse ist in diesem Kontext ungültig", "unreachable_%"),
        (10060, "Ein Verbindungsversuch ist fehlgeschlagen", "connect_timeout_%"),
        (10054, "Eine vorhandene Verbindung wurde vom Remotehost geschlossen", "connection_reset"),
        (10053, "Eine bestehende Verbindung wurde abgebrochen", "connection_reset"),
        (errno.ECONNREFUSED, "Connexion refusée", "refused_%"),
        (errno.ENETUNREACH, "Le réseau n'est pas accessible", "unreachable_%"),
        (errno.EHOSTUNREACH, "Aucun chemin d'accès pour atteindre l'hôte cible", "unreachable_%"),
        (errno.ENETDOWN, "Le réseau ne fonctionne pas", "unreachable_%"),
        (errno.EPERM, "Opération non permise", "unreachable_%"),
        (errno.EADDRNOTAVAIL, "Ne peut affecter l'adresse demandée", "unreachable_%"),
        (errno.ETIMEDOUT, "Connexion terminée par expiration du délai d'attente", "connect_timeout_%"),
        (errno.ECONNRESET, "Connexion ré-initialisée par le correspondant", "connection_reset"),
    ],
)
def test_numbers_count_and_not_the_language(number: int, text: str, verdict: str) -> None:
    kind = WindowsError_ if number > 10000 else OSError
    for proxied in (True, False):
        for exc in (kind(number, text), wrapped(kind(number, text))):
            assert classify(exc, proxied)[0] == verdict.replace("%", "proxy" if proxied else "channel")


def test_names_that_do_not_resolve_by_type() -> None:
    assert classify(wrapped(socket.gaierror(11001, "Der angegebene Host ist unbekannt")), False)[0] == "dns_channel"


def test_the_number_of_a_file_s_error_is_no_connection_s() -> None:
    assert classify(OSError(errno.EACCES, "Permission denied", "/etc/conda/ca.pem"), False)[0] == "unknown"
    assert classify(OSError(errno.EINVAL, "Invalid argument", "/x"), False)[0] == "unknown"


def test_the_numbers_of_ssl_are_its_own() -> None:
    assert classify(ssl.SSLError(1, "[SSL] something new"), False)[0] == "tls_other"
    assert (
        classify(ssl.SSLError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate has expired"), False)[0] == "tls_expired"
    )


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (301, "captive_portal"),
        (302, "captive_portal"),
        (307, "captive_portal"),
        (400, "proxy_tunnel_failed"),
        (403, "proxy_forbidden"),
        (503, "proxy_upstream"),
    ],
)
def test_the_answer_to_connect(status: int, verdict: str) -> None:
    found = classify(wrapped(OSError(f"Tunnel connection failed: {status} Moved")), True)
    assert found[:2] == (verdict, status)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Unknown error", "unknown"),
        ("[SSL: SSLV3_ALERT_CERTIFICATE_UNKNOWN] x", "tls_client_cert"),
        ("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] x", "tls_client_cert"),
        ("certificate verify failed: Hostname mismatch, certificate is not valid for 'x'", "tls_hostname_mismatch"),
        ("self signed certificate in certificate chain (_ssl.c:1)", "tls_unknown_ca"),
        ("self signed certificate (_ssl.c:1)", "tls_self_signed"),
        ("[SSL] record layer failure (_ssl.c:1000)", "tls_not_tls"),
    ],
)
def test_texts_of_other_openssl(text: str, verdict: str) -> None:
    assert exceptions.classify(Exception(text), proxied=False)[0] == verdict
