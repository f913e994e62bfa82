# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for security: `find-certificate -a -p KEYCHAIN`, as security(1) has it.

A keychain is a PEM file that a test puts there; 44 is errSecItemNotFound (SecBase.h, -25300 cut to a byte).
"""

import os
import sys

if len(sys.argv) == 5 and sys.argv[1:4] == ["find-certificate", "-a", "-p"]:
    path = "/private/var/standin/keychains/" + os.path.basename(sys.argv[4]) + ".pem"
    try:
        with open(path, encoding="utf-8") as stream:
            sys.stdout.write(stream.read())
    except FileNotFoundError:
        sys.stderr.write(
            "security: SecKeychainSearchCopyNext: The specified item could not be found in the keychain.\n"
        )
        sys.exit(44)
else:
    sys.stderr.write("usage: security find-certificate -a -p keychain\n")
    sys.exit(2)
