# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it can change at any time.

"""Write the report as one page without anything from elsewhere. Pure.

The table is there without scripts; a script filters, searches and sorts it.
"""

from __future__ import annotations

import html
import typing as t

from ansible_collections.condafleet.proxy.plugins.plugin_utils._report import outcome as _outcome
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.fleet import Fleet
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.history import KINDS, Past
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.last_seen import Seen, readable
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.outcome import (
    Outcome,
    Result,
    overruled_text,
    verdict_of,
)
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.picture import picture
from ansible_collections.condafleet.proxy.plugins.plugin_utils._report.summary import LABELS

# with a sign of its own for each, as a colour alone tells nothing to many
_SIGNS: t.Mapping[str, str] = {
    _outcome.UNREACHABLE: "\u25cb",
    _outcome.REFUSED: "\u2298",
    _outcome.ROLLED_BACK: "\u21ba",
    _outcome.FAILED: "\u2715",
    _outcome.BLOCKED: "\u26a0",
    _outcome.DRIFT: "\u2260",
    _outcome.OFF_NETWORK: "\u2302",
    _outcome.NOT_BEGUN: "\u2026",
    _outcome.HELD: "\u2016",
    _outcome.CHANGED: "\u2192",
    _outcome.IN_ORDER: "\u2713",
}
_STYLE = """
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#57606a;--line:#d0d7de;--bad:#b3261e;--warn:#8a5300;--good:#1a6b35;
--card:#f6f8fa;--c0:#9ac7a5;--c1:#7aa7d9;--c2:#d98880;--c3:#c9c2a8}
@media(prefers-color-scheme:dark){:root{--bg:#0f1419;--fg:#e6edf3;--dim:#9da7b1;--line:#30363d;--bad:#ff8a80;--warn:#f0b35a;
--good:#7ee2a0;--card:#161b22;--c0:#3f7d55;--c1:#3b6ea8;--c2:#a3544c;--c3:#77704f}
}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.45 system-ui,sans-serif}
main{max-width:70rem;margin:auto;padding:1rem}
h1{font-size:1.4rem;margin:.2rem 0}
h2{font-size:1.1rem;margin:1.5rem 0 .5rem}
.dim{color:var(--dim)}
.totals{display:flex;flex-wrap:wrap;gap:.5rem;padding:0;list-style:none}
.totals button,input{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:.35rem .7rem}
.totals button[aria-pressed=true]{outline:2px solid var(--fg)}
input{width:100%;max-width:24rem}
:focus-visible{outline:3px solid #4c8dff;outline-offset:1px}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.4rem .5rem;border-bottom:1px solid var(--line)}
th button{all:unset;cursor:pointer;font-weight:600}
th button:focus-visible{outline:3px solid #4c8dff}
td{overflow-wrap:anywhere}
td:nth-child(1){white-space:nowrap}
td:nth-child(2){min-width:14rem}
.bad{color:var(--bad)}
.warn{color:var(--warn)}
.good{color:var(--good)}
details{margin:.2rem 0}
summary{cursor:pointer}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .8rem;margin:.3rem 0}
dt{color:var(--dim)}
dd{margin:0;overflow-wrap:anywhere}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--card);border:1px solid var(--line);padding:.6rem;border-radius:.4rem}
svg{width:100%;height:7.5rem}
.mark{fill:var(--bg)}
.c1{fill:var(--c1)}
.c2{fill:var(--c2)}
.c3{fill:var(--c3)}
.key span{display:inline-block;margin-right:1rem}
.key i{display:inline-block;width:.9rem;height:.9rem;margin-right:.3rem;vertical-align:-.1rem;border:1px solid var(--line)}
@media(max-width:40rem){thead{position:absolute;left:-200rem}
tr{display:block;border-bottom:1px solid var(--line);padding:.4rem 0}
td{display:block;border:0;padding:.1rem 0}
td:nth-child(2){min-width:0}
}
@media print{.totals button,input{border:0;padding:0}
#find{display:none}
details>*{display:block}
}
"""
_SCRIPT = """
const rows=[...document.querySelectorAll('#hosts tbody tr')],find=document.getElementById('find'),left=document.getElementById('left');
let state='';
function show(){const words=find.value.toLowerCase().split(/\\s+/).filter(Boolean);let n=0;
for(const r of rows){const on=(!state||r.dataset.state===state)&&words.every(w=>r.textContent.toLowerCase().includes(w));r.hidden=!on;n+=on}
left.textContent=n===rows.length?'':n+' of '+rows.length+' hosts'}
find.addEventListener('input',show);
for(const b of document.querySelectorAll('.totals button'))b.addEventListener('click',()=>{state=state===b.dataset.state?'':b.dataset.state;
for(const o of document.querySelectorAll('.totals button'))o.setAttribute('aria-pressed',String(o.dataset.state===state));show()});
let last='rank',up=true;
for(const b of document.querySelectorAll('th button'))b.addEventListener('click',()=>{const key=b.dataset.key;up=last===key?!up:true;last=key;
rows.sort((x,y)=>(key==='rank'?x.dataset.rank-y.dataset.rank:x.dataset.host.localeCompare(y.dataset.host,undefined,{numeric:true}))*(up?1:-1));
for(const t of document.querySelectorAll('th'))t.removeAttribute('aria-sort');b.parentElement.setAttribute('aria-sort',up?'ascending':'descending');
document.querySelector('#hosts tbody').append(...rows)});
"""


