/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Memory for libraries through which credentials pass: what they free is wiped first. */

#include <stddef.h>

void wiping_free(void *p);
void *wiping_realloc(void *p, size_t size);
