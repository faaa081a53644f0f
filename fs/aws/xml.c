/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expat, with what a hostile answer could try taken away: a document type (and with it entities)
 * ends the parse, and so does nesting that no answer of AWS's has.
 */
#include "xml.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include <expat.h>

#include "wiping.h"

struct reading {
	XML_Parser parser;
	int (*element)(void *ctx, const char *path, struct str text);
	void *ctx;
	struct buf path;
	size_t ends[XML_MAX_DEPTH]; /* of the path, before each open element */
	unsigned depth;
	struct buf text; /* since the last start of an element */
	int error;
};

static void reading_deinit(struct reading *x)
{
	XML_ParserFree(x->parser);
	buf_deinit(&x->path);
	buf_wipe(&x->text); /* may be a secret */
}

static void stop(struct reading *x, int error)
{
	if (!x->error)
		x->error = error;
	(void)XML_StopParser(x->parser, XML_FALSE);
}

static void on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct reading *x = arg;

	(void)attributes;
	if (x->depth == XML_MAX_DEPTH) {
		stop(x, XML_E_SYNTAX);
		return;
	}
	x->ends[x->depth++] = x->path.len;
	if (x->path.len)
		buf_put_char(&x->path, '/');
	buf_put_text(&x->path, name);
	buf_reset(&x->text);
}

static void on_end(void *arg, const XML_Char *name)
{
	struct reading *x = arg;
	int r;

	(void)name;
	if (x->error) /* expat may still tell of what it has read */
		return;
	buf_put_char(&x->path, '\0');
	r = buf_error(&x->path);
	if (!r)
		r = buf_error(&x->text);
	if (!r)
		r = x->element(x->ctx, x->path.data, buf_str(&x->text));
	if (r)
		stop(x, r);
	x->path.len = x->ends[--x->depth];
	buf_reset(&x->text);
}

static void on_text(void *arg, const XML_Char *text, int n)
{
	struct reading *x = arg;

	buf_put(&x->text, text, (size_t)n);
}

static void on_doctype(void *arg, const XML_Char *name, const XML_Char *system,
		       const XML_Char *public, int has_subset)
{
	(void)name;
	(void)system;
	(void)public;
	(void)has_subset;
	stop(arg, XML_E_SYNTAX);
}

static int failed(const struct reading *x, struct fault *f)
{
	if (x->error < 0)
		return x->error;
	fault_set(f, (uint64_t)XML_GetCurrentByteIndex(x->parser), "",
		  "the answer is no XML that AWS would send: %s",
		  x->error ? "too deep, or with a document type"
			   : XML_ErrorString(XML_GetErrorCode(x->parser)));
	return XML_E_SYNTAX;
}

int xml_parse(struct str text,
	      int (*element)(void *ctx, const char *path, struct str text), void *ctx,
	      struct fault *f)
{
	static const XML_Memory_Handling_Suite memory = { malloc, wiping_realloc,
							  wiping_free };
	_cleanup_(reading_deinit) struct reading x = { .parser = XML_ParserCreate_MM(
							       NULL, &memory, NULL),
						       .text = BUF_SECRET,
						       .element = element,
						       .ctx = ctx };

	if (!x.parser)
		return -ENOMEM;
	if (text.n > INT_MAX) {
		fault_set(f, FAULT_NO_OFFSET, "", "the answer is too long");
		return XML_E_SYNTAX;
	}
	XML_SetUserData(x.parser, &x);
	XML_SetElementHandler(x.parser, on_start, on_end);
	XML_SetCharacterDataHandler(x.parser, on_text);
	XML_SetStartDoctypeDeclHandler(x.parser, on_doctype);
	if (XML_Parse(x.parser, text.n ? text.p : "", (int)text.n, 1) != XML_STATUS_OK)
		return failed(&x, f);
	return x.error;
}
