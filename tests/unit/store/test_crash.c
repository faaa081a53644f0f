/* SPDX-License-Identifier: Apache-2.0 */
/* Killed at any instant: what was committed is there, and the import run again completes it. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "scenario.h"

#define KILLS 40

/* A child runs the import and is killed after so many microseconds. */
static void run_and_kill(struct history *h, long microseconds)
{
	struct timespec wait = { .tv_nsec = microseconds * 1000 };
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(scenario_run(h->path) ? 1 : 0);
	(void)nanosleep(&wait, NULL);
	(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
}

static void start_over(struct history *h)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		_cleanup_(buf_deinit) struct buf path = BUF_INIT;

		buf_printf(&path, "%s%s", h->path, suffixes[i]);
		buf_put_char(&path, '\0');
		(void)unlink(path.data);
	}
}

static void test_killed(void **state)
{
	struct history *h = *state;

	for (int i = 0; i < KILLS; i++) {
		start_over(h);
		for (int again = 0; again <= i % 3; again++)
			run_and_kill(h, 500 + i * 500);
		/* A reader copes with whatever was left, too. */
		if (!access(h->path, F_OK)) {
			int r = store_open(h->path, STORE_READ, false, &h->s, &h->fault);

			assert_true(r == 0 || r == STORE_E_OLDER);
			history_close(h);
		}
		assert_int_equal(scenario_run(h->path), 0);
		scenario_assert(h);
	}
}

/* Run to its end, and again and again: the same history. */
static void test_repeated(void **state)
{
	struct history *h = *state;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(scenario_run(h->path), 0);
		scenario_assert(h);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup_closed, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_killed),
		CASE(test_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
