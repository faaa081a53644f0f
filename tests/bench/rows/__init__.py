# SPDX-License-Identifier: Apache-2.0
"""The rows of the bench, a file a table. Each file has ROWS, and measure(bench, rows), which fills
those of its rows that are asked for (a dictionary by name)."""
