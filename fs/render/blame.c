/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Blame: the newest state's leaves beside the tree of their origins, walked together.
 * Whatever stands in the data (keys, values, names of calls) is made fit for a line of its own.
 */

#include "render/blame.h"

#include <inttypes.h>

#include "model/timestamp.h"
#include "render/entry.h"

#include "text.h"

static const char header[] =
	"pointer\tvalue\tsince\tprincipal\tevent\tevent_id\tevent_time\treason\n";

struct walk {
	struct buf *out;
	const struct blame *blame;
	struct buf path; /* JSON Pointer of what the walk is at */
	/* What a line before said of its change, as most lines say the same: where, how long. */
	const struct blame_change *change;
	const struct story_event *cause;
	size_t from, n;
	bool measures;   /* `out` has but the line that is made */
	size_t measured; /* bytes that are not in it any more, or never were */
};

static void put_field(struct buf *out, struct str text)
{
	buf_put_char(out, '\t');
	if (text.n)
		text_brief(out, text);
	else
		buf_put_char(out, '-');
}

static void put_time(struct buf *out, int64_t time_ms)
{
	char iso[TIMESTAMP_ISO_SIZE];

	timestamp_format(time_ms, iso);
	put_field(out, str_of(iso));
}

/* --- which of several causes --------------------------------------------------------------- */

/* Is it said anywhere in the value: as a text, or as a member's name? */
static bool says(const struct jv *v, struct str text)
{
	if (!v || text.n == 0)
		return false;
	if (v->type == JV_STRING || v->type == JV_NUMBER)
		return str_eq_nocase(jv_str(v), text);
	for (uint32_t i = 0; v->type == JV_ARRAY && i < v->len; i++)
		if (says(&v->items[i], text))
			return true;
	for (uint32_t i = 0; v->type == JV_OBJECT && i < v->len; i++)
		if (str_eq_nocase(jv_str(&v->members[i].key), text) ||
		    says(&v->members[i].value, text))
			return true;
	return false;
}

static int fitness(const struct story_event *cause, struct str key,
		   const struct jv *value)
{
	const struct event *e = &cause->event;
	int fits = 0;

	if (says(e->request, jv_str(value)) || says(e->response, jv_str(value)))
		fits += 8;
	if (says(e->request, key))
		fits += 4;
	return fits + (int)cause->confidence;
}

static const struct story_event *cause_of(const struct blame_change *c, struct str key,
					  const struct jv *value)
{
	const struct story_event *best = c->n_causes ? c->causes : NULL;
	int most = -1;

	for (size_t i = 0; best && c->n_causes > 1 && i < c->n_causes; i++) {
		int fits = fitness(&c->causes[i], key, value);

		if (fits > most) {
			best = &c->causes[i];
			most = fits;
		}
	}
	return best;
}

/* --- lines --------------------------------------------------------------------------------- */

void render_blame_label(struct buf *out, const struct story_event *cause)
{
	put_field(out, cause->actor.principal);
	put_field(out, cause->event.name);
	put_field(out, cause->event.id);
	put_time(out, cause->event.time_ms);
}

/* Of a cause that is not there only the length is known, where that is asked for. */
static void put_cause(struct walk *w, const struct blame_change *c,
		      const struct story_event *cause)
{
	if (cause) {
		render_blame_label(w->out, cause);
	} else if (c->n_causes && w->measures) {
		w->measured += c->label_len;
		w->n += c->label_len;
	} else {
		for (int i = 0; i < 4; i++)
			put_field(w->out, STR_NULL);
	}
}

/* The rest of a line. */
static void put_change(struct walk *w, const struct blame_change *c,
		       const struct story_event *cause)
{
	struct buf *out = w->out;

	if (w->change == c && w->cause == cause) {
		if (w->measures)
			w->measured += w->n;
		else if (buf_reserve(out, w->n))
			buf_put(out, out->data + w->from, w->n);
		return;
	}
	w->change = c;
	w->cause = cause;
	w->from = out->len;
	w->n = 0;
	put_time(out, c->time_ms);
	put_cause(w, c, cause);
	put_field(out, c->n_causes ? STR_NULL : reason_sentence(c->reason, c->why));
	buf_put_char(out, '\n');
	w->n += out->len - w->from;
}

