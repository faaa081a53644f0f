/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Time that passes, as against the time of day: nobody sets it, and it never goes back. */

#include <stdint.h>

/* Milliseconds since some instant that is the same for the whole life of the process. */
int64_t clock_ms(void);
