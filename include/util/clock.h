/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Time that passes, as against the time of day: nobody sets it, and it never goes back. */

#include <stdint.h>

/* Since some instant that is the same for the whole life of the process: nanoseconds, milliseconds. */
int64_t clock_ns(void);
int64_t clock_ms(void);
