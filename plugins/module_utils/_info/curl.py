# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Determine the proxy and CA bundle of curl: by its known rules, then by running it without a connection."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.condafleet.proxy.plugins.module_utils import _files
from ansible_collections.condafleet.proxy.plugins.module_utils._info.rows import (
    ANY,
    BOTH,
    FIELDS,
    READ,
    RUN,
    ConsumerRow,
    Environment,
    Files,
    Subject,
    overlay,
    place,
    row_of,
)
from ansible_collections.condafleet.proxy.plugins.module_utils._posix import shells

_READS = {
    "http_proxy": (
        "http_proxy",
        "all_proxy",
        "ALL_PROXY",
    ),  # never HTTP_PROXY, which the client of a CGI program can set
    "https_proxy": ANY["https_proxy"],
    "no_proxy": ANY["no_proxy"],
    "ca_bundle": ("CURL_CA_BUNDLE", "SSL_CERT_FILE"),
}
# key in the file, fields of the row
_SOCKS = ("socks4", "socks4a", "socks5", "socks5-hostname")
_CURLRC = {**dict.fromkeys(("proxy", "x", *_SOCKS), BOTH), "noproxy": ("no_proxy",), "cacert": ("ca_bundle",)}


_NO_SOCKET = "/dev/null"
_OPTIONS = (
    *("--silent", "--verbose", "--stderr", "-", "--libcurl", "-", "--globoff", "--retry", "0", "--max-time", "3"),
    *("--output", "/dev/null", "--unix-socket", _NO_SOCKET),
)
_EXAMPLE = "http://127.0.0.1:9"
_WORD = re.compile(r"[ \t]*(?P<word>-[A-Za-z0-9]|(?:--)?[A-Za-z0-9.-]+)(?=[ \t=:]|\Z)")
# Options in a curlrc that keep a run harmless: no other URL or file, nothing written. With any other option, curl is not
# run.
_HARMLESS = frozenset(
    """
    proxy -x noproxy cacert capath insecure -k proxy-insecure proxy-cacert proxy-capath proxy-user -U proxy-basic
    proxy-digest proxy-anyauth proxy-header proxytunnel -p socks4 socks4a socks5 socks5-hostname proxy1.0 silent -s
    show-error -S no-progress-meter progress-bar -# verbose -v include -i location -L max-redirs fail -f compressed
    user-agent -A referer -e header -H connect-timeout max-time -m speed-limit -Y speed-time -y limit-rate retry
    retry-delay retry-max-time retry-connrefused ipv4 -4 ipv6 -6 globoff -g http1.1 http2 tlsv1.2 tlsv1.3
    ssl-no-revoke netrc -n netrc-optional user -u
    """.split()
)
_VARIABLE = re.compile(r"\* Uses proxy env variable (\w+) == '")
_SETOPT = re.compile(r'\s*curl_easy_setopt\(\w+, CURLOPT_(\w+), (?:"(.*)"|\(long\)(\w+)|(\w+))\);')
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|[0-7]{3}|.)")
_CONTROL = {"n": "\n", "r": "\r", "t": "\t"}
_TYPES = {"SOCKS4": "socks4", "SOCKS4A": "socks4a", "SOCKS5": "socks5", "SOCKS5_HOSTNAME": "socks5h"}


class Said(t.NamedTuple):
    """What one run says. `variables`: those of the environment that it took. `options`: those of its files."""

    variables: t.Sequence[str]
    options: t.Mapping[str, str]

    def variable(self, exemption: bool) -> str:
        """Return the one that names the proxy, or the exemption from it."""
        return next((name for name in self.variables if (name.lower() == "no_proxy") is exemption), "")


def curl(subject: Subject) -> ConsumerRow:
    """Return the row of curl."""
    row = row_of("curl", READ, subject.login, subject.login_files(), _READS)
    return asked(overlay(row, files(subject)[:1], _CURLRC), subject)


def files(subject: Subject) -> Files:
    """Return the files of which curl reads the first that is there."""
    named = [subject.login.get(name) for name in ("CURL_HOME", "XDG_CONFIG_HOME")]
    paths = [f"{directory}/.curlrc" for directory in (*named, subject.account.home) if directory]
    if not named[1]:
        paths.append(f"{subject.account.home}/.config/curlrc")
    return [(path, text) for path in paths for text in [_files.read_text(path)] if text is not None]


