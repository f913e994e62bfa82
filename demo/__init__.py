# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job, end to end, on three homes in this checkout. Begin with `__main__.py`: the steps are there."""
