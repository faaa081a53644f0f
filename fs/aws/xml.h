/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The XML that S3 and STS answer with, by expat: small, flat, and not to be trusted.
 */

#include "util/buf.h"
#include "util/fault.h"

enum {
	_XML_E_SUCCESS,
	XML_E_SYNTAX, /* not well-formed, too deep, or with a document type of its own */
};

#define XML_MAX_DEPTH 16

/*
 * Calls element() at the end of each element, with the names down to it joined by slashes
 * ("ListBucketResult/Contents/Key") and the text directly in it. A negative errno it returns
 * ends the parse. The fault has the offset.
 */
int xml_parse(struct str text,
	      int (*element)(void *ctx, const char *path, struct str text), void *ctx,
	      struct fault *f) _must_check_;
