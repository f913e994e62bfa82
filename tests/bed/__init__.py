# SPDX-License-Identifier: GPL-3.0-or-later
"""Real parts for tests, molecule and the demo. Run from the checkout's root."""
