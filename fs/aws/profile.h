/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * AWS's configuration files, ~/.aws/config and ~/.aws/credentials, read into one table: a
 * profile's settings from both, those of the credentials file first (AWS SDKs and Tools reference
 * guide, "Shared config and credentials files").
 */

#include "util/buf.h"
#include "util/fault.h"

struct profiles;

/* Files that are not there are empty. A line that is none of a file's forms is passed over, as
   AWS's own tools do. 0 or negative errno with the fault. */
int profiles_read(struct profiles **ret, struct fault *f) _must_check_;
struct profiles *profiles_free(struct profiles *p); /* returns NULL; wiped */
/* From text, for tests: what each file holds. */
int profiles_parse(struct str config, struct str credentials,
		   struct profiles **ret) _must_check_;

bool profiles_has(const struct profiles *p, const char *profile) _pure_;
/* A profile's setting; NULL when it has none. Nested settings ("s3 =" and lines below) are not
   told. */
const char *profiles_get(const struct profiles *p, const char *profile,
			 const char *key) _pure_;
/* A setting of [sso-session NAME]. */
const char *profiles_sso(const struct profiles *p, const char *session,
			 const char *key) _pure_;
