/* SPDX-License-Identifier: Apache-2.0 */
/* Blame: a golden file, which of several causes is named, and what must not be shown. */
#include "golden.h"

#include "render/blame.h"

#define T0 INT64_C(1714558500123)
#define T1 INT64_C(1714649412000)

static const char first_text[] =
	"{\"ARN\":null,\"configuration\":{\"list\":[\"a\"],\"name\":\"web\",\"port\":22},"
	"\"configurationItemStatus\":\"OK\",\"configurationStateId\":1,\"tags\":{}}";
static const char second_text[] =
	"{\"ARN\":null,\"configuration\":{\"a/b~c\":\"x\\ty\\u001b[2J\",\"list\":[\"b\",\"a\"],"
	"\"name\":\"web\",\"nulls\":{\"a\":null},\"port\":443},\"configurationItemStatus\":\"OK\","
	"\"configurationStateId\":2,\"relatedEvents\":[],\"tags\":{\"Owner\":\"alice\"}}";
static const char deleted_text[] =
	"{\"ARN\":null,\"configuration\":null,"
	"\"configurationItemStatus\":\"ResourceDeleted\",\"tags\":{}}";

struct world {
	struct arena arena;
	struct jv first, second, deleted, tags, port;
	struct story_event causes[2];
	struct blame_change changes[2];
	struct change_trace trace;
};

static void parse(struct world *w, const char *text, struct jv *ret)
{
	assert_int_equal(jv_parse(&w->arena, str_of(text), ret, NULL), 0);
}

static struct story_event cause(const char *name, const char *id,
				const struct jv *request)
{
	return (struct story_event){ .event = { .name = str_of(name),
						.id = str_of(id),
						.time_ms = T1 - 5000,
						.request = request },
				     .actor = { .principal = STR("user/alice") },
				     .confidence = CONFIDENCE_LIKELY };
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct change ignored;

	assert_non_null(w);
	w->trace.arena = &w->arena;
	parse(w, first_text, &w->first);
	parse(w, second_text, &w->second);
	parse(w, deleted_text, &w->deleted);
	parse(w, "{\"tagSet\":[{\"key\":\"owner\"}]}", &w->tags);
	parse(w, "{\"value\":\"443\"}", &w->port);
	w->causes[0] = cause("ModifyPort", "event-1", &w->port);
	w->causes[1] = cause("CreateTags", "event-2", &w->tags);
	w->changes[0] =
		(struct blame_change){ .time_ms = T0, .reason = REASON_FIRST_RECORDED };
	w->changes[1] = (struct blame_change){ .time_ms = T1,
					       .causes = w->causes,
					       .n_causes = 2 };
	assert_int_equal(
		change_follow(&w->arena, NULL, &w->first, &w->trace, 0, &ignored), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	arena_deinit(&w->arena);
	free(w);
	return 0;
}

static void check_len(const struct blame *b, size_t expected)
{
	size_t len = 0;

	assert_int_equal(render_blame_len(b, &len), 0);
	assert_int_equal(len, expected);
}

static void render(struct world *w, const struct jv *body, bool deleted, struct buf *ret)
{
	struct blame blame = {
		.body = body, .deleted = deleted, .changes = w->changes, .n_changes = 2
	};
	struct change ignored;

	assert_int_equal(
		change_follow(&w->arena, &w->first, body, &w->trace, 1, &ignored), 0);
	blame.origin = w->trace.origin;
	render_blame(ret, &blame);
	check_len(&blame, ret->len);
}

static void test_leaves(void **state)
{
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;
	struct world *w = *state;
	struct str rest;

	render(w, &w->second, false, &got);
	golden_check("blame.tsv", &got);
	/* Eight fields a line, and nothing that drives a terminal. */
	for (rest = buf_str(&got); rest.n;) {
		size_t line = (size_t)str_chr(rest, '\n'), tabs = 0;

		for (size_t i = 0; i < line; i++) {
			tabs += rest.p[i] == '\t';
			assert_true(rest.p[i] == '\t' ||
				    (unsigned char)rest.p[i] >= 0x20);
		}
		assert_int_equal(tabs, 7);
		rest = str_from(rest, line + 1);
	}
}

static void test_deleted(void **state)
{
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;
	struct world *w = *state;

	w->changes[1].n_causes = 1;
	render(w, &w->deleted, true, &got);
	golden_check("blame-deleted.tsv", &got);
}

static bool says(const struct buf *text, struct str what)
{
	return memmem(text->data, text->len, what.p, what.n) != NULL;
}

/* Where a change has one cause, or all are as long, the length of what is said of it does as well. */
static void test_label(void **state)
{
	_cleanup_(buf_deinit) struct buf got = BUF_INIT, label = BUF_INIT,
					 none = BUF_INIT;
	struct world *w = *state;
	struct blame blame = { .body = &w->second,
			       .changes = w->changes,
			       .n_changes = 2 };

	w->changes[1].n_causes = 1;
	w->causes[0].actor.principal = STR("user/a\tb");
	render(w, &w->second, false, &got);
	render_blame_label(&label, &w->causes[0]);
	assert_true(str_starts(buf_str(&label), "\tuser/a\\u0009b\tModifyPort\t"));
	assert_true(says(&got, buf_str(&label)));
	w->changes[1].causes = NULL;
	w->changes[1].label_len = (uint32_t)label.len;
	blame.origin = w->trace.origin;
	check_len(&blame, got.len);
	w->changes[1].n_causes = 2;
	check_len(&blame, got.len);
	/* Rendered, it is just not there. */
	render_blame(&none, &blame);
	assert_true(none.len < got.len);
	assert_false(says(&none, STR("ModifyPort")));
	/* Of a deletion it is the only one. */
	buf_reset(&got);
	w->changes[1].causes = w->causes;
	w->changes[1].n_causes = 1;
	render(w, &w->deleted, true, &got);
	w->changes[1].causes = NULL;
	blame.body = &w->deleted;
	blame.deleted = true;
	blame.origin = w->trace.origin;
	check_len(&blame, got.len);
}

/* A mark of no change would be the caller's mistake: the line is left out, nothing is read. */
static void test_bad_mark(void **state)
{
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;
	struct world *w = *state;

	render_blame(&got, &(struct blame){ .body = &w->first, .changes = w->changes });
	assert_int_equal(str_chr(buf_str(&got), '\n') + 1, got.len);
	check_len(&(struct blame){ .body = &w->first, .changes = w->changes }, got.len);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_leaves),
		CASE(test_deleted),
		CASE(test_label),
		CASE(test_bad_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
