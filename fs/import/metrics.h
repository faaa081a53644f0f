/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "store/store.h"

/* Puts the series with new points into the files of the resources they are of. */
int metrics_settle(struct store *s, struct fault *f) _must_check_;
