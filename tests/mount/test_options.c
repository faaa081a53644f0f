/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Mount options: what is handed on, what is passed over, what is refused.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mount/mount.h"
#include "util/str.h"

static void expect(const char *list, int result, const char *handed_on)
{
	_cleanup_(mount_options_deinit) struct mount_options o = { 0 };
	struct fault f = { 0 };

	assert_int_equal(mount_options_add(&o, list, &f), result);
	if (result)
		assert_true(f.reason[0] != '\0');
	else if (!str_is(buf_str(&o.fuse), handed_on))
		fail_msg("%s gives %.*s", list, STR_ARGS(buf_str(&o.fuse)));
}

static void test_passed_over(void **state)
{
	(void)state;
	expect("", 0, "");
	expect(",,,", 0, "");
	expect("ro,dev,suid,exec,defaults", 0, "");
	expect("x-systemd.automount,X-mount.mkdir=0700,comment=a b,user=root,nofail", 0,
	       "");
}

static void test_handed_on(void **state)
{
	(void)state;
	expect("noatime,ro,max_read=4096", 0, ",noatime,max_read=4096");
	expect("fsname=a\\,b\\\\,dirsync", 0, ",fsname=a\\,b\\\\,dirsync");
}

static void test_refused(void **state)
{
	(void)state;
	expect("nonsense", MOUNT_E_OPTION, "");
	expect("ro,allow_others", MOUNT_E_OPTION, "");
	expect("noexec=1", MOUNT_E_OPTION, "");
	expect("ro\\", MOUNT_E_OPTION, "");
	expect("\\,", MOUNT_E_OPTION, "");
	/* Ours to decide. */
	expect("subtype=ext4", MOUNT_E_OPTION, "");
	expect("uid=0", MOUNT_E_OPTION, "");
}

/* What is followed meanwhile: ours, and nothing for FUSE. */
static void test_sync_config(void **state)
{
	_cleanup_(mount_options_deinit) struct mount_options o = { 0 };
	struct fault f = { 0 };

	(void)state;
	assert_int_equal(
		mount_options_add(&o, "ro,sync,sync_config=/a\\,b/x\\\\y.ini,nofail", &f),
		0);
	assert_string_equal(o.sync_config, "/a,b/x\\y.ini");
	assert_int_equal(mount_options_add(&o, "sync_config=two", &f), 0);
	assert_string_equal(o.sync_config, "two");
	assert_int_equal(buf_str(&o.fuse).n, 0);
	expect("sync_config=", MOUNT_E_OPTION, "");
}

/* mount(8) says rw of itself; a person who says it would take the mount for writable. */
static void test_writable(void **state)
{
	_cleanup_(mount_options_deinit) struct mount_options o = { .helper = true };
	struct fault f = { 0 };

	(void)state;
	assert_int_equal(mount_options_add(&o, "rw,noatime", &f), 0);
	assert_true(str_is(buf_str(&o.fuse), ",noatime"));
	expect("rw", MOUNT_E_OPTION, "");
	expect("noatime,rw", MOUNT_E_OPTION, "");
	expect("ro,rw", MOUNT_E_OPTION, "");
	o.helper = false;
	assert_int_equal(mount_options_add(&o, "rw", &f), MOUNT_E_OPTION);
	assert_non_null(strstr(f.reason, "read-only"));
}

static void test_meaning(void **state)
{
	_cleanup_(mount_options_deinit) struct mount_options o = { 0 };
	struct fault f;

	(void)state;
	assert_int_equal(mount_options_add(&o, "allow_other,nonempty", &f), 0);
	assert_true(o.allow_other && o.nonempty && !o.foreground);
	assert_int_equal(mount_options_add(&o, "debug", &f), 0);
	assert_true(o.foreground);
	assert_true(str_is(buf_str(&o.fuse), ",allow_other,debug"));
}

/* Modes keep others out, and must be looked at. */
static void test_allow_root(void **state)
{
	_cleanup_(mount_options_deinit) struct mount_options o = { 0 };
	struct fault f;

	(void)state;
	assert_int_equal(mount_options_add(&o, "allow_root", &f), 0);
	assert_false(o.allow_other);
	assert_true(str_is(buf_str(&o.fuse), ",allow_root,default_permissions"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passed_over), cmocka_unit_test(test_handed_on),
		cmocka_unit_test(test_refused),     cmocka_unit_test(test_sync_config),
		cmocka_unit_test(test_writable),    cmocka_unit_test(test_meaning),
		cmocka_unit_test(test_allow_root),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