static void put_leaf(struct walk *w, struct str key, const struct jv *value,
		     uint32_t mark)
{
	const struct blame_change *c;

	if (mark >= w->blame->n_changes)
		return;
	c = &w->blame->changes[mark];
	text_safe(w->out, buf_str(&w->path));
	buf_put_char(w->out, '\t');
	text_brief_json(w->out, value);
	put_change(w, c, cause_of(c, key, value));
	if (w->measures) {
		w->measured += w->out->len;
		w->out->len = 0; /* a failure stays noted */
	}
}

/* RFC 6901: ~ is ~0, / is ~1. */
static void push_key(struct buf *path, struct str key)
{
	buf_put_char(path, '/');
	for (size_t i = 0; i < key.n; i++) {
		if (key.p[i] == '~')
			buf_put_text(path, "~0");
		else if (key.p[i] == '/')
			buf_put_text(path, "~1");
		else
			buf_put_char(path, key.p[i]);
	}
}

/* Has it anything to go into? */
static bool is_leaf(const struct jv *v)
{
	if (v->type == JV_ARRAY)
		return v->len == 0;
	if (v->type != JV_OBJECT)
		return true;
	for (uint32_t i = 0; i < v->len; i++)
		if (v->members[i].value.type != JV_NULL)
			return false;
	return true;
}

static bool is_left_out(const struct walk *w, const struct jv_member *m)
{
	struct str key = jv_str(&m->key);

	if (m->value.type == JV_NULL)
		return true;
	return w->path.len == 0 &&
	       (item_key_is_metadata(key) || str_is(key, "configurationItemStatus"));
}

static uint32_t mark_of(const struct json_origin *o, uint32_t otherwise)
{
	return o ? o->mark : otherwise;
}

/* `o` is the value's own origin, NULL where it comes from `mark` as what it is in. The depth of
   the recursion is bounded by JV_MAX_DEPTH. */
static void put_value(struct walk *w, struct str key, const struct jv *v,
		      const struct json_origin *o, uint32_t mark)
{
	size_t length = w->path.len;

	mark = mark_of(o, mark);
	if (is_leaf(v)) {
		put_leaf(w, key, v, mark);
		return;
	}
	for (uint32_t i = 0; v->type == JV_ARRAY && i < v->len; i++) {
		buf_printf(&w->path, "/%" PRIu32, i);
		put_value(w, key, &v->items[i], json_origin_item(o, i), mark);
		w->path.len = length;
	}
	for (uint32_t i = 0; v->type == JV_OBJECT && i < v->len; i++) {
		const struct jv_member *m = &v->members[i];
		struct str name = jv_str(&m->key);

		if (is_left_out(w, m))
			continue;
		push_key(&w->path, name);
		put_value(w, name, &m->value, json_origin_member(o, name), mark);
		w->path.len = length;
	}
}

static void put_deletion(struct walk *w)
{
	static const char key[] = "configurationItemStatus";
	const struct jv *status = jv_get(w->blame->body, key);

	push_key(&w->path, str_of(key));
	put_leaf(w, STR_NULL, status ? status : &jv_null, mark_of(w->blame->origin, 0));
}

static void put_all(struct walk *w)
{
	const struct blame *b = w->blame;

	buf_put_text(w->out, header);
	if (b->deleted)
		put_deletion(w);
	else
		put_value(w, STR_NULL, b->body, b->origin, 0);
	if (w->path.failed)
		w->out->failed = true;
	buf_deinit(&w->path);
}

void render_blame(struct buf *out, const struct blame *b)
{
	struct walk w = { .out = out, .blame = b };

	put_all(&w);
}

int render_blame_len(const struct blame *b, size_t *ret_len)
{
	_cleanup_(buf_deinit) struct buf line = BUF_INIT;
	struct walk w = { .out = &line, .blame = b, .measures = true };

	put_all(&w);
	*ret_len = w.measured + line.len;
	return buf_error(&line);
}
