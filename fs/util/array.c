/* SPDX-License-Identifier: Apache-2.0 */
/* Growing by a factor, so that a row is moved once on average, however many there come. */
#include "util/array.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int array_grow(void *pointer_to_rows, size_t size, size_t *cap, size_t least)
{
	size_t more = MAX(*cap * 2, least);
	void *rows;

	/* Copied, not cast: the pointer is one to some other type. */
	memcpy(&rows, pointer_to_rows, sizeof(rows));
	if (more <= *cap || more > SIZE_MAX / size)
		return -ENOMEM;
	rows = realloc(rows, more * size);
	if (!rows)
		return -ENOMEM;
	memcpy(pointer_to_rows, &rows, sizeof(rows));
	*cap = more;
	return 0;
}
