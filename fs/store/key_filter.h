/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Is a key not in the list of keys? See key_filter.c. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

struct store;

struct key_filter {
	uint64_t *words; /* NULL: none is made yet */
	size_t n_words;
	size_t n, room; /* keys that it has and that it is made for */
	size_t asked;   /* times while there was none */
};

/* Sized for so many keys; what it had is forgotten. 0 or -ENOMEM. */
int key_filter_size(struct key_filter *f, size_t room) _must_check_;
/* Of a key the upper 32 bits count, which is what the list has. */
void key_filter_add(struct key_filter *f, uint64_t key);
/* False: it was not added. */
bool key_filter_may_have(const struct key_filter *f, uint64_t key) _pure_;
void key_filter_deinit(struct key_filter *f);

/* May the list have the key? Makes the filter once that is worth it, and anew when it is full. */
int key_filter_ask(struct store *s, uint64_t key, bool *ret) _must_check_;
