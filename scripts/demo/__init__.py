# SPDX-License-Identifier: Apache-2.0
"""The model behind scripts/demo_history: a small cloud whose history, and whose truth, is known."""
