/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a feed may ask the history, as the files of this part see it. */

#include "import/import.h"
#include "writer.h"

struct import_ledger {
	struct store *store;
	struct import_writer *writer;
	bool all_events;
	bool even; /* nothing is under way */
};
