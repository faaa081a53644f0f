/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Making the files of a resource's directory together, for a reader who goes through it.
 */

#include <stdint.h>

#include "request.h"

/*
 * Keeps the content of every file of the resource that is not kept yet and that nobody else is just
 * making; where somebody makes them all, waits for that and makes none. A resource with more than
 * goes into memory lightly is passed over. *ret_bytes: of those it kept. 0, TREE_E_NOT_FOUND,
 * negative errno.
 */
int dossier_make(struct request *q, int64_t resource, size_t *ret_bytes) _must_check_;
