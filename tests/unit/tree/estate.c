/* SPDX-License-Identifier: Apache-2.0 */
/* The tests' history and tree: see estate.h. */

#include "estate.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "model/story.h"
#include "render/entry.h"
#include "render/inventory.h"
#include "render/state.h"
#include "store/derive.h"

int estate_setup(void **state)
{
	struct estate *e = calloc(1, sizeof(*e));
	struct fault f;

	assert_non_null(e);
	(void)snprintf(e->dir, sizeof(e->dir), "/tmp/driftfs-tree-XXXXXX");
	assert_non_null(mkdtemp(e->dir));
	(void)snprintf(e->path, sizeof(e->path), "%s/history.db", e->dir);
	assert_int_equal(store_open(e->path, STORE_WRITE, false, &e->s, &f), 0);
	*state = e;
	return 0;
}

int estate_teardown(void **state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
	struct estate *e = *state;

	e->t = tree_close(e->t);
	e->s = store_close(e->s);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		char path[96];

		(void)snprintf(path, sizeof(path), "%s%s", e->path, suffixes[i]);
		(void)unlink(path);
	}
	(void)rmdir(e->dir);
	free(e);
	return 0;
}

void estate_open(struct estate *e)
{
	struct fault f;

	assert_int_equal(tree_open(e->path, &e->t, &f), 0);
}

/* --- putting ------------------------------------------------------------------------------ */

void estate_begin(struct estate *e)
{
	assert_int_equal(store_begin(e->s, "test"), 0);
}

static void put(struct estate *e, const char *type, const char *rid, int64_t ms,
		bool deleted)
{
	_cleanup_(buf_deinit) struct buf body = BUF_INIT;
	char number[24];
	struct item item;
	enum store_put how;

	(void)snprintf(number, sizeof(number), "%lld", (long long)++e->count);
	if (deleted)
		buf_put_text(&body, "{\"ARN\":null,\"configuration\":null,");
	else
		buf_printf(&body, "{\"ARN\":\"arn:%s\",\"configuration\":{\"n\":%s},",
			   rid, number);
	buf_printf(&body, "\"configurationItemStatus\":\"%s\",\"resourceId\":",
		   deleted ? "ResourceDeleted" : "OK");
	jv_write_string(&body, str_of(rid));
	buf_put_text(&body,
		     deleted ? ",\"resourceName\":null}" : ",\"resourceName\":\"name\"}");
	assert_int_equal(buf_error(&body), 0);
	item = (struct item){ .account = str_of(e->account ? e->account : ACCOUNT),
			      .region = STR(REGION),
			      .type = str_of(type),
			      .id = str_of(rid),
			      .captured_ms = ms,
			      .state_id = str_of(number),
			      .status = deleted ? ITEM_DELETED : ITEM_OK,
			      .guise = ITEM_GUISE_DELIVERY,
			      .body = buf_str(&body),
			      .raw = STR("as received") };
	assert_int_equal(store_put_item(e->s, &item, 1, &how, NULL), 0);
	assert_int_equal(how, STORE_PUT_NEW);
}

void estate_put(struct estate *e, const char *type, const char *rid, int64_t ms)
{
	put(e, type, rid, ms, false);
}

void estate_put_deletion(struct estate *e, const char *type, const char *rid, int64_t ms)
{
	put(e, type, rid, ms, true);
}

static void measure(struct str body, struct store_shown *ret)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf csv = BUF_INIT, jsonl = BUF_INIT;
	struct jv v;

	assert_int_equal(jv_parse(&a, body, &v, NULL), 0);
	render_inventory_csv(&csv, &v);
	render_inventory_jsonl(&jsonl, &v);
	ret->csv_len = (uint32_t)csv.len;
	ret->jsonl_len = (uint32_t)jsonl.len;
	ret->item_len = (uint32_t)body.n;
}

/* The listing row of a state: the twin's number, the size, what a deletion inherits. */
static struct store_shown show(struct estate *e, const struct store_state *st,
			       const struct store_shown *before)
{
	_cleanup_(buf_deinit) struct buf body = BUF_INIT;
	struct store_shown shown = { .state = st->id, .time_ms = st->time_ms };
	size_t size;

	if (before && before->time_ms == st->time_ms)
		shown.twin = before->twin + 1;
	if (before && item_status_is_deleted(st->status))
		shown.name = STR("name");
	assert_int_equal(store_state_body(e->s, st->id, &body), 0);
	assert_int_equal(render_state_len(buf_str(&body), shown.name, shown.arn, &size),
			 0);
	shown.size = (uint32_t)size;
	measure(buf_str(&body), &shown);
	return shown;
}