def page(fleet: Fleet, finished: str, complete: bool, runs: t.Sequence[Past], seen: t.Mapping[str, Seen]) -> str:
    """Return the page.

    `finished`: ISO 8601; `complete`: the run came to its end; `runs`: with this one, oldest first; `seen`: with this one.
    """
    outcomes = fleet.outcomes
    buttons = "".join(
        f'<li><button type="button" aria-pressed="false" data-state="{state}"><span class="{_class(state)}">'
        f"{_SIGNS[state]}</span> {count} {LABELS[state]}</button></li>"
        for state, count in fleet.totals().items()
    )
    notes = [fleet.stopped] if fleet.stopped else []
    notes += [] if complete else ["the run was interrupted; this is what was done until then"]
    parts = [
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>conda fleet, {_text(finished)}</title><style>{_STYLE}</style></head><body><main>",
        f'<h1>conda fleet</h1><p class="dim">{len(outcomes)} hosts, {_text(finished)}</p>',
        *(f'<p class="bad">{_text(note)}</p>' for note in notes),
        f'<ul class="totals">{buttons}</ul>',
        _past(runs),
        _tickets(outcomes),
        '<h2>Hosts</h2><p><label>Search <input id="find" type="search" autocomplete="off"></label> <span id="left" class="dim" role="status"></span></p>',
        '<table id="hosts"><thead><tr><th aria-sort="ascending"><button type="button" data-key="rank">State</button></th>',
        '<th><button type="button" data-key="host">Host</button></th><th>What, and what to do</th></tr></thead><tbody>',
        *(
            _row(one, seen.get(one.host, Seen()), finished)
            for one in sorted(outcomes, key=lambda one: _outcome.STATES.index(one.state))
        ),
        f"</tbody></table></main><script>{_SCRIPT}</script></body></html>\n",
    ]
    return "".join(parts)


def _text(value: t.Any) -> str:
    return html.escape(str(value))


def _class(state: str) -> str:
    if state in _outcome.GOOD:
        return "good"
    return "warn" if state in (_outcome.HELD, _outcome.OFF_NETWORK, _outcome.NOT_BEGUN, _outcome.DRIFT) else "bad"


def _row(one: Outcome, seen: Seen, finished: str) -> str:
    rank = _outcome.STATES.index(one.state)
    more = _last_seen(seen, finished) + _details(one)
    return (
        f'<tr data-state="{one.state}" data-rank="{rank}" data-host="{_text(one.host)}"><td class="{_class(one.state)}">'
        f"{_SIGNS[one.state]} {LABELS[one.state]}</td><td>{_text(one.host)}</td><td>{_text(one.message)}{more}</td></tr>"
    )


def _last_seen(seen: Seen, finished: str) -> str:
    """Return when a host was last reached and proven, where that was not in this run."""
    parts = [
        f"last {what} {_time(moment)}" if moment else f"never {what}"
        for what, moment in (("reached", seen.reached), ("proven", seen.proven))
        if moment != finished
    ]
    return f' <small class="dim">{", ".join(parts)}</small>' if parts else ""


def _time(moment: str) -> str:
    return f'<time datetime="{_text(moment)}">{_text(readable(moment))}</time>'


def _details(one: Outcome) -> str:
    pairs = list(one.changes)
    pairs += [(row.get("url") or "proof", _proof(row)) for row in one.proof]
    pairs += [("overruled", overruled_text(row)) for row in one.overruled]
    if not pairs:
        return ""
    entries = "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in pairs)
    return f"<details><summary>{len(pairs)} {'detail' if len(pairs) == 1 else 'details'}</summary><dl>{entries}</dl></details>"


def _proof(row: Result) -> str:
    parts = [verdict_of(row), row.get("detail") or ""]
    parts += [
        f"{label} {row[key]}" for key, label in (("proxy", "proxy"), ("base", "base"), ("user", "user")) if row.get(key)
    ]
    return ", ".join(str(part) for part in parts if part)


def _past(runs: t.Sequence[Past]) -> str:
    drawn = picture(runs)
    if not drawn:
        return ""
    key = "".join(
        f'<span><svg style="width:.9rem;height:.9rem;vertical-align:-.1rem" aria-hidden="true"><rect width="16" height="16" fill="{fill}"/></svg> {kind}</span>'
        for kind, fill in zip(KINDS, ("var(--c0)", "url(#p1)", "url(#p2)", "url(#p3)"))
    )
    return f'<h2>The last {min(len(runs), 90)} runs</h2>{drawn}<p class="key dim">{key}</p>'


def _tickets(outcomes: t.Sequence[Outcome]) -> str:
    """Return a text for the network team for each kind of blocked channel, ready to paste."""
    found: dict[tuple[str, ...], list[str]] = {}
    for one in outcomes:
        for row in one.failures:
            keys = ("url", "status", "connect_status", "proxy", "tls_issuer", "detail")
            subject = (verdict_of(row), *(str(row.get(key) or "") for key in keys))
            hosts = found.setdefault(subject, [])
            if one.host not in hosts:
                hosts.append(one.host)
    texts = []
    for (verdict, url, status, connect, proxy, issuer, detail), hosts in sorted(
        found.items(), key=lambda item: -len(item[1])
    ):
        lines = [
            f"Channel: {url or 'not known'}",
            f"Finding: {verdict}. {detail}",
            *([f"HTTP status: {status}"] if status else []),
            *([f"Answer of the proxy to CONNECT: {connect}"] if connect else []),
            *([f"Proxy: {proxy}"] if proxy else []),
            *([f"Issuer of the certificate: {issuer}"] if issuer else []),
            "Hosts ({}): {}{}".format(len(hosts), ", ".join(hosts[:20]), " ..." if len(hosts) > 20 else ""),
        ]
        texts.append(
            f"<details><summary>{_text(url or verdict)}: {_text(verdict)}, {len(hosts)} hosts</summary><pre>{_text(chr(10).join(lines))}</pre></details>"
        )
    return f"<h2>For the network team</h2>{''.join(texts)}" if texts else ""
