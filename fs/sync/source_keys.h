/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api_source.h"

/* Of a round of cloudtrail://REGION. */
int keys_read(struct api_source *s, struct aws_handle *h, struct fault *f) _must_check_;
