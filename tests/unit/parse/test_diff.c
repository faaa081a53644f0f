/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our change between two states against AWS's own configurationItemDiff in the message of the
 * second: the same paths with the same change types and values, but for what is different by
 * design. AWS does not align arrays (an element that changed is a DELETE of one index and a
 * CREATE of another), does not compare tags, creation time and an instance's state code, calls
 * a load balancer's Tags TagSet, and gives no order. Arrays are therefore compared as a whole:
 * where AWS tells of an element, so do we tell of that array.
 *
 * Needs the data of others; skipped, with exit status 77, where it is not there.
 */
#include "files.h"
#include "model/change.h"

static char *root;

/* "Configuration.NetworkInterfaces.0" as the pointer of the value, or of the array it is in. */
static void pointer_of(struct buf *out, struct str path)
{
	while (path.n > 0) {
		ptrdiff_t dot = str_chr(path, '.');
		struct str part = dot < 0 ? path : (struct str){ path.p, (size_t)dot };

		path = dot < 0 ? STR_NULL : str_from(path, (size_t)dot + 1);
		if (part.p[0] >= '0' && part.p[0] <= '9')
			return;
		buf_put_char(out, '/');
		buf_put_str(out, str_is(part, "TagSet") ? STR("Tags") : part);
	}
}

/* AWS makes the first letter of every part upper case, whatever it is in the item. */
static bool same_pointer(struct str ours, struct str theirs)
{
	return str_eq_nocase(ours, theirs);
}

static bool is_within(struct str pointer, struct str top)
{
	return pointer.n >= top.n &&
	       same_pointer((struct str){ pointer.p, top.n }, top) &&
	       (pointer.n == top.n || pointer.p[top.n] == '/');
}

static bool has_index(struct str path)
{
	for (size_t i = 1; i < path.n; i++) {
		if (path.p[i - 1] == '.' && path.p[i] >= '0' && path.p[i] <= '9')
			return true;
	}
	return false;
}

static bool same_value(const struct jv *ours, const struct jv *theirs)
{
	if (!ours || !theirs || theirs->type == JV_NULL)
		return (!ours || ours->type == JV_NULL) &&
		       (!theirs || theirs->type == JV_NULL);
	return jv_equal(ours, theirs);
}

/* Do we say what AWS says of this path? */
static bool is_told(const struct change *change, struct str path, const struct jv *theirs)
{
	_cleanup_(buf_deinit) struct buf pointer = BUF_INIT;

	pointer_of(&pointer, path);
	for (size_t i = 0; i < change->diff.n; i++) {
		const struct json_diff_entry *e = &change->diff.entries[i];
		const char *kind = change_type_name((enum change_type)e->kind);

		if (has_index(path) && is_within(e->pointer, buf_str(&pointer)))
			return true;
		if (same_pointer(e->pointer, buf_str(&pointer)) &&
		    str_is(jv_get_text(theirs, "changeType"), kind) &&
		    same_value(e->previous, jv_get(theirs, "previousValue")) &&
		    same_value(e->updated, jv_get(theirs, "updatedValue")))
			return true;
	}
	return false;
}

/* Does AWS say something of what we say? */
static bool is_theirs(const struct jv *properties, struct str pointer)
{
	for (uint32_t i = 0; i < properties->len; i++) {
		_cleanup_(buf_deinit) struct buf theirs = BUF_INIT;
		struct str path = jv_str(&properties->members[i].key);

		pointer_of(&theirs, path);
		if (has_index(path) ? is_within(pointer, buf_str(&theirs))
				    : same_pointer(pointer, buf_str(&theirs)))
			return true;
	}
	return is_within(pointer, STR("/tags")) ||
	       str_is(pointer, "/resourceCreationTime") ||
	       str_is(pointer, "/configuration/state/code");
}

/* The message in an envelope's string, its item made canonical, its diff as it is. */
static void load(struct arena *a, const char *name, struct jv *ret_body,
		 const struct jv **ret_diff)
{
	_cleanup_(collect_deinit) struct collect c = collect_new();
	_cleanup_(buf_deinit) struct buf path = BUF_INIT;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct jv *message = arena_alloc(a, sizeof(*message));
	struct jv envelope;

	buf_printf(&path, "%s/config-messages/%s%c", root, name, 0);
	file_read(path.data, &text);
	assert_int_equal(collect_record(&c, buf_str(&text), STR_NULL, 0), 0);
	assert_int_equal(jv_parse(a, arena_str(a, buf_str(&c.bodies)), ret_body, NULL),
			 0);
	assert_int_equal(jv_parse(a, arena_str(a, buf_str(&text)), &envelope, NULL), 0);
	assert_int_equal(jv_parse(a, jv_get_text(&envelope, "Message"), message, NULL),
			 0);
	*ret_diff = jv_get(message, "configurationItemDiff");
}