def asked(rules: ConsumerRow, subject: Subject) -> ConsumerRow:
    """Return the row of curl: the expected one (`rules`), corrected by a run, or with the reason why it was not run."""
    program = next(filter(None, map(_program, subject.login.get("PATH", "").split(":"))), None)
    if program is None:
        return rules._replace(note="not run: it is not on the PATH of a login shell")
    words = {word for _path, text in files(subject) for word in _words(text) if word not in _HARMLESS}
    # a short option may have its value attached, which may be a secret
    odd = sorted({word[:2] if word.startswith("-") else word for word in words})
    if odd:
        return rules._replace(note="not run: {} has {}".format(files(subject)[0][0], ", ".join(odd)))
    url = "{{}}://{}/".format(subject.channel.partition("://")[2].partition("/")[0].rpartition("@")[2])
    plain = {"PATH": subject.login["PATH"], "HOME": subject.account.home}
    # tell a curl that is too old to report its variables from one that uses none
    example = _run(program, ["--disable"], {**plain, "all_proxy": _EXAMPLE}, url.format("http"))
    if example is None or list(example.variables) != ["all_proxy"]:
        return rules._replace(note="not run: this version of curl does not report its settings")
    row = rules._replace(how=RUN, decided_by={})
    exempt = []
    for scheme in ("http", "https"):
        field, target = f"{scheme}_proxy", url.format(scheme)
        said = _run(program, [], {**plain, **subject.login}, target)
        if said is None:
            return rules._replace(note="no result: curl timed out")
        row = _settle(row, field, said, rules, subject)
        # curl reports a variable only when it uses it; otherwise run it to see what no_proxy means for this URL
        in_question = not said.variable(False) and (row.value(field) or rules.value(field)) and row.no_proxy
        if in_question and _exempts(program, {**plain, "no_proxy": row.no_proxy}, target):
            row = row.with_value(field, "", row.decided_by.get("no_proxy", ""))
            exempt.append(field)
    notes = [f"no_proxy exempts {url.format(field.partition('_')[0])}" for field in exempt]
    notes += [
        f"{field}: its files and variables suggest {rules.value(field) or 'none'}"
        for field in FIELDS
        if field not in exempt and row.value(field) != rules.value(field)
    ]
    return row._replace(note="; ".join(notes))


def _exempts(program: str, environment: Environment, url: str) -> bool:
    """Return whether curl uses no proxy for `url` because of the no_proxy in `environment`."""
    answer = _run(program, ["--disable"], {**environment, "all_proxy": _EXAMPLE}, url)
    return answer is not None and "all_proxy" not in answer.variables


def _program(directory: str) -> str | None:
    path = os.path.join(directory, "curl")
    return path if os.path.isabs(path) and os.path.isfile(path) and os.access(path, os.X_OK) else None


def _words(text: str) -> t.Iterator[str]:
    for line in text.split("\n"):
        if line.strip() and not line.lstrip().startswith("#"):
            match = _WORD.match(line.rstrip("\r"))
            word = match.group("word") if match else "a line that cannot be parsed"
            yield word[2:] if word.startswith("--") else word


def _run(program: str, first: t.Sequence[str], environment: Environment, url: str) -> Said | None:
    output = shells.output_of([program, *first, *_OPTIONS, url], environment)
    if output is None:
        return None
    lines = output.decode("utf-8", "surrogateescape").splitlines()
    variables = [match.group(1) for match in map(_VARIABLE.match, lines) if match]
    options = {}
    for match in filter(None, map(_SETOPT.match, lines)):
        name, text, constant, number = match.groups()
        options[name] = _unescaped(text) if text is not None else constant or number
    # else it is no curl that did what it was told
    return Said(variables, options) if options.get("UNIX_SOCKET_PATH") == _NO_SOCKET else None


def _unescaped(text: str) -> str:
    """Return a string constant of C."""

    def plain(match: re.Match[str]) -> str:
        code = match.group(1)
        if code[0] == "x" and len(code) == 3:
            return chr(int(code[1:], 16))
        if len(code) == 3:
            return chr(int(code, 8))
        return _CONTROL.get(code, code)

    # a numeric escape is a byte
    raw = _ESCAPE.sub(plain, text.encode("utf-8", "surrogateescape").decode("latin-1"))
    return raw.encode("latin-1").decode("utf-8", "surrogateescape")


def _settle(row: ConsumerRow, field: str, said: Said, rules: ConsumerRow, subject: Subject) -> ConsumerRow:
    """Return the row with the values of one run, and with file and line where the rules found the value there."""
    known = [path for path, _text in files(subject)]
    startup = subject.login_files()

    def by_file(name: str) -> str:
        where = rules.decided_by.get(name, "")
        return where if where.rpartition(":")[0] in known else "".join(known[:1]) or "a start-up file of curl"

    for name, option, variable, value in (
        (field, "PROXY", said.variable(False), _with_scheme(said.options)),
        ("no_proxy", "NOPROXY", said.variable(True), said.options.get("NOPROXY", "")),
    ):
        if option in said.options:
            row = row.with_value(name, value, by_file(name))
        else:
            text = subject.login.get(variable, "")
            source = place(variable, text, startup) if variable else row.decided_by.get(name, "")
            row = row.with_value(name, text, source)
    bundle = said.options.get("CAINFO", "")
    if not bundle:
        return row._replace(ca_bundle="")
    same = bundle == rules.ca_bundle
    return row.with_value("ca_bundle", bundle, rules.decided_by["ca_bundle"] if same else by_file("ca_bundle"))


def _with_scheme(options: t.Mapping[str, str]) -> str:
    proxy = options.get("PROXY", "")
    kind = _TYPES.get(options.get("PROXYTYPE", "").replace("CURLPROXY_", ""), "")
    return f"{kind}://{proxy}" if kind and "://" not in proxy else proxy
