/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What sync asks of its process: an end, or another beginning, by a signal; no core dumps; a word
 * from the terminal.
 */
#include "sync_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include "util/macro.h"

#define LOOK_MS 100 /* between two looks whether to end */

/*
 * Set by signals, and beside a mount by the thread that serves; the only variables that a handler
 * can reach. Their order counts: see sync_begins_anew().
 */
static volatile int stopped;       /* whatever is under way is to end ... */
static volatile int ended, reload; /* ... for good; or to begin anew */

static int get(const volatile int *flag)
{
	return __atomic_load_n(flag, __ATOMIC_SEQ_CST);
}

static void set(volatile int *flag, int value)
{
	__atomic_store_n(flag, value, __ATOMIC_SEQ_CST);
}

const volatile int *sync_stop_flag(void)
{
	return &stopped;
}

void sync_end(void)
{
	set(&ended, 1);
	set(&stopped, 1);
}

void sync_reload(void)
{
	set(&reload, 1);
	set(&stopped, 1);
}

bool sync_is_ended(void)
{
	return get(&ended);
}

/*
 * In this order: a second SIGHUP on the way is answered by what is read next, and an end that
 * comes on the way stays one.
 */
bool sync_begins_anew(void)
{
	if (!get(&reload) || get(&ended))
		return false;
	set(&reload, 0);
	set(&stopped, 0);
	if (get(&ended))
		set(&stopped, 1);
	return !get(&ended);
}

static void on_signal(int number)
{
	if (number == SIGHUP)
		sync_reload();
	else
		sync_end();
}

void sync_catch_reload(void)
{
	const struct sigaction hangup = { .sa_handler = on_signal,
					  .sa_flags = SA_RESTART };

	(void)sigaction(SIGHUP, &hangup, NULL);
}

void sync_catch_signals(void)
{
	const struct sigaction stop = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	(void)sigaction(SIGTERM, &stop, NULL);
	(void)sigaction(SIGINT, &stop, NULL);
	(void)sigaction(SIGPIPE, &ignore, NULL);
}

/* What is in memory here may sign requests. The limit does not bind a program that the kernel
   hands dumps to; the second setting does. */
void sync_forbid_core_dumps(void)
{
	const struct rlimit none = { 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/*
 * Until a line is there, or the process is to end. Another thread may be the one that a signal
 * interrupts: this one looks.
 */
static bool wait_for_line(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n = 0;

	while (n == 0 || (n < 0 && errno == EINTR)) {
		if (get(&stopped))
			return false;
		n = poll(&p, 1, LOOK_MS);
	}
	return n > 0;
}

/* A line that is not shown while it is typed. */
static bool read_hidden(int fd, char ret[16])
{
	struct termios shown, hidden;
	bool hides = tcgetattr(fd, &shown) == 0;
	ssize_t n = -1;

	if (hides) {
		hidden = shown;
		hidden.c_lflag &= ~(tcflag_t)ECHO;
		(void)tcsetattr(fd, TCSAFLUSH, &hidden);
	}
	if (wait_for_line(fd))
		n = read(fd, ret, 15);
	if (hides)
		(void)tcsetattr(fd, TCSAFLUSH, &shown); /* what is left of it, too */
	ret[MAX(n, (ssize_t)0)] = '\0';
	ret[strcspn(ret, "\r\n")] = '\0';
	return n > 0;
}

int sync_ask_mfa(void *ctx, const char *serial, char ret[16])
{
	_cleanup_(closep) int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	bool given;

	(void)ctx;
	if (fd < 0)
		return -1;
	dprintf(fd, "MFA code of %s: ", serial);
	given = read_hidden(fd, ret);
	dprintf(fd, "\n");
	return given ? 0 : -1;
}