static void compare(const char *first, const char *second, enum change_type type,
		    size_t n_theirs)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	const struct jv *diff, *properties;
	struct change change;
	struct jv before, after;

	load(&a, first, &before, &diff);
	load(&a, second, &after, &diff);
	properties = jv_get(diff, "changedProperties");
	assert_int_equal(change_between(&a, &before, &after, &change), 0);
	assert_int_equal(change.type, type);
	assert_true(str_is(jv_get_text(diff, "changeType"), change_type_name(type)));
	assert_int_equal(properties->len, n_theirs);
	for (uint32_t i = 0; i < properties->len; i++) {
		struct str path = jv_str(&properties->members[i].key);

		if (!is_told(&change, path, &properties->members[i].value))
			fail_msg("%s: nothing is said of %.*s", second, STR_ARGS(path));
	}
	for (size_t i = 0; i < change.diff.n; i++) {
		if (!is_theirs(properties, change.diff.entries[i].pointer))
			fail_msg("%s: AWS says nothing of %.*s", second,
				 STR_ARGS(change.diff.entries[i].pointer));
	}
}

static void test_instance(void **state)
{
	(void)state;
	compare("ec2.0.json", "ec2.1.json", CHANGE_UPDATE, 7);
	compare("ec2.1.json", "ec2.2.json", CHANGE_UPDATE, 8);
	compare("ec2.2.json", "ec2.3.json", CHANGE_UPDATE, 7);
	compare("ec2.3.json", "ec2.4.json", CHANGE_DELETE, 6);
}

static void test_load_balancer(void **state)
{
	(void)state;
	compare("elb.create.json", "elb.update.json", CHANGE_UPDATE, 1);
	compare("elb.update.json", "elb.delete.json", CHANGE_DELETE, 10);
}

/* Elements of arrays in full: the deletion lists each relationship with its value. */
static void test_relationships(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	const struct jv *diff, *properties;
	struct change change;
	struct jv before, after;
	size_t found = 0;

	(void)state;
	load(&a, "ec2.3.json", &before, &diff);
	load(&a, "ec2.4.json", &after, &diff);
	properties = jv_get(diff, "changedProperties");
	assert_int_equal(change_between(&a, &before, &after, &change), 0);
	assert_int_equal(change.diff.n, properties->len);
	for (uint32_t i = 0; i < properties->len; i++) {
		const struct jv *theirs =
			jv_get(&properties->members[i].value, "previousValue");

		for (size_t k = 0; k < change.diff.n; k++)
			found += same_value(change.diff.entries[k].previous, theirs);
	}
	assert_int_equal(found, properties->len);
}

/* A stopped instance: the interface is told of by what changed in it, not as a whole. */
static void test_aligned(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	const struct jv *diff;
	struct change change;
	struct jv before, after;
	bool told = false;

	(void)state;
	load(&a, "ec2.0.json", &before, &diff);
	load(&a, "ec2.1.json", &after, &diff);
	assert_int_equal(change_between(&a, &before, &after, &change), 0);
	for (size_t i = 0; i < change.diff.n; i++) {
		const struct json_diff_entry *e = &change.diff.entries[i];

		assert_false(str_is(e->pointer, "/configuration/networkInterfaces/0"));
		if (str_is(e->pointer,
			   "/configuration/networkInterfaces/0/association")) {
			assert_int_equal(e->kind, JSON_DIFF_DELETE);
			assert_true(str_is(jv_get_text(e->previous, "publicIp"),
					   "34.222.120.66"));
			told = true;
		}
	}
	assert_true(told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_instance),
		cmocka_unit_test(test_load_balancer),
		cmocka_unit_test(test_relationships),
		cmocka_unit_test(test_aligned),
	};
	int failed;

	root = data_folder();
	if (!root) {
		printf("skipped: no data at DRIFTFS_DATA or beside the source\n");
		return SKIPPED;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(root);
	return failed;
}