static struct store_entry tell(struct estate *e, const struct store_resource *resource,
			       const struct store_state *st, int64_t previous)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	_cleanup_(buf_deinit) struct buf jsonl = BUF_INIT;
	struct story_entry story;
	struct store_entry entry = { .time_ms = st->time_ms,
				     .kind = STORE_ENTRY_CHANGE,
				     .ref = st->id,
				     .previous = previous,
				     .change_type =
					     previous ? CHANGE_UPDATE : CHANGE_CREATE,
				     .reason = REASON_NO_TRAIL };

	assert_int_equal(store_story_load(e->s, resource, &entry, &a, &story), 0);
	render_entry_text(&text, &story);
	render_entry_jsonl(&jsonl, &story);
	entry.text_len = (uint32_t)text.len;
	entry.jsonl_len = (uint32_t)jsonl.len;
	return entry;
}

static void derive(struct estate *e, const struct store_dirty *dirty)
{
	static struct store_state states[4096];
	static struct store_shown shown[4096];
	static struct store_entry entries[4096];
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct store_story story = { .dirty = { .resource = dirty->resource },
				     .entries = entries,
				     .shown = shown };
	struct store_resource resource;
	struct store_name names[4] = { { STORE_NAME_NAME, STR_NULL, STR("name") },
				       { STORE_NAME_ARN, STR_NULL, STR_NULL },
				       { STORE_NAME_ID, STR_NULL, STR_NULL },
				       { STORE_NAME_TAG, STR("env/x"), STR("p q") } };
	_cleanup_(buf_deinit) struct buf arn = BUF_INIT;
	size_t n;

	assert_int_equal(store_resource_get(e->s, dirty->resource, &a, &resource), 0);
	buf_put_text(&arn, "arn:");
	buf_put_str(&arn, resource.rid);
	if (e->named_apart)
		names[0].text = resource.rid;
	names[1].text = buf_str(&arn);
	names[2].text = resource.rid;
	if (e->named) {
		story.names = names;
		story.n_names = ARRAY_SIZE(names);
	}
	assert_int_equal(store_states(e->s, resource.id, -1, 0, true, states, 4096, &n),
			 0);
	/* First the names of the files, which the stories tell. */
	for (size_t i = 0; i < n; i++)
		shown[i] = show(e, &states[i], i ? &shown[i - 1] : NULL);
	story.n_shown = n;
	assert_int_equal(store_put_story(e->s, &story), 0);
	for (size_t i = 0; i < n; i++)
		entries[i] = tell(e, &resource, &states[i], i ? states[i - 1].id : 0);
	story.n_entries = n;
	assert_int_equal(store_put_story(e->s, &story), 0);
}

void estate_commit(struct estate *e)
{
	struct store_dirty dirty;
	int64_t after = -1;
	size_t n;

	assert_int_equal(store_commit(e->s), 0);
	estate_begin(e);
	for (;;) {
		assert_int_equal(store_dirty_next(e->s, after, &dirty, 1, &n), 0);
		if (n == 0)
			break;
		after = dirty.resource;
		derive(e, &dirty);
	}
	assert_int_equal(store_commit(e->s), 0);
}

void estate_add(struct estate *e, const char *rid, int64_t ms)
{
	estate_begin(e);
	estate_put(e, GROUP, rid, ms);
	estate_commit(e);
}

/* --- looking ------------------------------------------------------------------------------ */

int estate_lookup(struct estate *e, const char *path, struct tree_attr *ret)
{
	return tree_walk_path(e->t, str_of(path), false, ret);
}

struct tree_attr estate_at(struct estate *e, const char *path)
{
	struct tree_attr attr = { 0 };

	if (estate_lookup(e, path, &attr) != 0)
		fail_msg("no %s", path);
	return attr;
}

struct listed {
	struct buf *out;
	uint64_t *cookie;
	size_t left, n;
};

static bool listed(void *ctx, const struct tree_entry *entry)
{
	struct listed *l = ctx;

	if (l->left == 0)
		return false;
	l->left--;
	l->n++;
	buf_put_str(l->out, entry->name);
	buf_put_char(l->out, '\n');
	assert_true(entry->next != 0 && entry->next < (UINT64_C(1) << 63) - 16);
	*l->cookie = entry->next;
	return true;
}

size_t estate_list(struct estate *e, uint64_t node, uint64_t *cookie, size_t max,
		   struct buf *out)
{
	struct listed l = { out, cookie, max, 0 };

	assert_int_equal(
		tree_readdir(e->t, node, *cookie,
			     &(struct tree_lister){ .entry = listed, .ctx = &l }),
		0);
	assert_int_equal(buf_error(out), 0);
	return l.n;
}
