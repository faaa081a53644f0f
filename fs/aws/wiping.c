/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of STS and of metadata services stand in the buffers of curl and expat as well as in
 * ours, and those know nothing of secrets.
 */
#include "wiping.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

void wiping_free(void *p)
{
	if (p)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

void *wiping_realloc(void *p, size_t size)
{
	void *fresh = malloc(size);

	if (!fresh)
		return NULL;
	if (p)
		memcpy(fresh, p, MIN(malloc_usable_size(p), size));
	wiping_free(p);
	return fresh;
}
