# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""What each verdict of the probe means to the one who must act on it.

The names are a promise: reports, dashboards and playbooks compare them. `docs/verdicts.md` has a section for each.
"""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.condafleet.proxy.plugins.module_utils._proof.protocol import ProofRow

PAGE = "docs/verdicts.md"


class Entry(NamedTuple):
    """One verdict: what to change, and what kind of finding it is."""

    remedy: str
    transient: bool = False  # may be gone a moment later: tried again before a change is rolled back
    python_alone: bool = False  # conda plays no part in it, so a machine without conda gets the same answer


VERDICTS: dict[str, Entry] = {
    "ok": Entry("", python_alone=True),
    "no_conda": Entry("No conda was found: install it, or set conda_proxy_prefix to its directory."),
    "no_channels": Entry("Set conda_proxy_channels: conda 25.9 and newer have no implicit 'defaults'."),
    "channel_denied": Entry(
        "The channel is excluded: change conda_proxy_allowlist_channels, conda_proxy_denylist_channels or the channel."
    ),
    "offline": Entry(
        "conda is in offline mode: remove offline from conda_proxy_extra and the .condarc, and unset CONDA_OFFLINE."
    ),
    "config_invalid": Entry(
        "conda cannot use its configuration: correct the file shown in the detail, or the variable that "
        "conda_proxy_password refers to."
    ),
    "conda_unusable": Entry("This base cannot be run: repair it, or set conda_proxy_prefix to another base."),
    "dns_channel": Entry(
        "The channel's host name does not resolve: if a proxy is required, set conda_proxy_https or "
        "conda_proxy_http; otherwise correct conda_proxy_channels.",
        transient=True,
        python_alone=True,
    ),
    "dns_proxy": Entry(
        "The proxy's host name does not resolve: correct the host in conda_proxy_http and conda_proxy_https, or DNS.",
        transient=True,
        python_alone=True,
    ),
    "refused_channel": Entry(
        "Nothing listens on the channel's port, or a firewall rejects direct connections: set conda_proxy_https, "
        "or correct "
        "conda_proxy_channels.",
        transient=True,
        python_alone=True,
    ),
    "refused_proxy": Entry(
        "Nothing listens on the proxy's port: correct the host and port in conda_proxy_http and conda_proxy_https "
        "(default port: 80 for http://, 443 for https://).",
        transient=True,
        python_alone=True,
    ),
    "unreachable_channel": Entry(
        "There is no route to the channel's host: a proxy is probably required; set conda_proxy_https.",
        transient=True,
        python_alone=True,
    ),
    "unreachable_proxy": Entry(
        "There is no route to the proxy's host: check the network or VPN, or correct conda_proxy_http.",
        transient=True,
        python_alone=True,
    ),
    "connect_timeout_channel": Entry(
        "Packets to the channel are dropped: a proxy is probably required; set conda_proxy_https.",
        transient=True,
        python_alone=True,
    ),
    "connect_timeout_proxy": Entry(
        "Packets to the proxy are dropped: check the firewall, and the address and port in conda_proxy_http.",
        transient=True,
        python_alone=True,
    ),
    "read_timeout": Entry(
        "Connected, but no response in time: check the channel's server, or increase "
        "conda_proxy_remote_read_timeout_secs.",
        transient=True,
        python_alone=True,
    ),
    "read_timeout_proxy": Entry(
        "The proxy accepted the connection but did not respond in time: check the proxy and conda_proxy_http.",
        transient=True,
        python_alone=True,
    ),
    "connection_reset": Entry(
        "The peer closed the connection without a response: if the peer is the proxy, check the scheme of "
        "conda_proxy_http.",
        transient=True,
        python_alone=True,
    ),
    "proxy_auth_required": Entry(
        "The proxy requires credentials (netrc is never used for a proxy): set conda_proxy_username and "
        "conda_proxy_password.",
        python_alone=True,
    ),
    "proxy_auth_rejected": Entry(
        "The proxy refused the credentials: correct conda_proxy_username and conda_proxy_password.", python_alone=True
    ),
    "proxy_auth_unsupported": Entry(
        "conda supports only Basic authentication: set conda_proxy_http to a local helper proxy (cntlm, px), or "
        "have the proxy allow this machine by its IP address.",
        python_alone=True,
    ),
    "proxy_forbidden": Entry(
        "The proxy's policy forbids this host or port: ask the proxy's administrator to allow it, or change "
        "conda_proxy_channels.",
        python_alone=True,
    ),
    "proxy_upstream": Entry(
        "The proxy cannot reach the channel (502, 503, 504): see the proxy's logs; correct conda_proxy_channels if the "
        "host is wrong.",
        transient=True,
        python_alone=True,
    ),
    "proxy_tunnel_failed": Entry(
        "The proxy refused to open a tunnel: see the status code and the proxy's logs; check conda_proxy_https.",
        python_alone=True,
    ),
    "proxy_scheme_https_on_http": Entry(
        "The proxy speaks plain HTTP: write http:// in conda_proxy_http and conda_proxy_https, and set "
        "conda_proxy_tls_to_proxy: false.",
        python_alone=True,
    ),
    "proxy_scheme_http_on_https": Entry(
        "The proxy requires TLS: write https:// in conda_proxy_http and conda_proxy_https, and set "
        "conda_proxy_tls_to_proxy: true.",
        python_alone=True,
    ),
    "proxy_tls_untrusted": Entry(
        "The certificate of the https:// proxy is not trusted: add its CA to conda_proxy_ca_bundle_src.",
        python_alone=True,
    ),
    "proxy_url_malformed": Entry(
        "The proxy URL cannot be parsed: put the credentials into conda_proxy_username and conda_proxy_password, which "
        "are encoded for you, and check the port in conda_proxy_http.",
        python_alone=True,
    ),
    "proxy_credentials_unencodable": Entry(
        "Credentials with characters outside Latin-1 cannot be sent as they are: set them with conda_proxy_username "
        "and conda_proxy_password, or change the password in conda_proxy_netrc."
    ),
    "proxy_scheme_unknown": Entry(
        "conda_proxy_http or conda_proxy_https has an unknown scheme: use http, https, socks4, socks4a, socks5 or "
        "socks5h.",
        python_alone=True,
    ),
    "proxy_socks_missing": Entry(
        "conda_proxy_http is a SOCKS proxy, but base has no PySocks: run conda install -n base pysocks, or use an "
        "HTTP proxy."
    ),
    "proxy_not_socks": Entry(
        "The proxy's port does not speak SOCKS: correct the port in conda_proxy_http, or write http:// for an HTTP "
        "proxy."
    ),
    "proxy_not_http": Entry(
        "The response from the proxy's port is not HTTP: check the port in conda_proxy_http.",
        python_alone=True,
    ),
    "tls_unknown_ca": Entry(
        "The certificate chain is not trusted (interception or private CA): add the CA to conda_proxy_ca_bundle_src.",
        python_alone=True,
    ),
    "tls_self_signed": Entry(
        "The server presents a self-signed certificate: add it to conda_proxy_ca_bundle_src.", python_alone=True
    ),
    "tls_hostname_mismatch": Entry(
        "The certificate is for another host: correct the host in conda_proxy_channels, or find out which device "
        "intercepts the connection.",
        python_alone=True,
    ),
    "tls_expired": Entry(
        "The certificate has expired, or this machine's clock is wrong; conda_proxy_ca_bundle_src cannot help.",
        python_alone=True,
    ),
    "tls_not_yet_valid": Entry(
        "The certificate is not yet valid: check this machine's clock; conda_proxy_ca_bundle_src cannot help.",
        python_alone=True,
    ),
    "tls_not_tls": Entry(
        "The server does not speak TLS on that port: check whether conda_proxy_channels needs http:// instead of "
        "https://.",
        python_alone=True,
    ),
    "tls_client_cert": Entry(
        "The server requires a client certificate: set client_ssl_cert and client_ssl_cert_key in conda_proxy_extra."
    ),
    "tls_other": Entry(
        "The TLS handshake failed: see the detail, and check the CA in conda_proxy_ca_bundle_src or "
        "conda_proxy_ca_bundle.",
        python_alone=True,
    ),
    "ca_bundle_missing": Entry(
        "The effective CA bundle does not exist, cannot be read or contains no certificate: correct "
        "conda_proxy_ca_bundle, "
        "conda_proxy_ssl_verify or REQUESTS_CA_BUNDLE, or set conda_proxy_ca_bundle_src.",
        python_alone=True,
    ),
    "client_cert_missing": Entry(
        "client_ssl_cert or client_ssl_cert_key points to a file that does not exist for this user: correct "
        "conda_proxy_extra."
    ),
    "channel_unauthorized": Entry(
        "The channel requires credentials (401): add its host to conda_proxy_netrc, or a token to "
        "conda_proxy_channels.",
        python_alone=True,
    ),
    "channel_forbidden": Entry(
        "403: access is denied; correct the credentials in conda_proxy_netrc, or check whether a proxy or filter "
        "blocks the URL.",
        python_alone=True,
    ),
    "channel_not_found": Entry(
        "404: the channel's URL has no noarch/repodata.json; check conda_proxy_channels, conda_proxy_channel_alias and "
        "conda_proxy_custom_channels.",
        python_alone=True,
    ),
    "rate_limited": Entry(
        "429: too many requests; try later, or use a mirror with conda_proxy_channel_alias.",
        transient=True,
        python_alone=True,
    ),
    "server_error": Entry(
        "The channel's server returned an error (5xx): try later, or use a mirror with conda_proxy_channel_alias.",
        transient=True,
        python_alone=True,
    ),
    "http_other": Entry("An unexpected HTTP status: check the URL in conda_proxy_channels.", python_alone=True),
    "captive_portal": Entry(
        "The response is a login page or a block page: log in to the network, or correct conda_proxy_http or "
        "conda_proxy_channels; then "
        "run conda clean --index-cache.",
        python_alone=True,
    ),
    "not_repodata": Entry("The response is not repodata: check the URL in conda_proxy_channels.", python_alone=True),
    "redirect_loop": Entry(
        "Too many redirects: log in to the captive portal, or correct the URL in conda_proxy_channels.",
        python_alone=True,
    ),
    "truncated": Entry(
        "The response is incomplete: check the content inspection of the proxy in conda_proxy_http.",
        transient=True,
        python_alone=True,
    ),
    "netrc_unreadable": Entry(
        "The netrc file cannot be read, so no entry is used: correct the file; then conda_proxy_netrc can manage it."
    ),
    "deadline": Entry(
        "No result in time: increase conda_proxy_verify_deadline, or check DNS and the proxy in conda_proxy_http.",
        transient=True,
        python_alone=True,
    ),
    "unknown": Entry(
        "Unknown failure: see the detail, and report it as a bug (the conda_proxy_* settings may be correct)."
    ),
}


def advise(row: ProofRow) -> ProofRow:
    """Return the row with its remedy; `see` names the page."""
    if row.verdict == "ok":
        return row
    entry = VERDICTS.get(row.verdict, VERDICTS["unknown"])
    return row._replace(remedy=entry.remedy, see=f"{PAGE}#{row.verdict}")
