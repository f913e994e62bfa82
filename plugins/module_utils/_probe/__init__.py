# Copyright: condafleet.proxy contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The probe: does conda reach its channels from this machine, and if not, why?

conda's own Python runs these files (`_program.py` hands them over on stdin), so that the answer is conda's: its
configuration, its session, its certificates. Importing them does nothing, and needs only the standard library; conda is
imported late, by name: each step can fail, and the failure is an answer too. Python 3.7 to 3.13, conda 4.6 to 26.
`_start.py` is where it begins; `_view.py` is the start of the other question: which proxy would conda take?
"""
