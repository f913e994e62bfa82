# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for scutil: `--proxy` and `--get LocalHostName`, as scutil(8) and the sources of configd 1405 have it.

The answer to `--proxy` is the file that a test puts there; without one, what scutil prints where nothing is configured.
"""

import sys

if sys.argv[1:] == ["--proxy"]:
    try:
        with open("/private/var/standin/proxy.txt", encoding="utf-8") as stream:
            sys.stdout.write(stream.read())
    except FileNotFoundError:
        print("No proxy configuration available")
elif sys.argv[1:] == ["--get", "LocalHostName"]:
    print("Condafleet-Mac")
else:
    sys.stderr.write("usage: scutil --proxy\n       scutil --get pref\n")
    sys.exit(64)
