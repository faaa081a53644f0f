/* SPDX-License-Identifier: Apache-2.0 */
/* The clean-up functions do their work at the end of the scope, and only then. */
#include "util/macro.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void test_closep(void **state)
{
	int kept;

	(void)state;
	{
		_cleanup_(closep) int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		_cleanup_(closep) _unused_ int none = -1;

		assert_true(fd >= 0);
		kept = fd;
		assert_true(is_open(kept));
		errno = EXDEV;
	}
	assert_int_equal(errno, EXDEV);
	assert_false(is_open(kept));
}

static void test_closep_keeps_errno_on_failure(void **state)
{
	(void)state;
	{
		/* Far past what a process may open: close() fails with EBADF. */
		_cleanup_(closep) _unused_ int wrong = 1 << 30;

		errno = EXDEV;
	}
	assert_int_equal(errno, EXDEV);
}

static char *handed_over(void)
{
	_cleanup_(freep) char *text = strdup("mine");
	_cleanup_(freep) _unused_ char *left = strdup("freed, or the leak checker tells");
	_cleanup_(freep) _unused_ char *none = NULL;

	return take_ptr(text);
}

static void test_freep_and_take(void **state)
{
	_cleanup_(freep) char *text = handed_over();

	(void)state;
	assert_string_equal(text, "mine");
}

static void test_words(void **state)
{
	int array[7] = { 0 };

	(void)state;
	(void)array;
	assert_int_equal(ARRAY_SIZE(array), 7);
	assert_int_equal(MIN(2, 3), 2);
	assert_int_equal(MAX(2, 3), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_closep),
		cmocka_unit_test(test_closep_keeps_errno_on_failure),
		cmocka_unit_test(test_freep_and_take),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
