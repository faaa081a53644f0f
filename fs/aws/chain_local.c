/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The links that need no network: the environment, keys in a profile, and a process that prints
 * them (botocore: EnvProvider, SharedCredentialProvider, ConfigProvider, ProcessProvider).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "chain.h"
#include "util/clock.h"
#include "util/json.h"

extern char **environ;

#define FILE_MAX        ((size_t)1 << 20)
#define PROCESS_MAX     ((size_t)64 << 10) /* bytes it may print */
#define PROCESS_S       60
#define PROCESS_LOOK_MS 100 /* between two looks whether to stop ... */
#define PROCESS_REAP_MS 10  /* ... and whether it has ended */
#define WORDS_MAX       64

/* --- shared --------------------------------------------------------------------------------- */

static bool keep_text(char *ret, size_t size, struct str text)
{
	if (text.n >= size || memchr(text.n ? text.p : "", '\0', text.n))
		return false;
	if (text.n)
		memcpy(ret, text.p, text.n);
	ret[text.n] = '\0';
	return true;
}

int chain_keep(struct aws_secret *ret, struct str key, struct str secret,
	       struct str token, int64_t expires_s, const char *where, struct fault *f)
{
	ret->expires_s = expires_s;
	if (key.n && secret.n &&
	    keep_text(ret->access_key, sizeof(ret->access_key), key) &&
	    keep_text(ret->secret_key, sizeof(ret->secret_key), secret) &&
	    keep_text(ret->session_token, sizeof(ret->session_token), token))
		return 0;
	aws_secret_wipe(ret);
	fault_set(f, FAULT_NO_OFFSET, "", "%s: the credentials there are %s; %s", where,
		  key.n && secret.n ? "too long, or none" : "incomplete",
		  !key.n      ? "the access key is missing"
		  : !secret.n ? "the secret access key is missing"
			      : "set them anew");
	return CREDENTIALS_E_INVALID;
}

int64_t chain_time(struct str iso)
{
	char text[40];
	struct tm tm = { 0 };
	const char *end;
	long zone = 0;

	if (!iso.n)
		return CREDENTIALS_NEVER;
	if (!keep_text(text, sizeof(text), iso))
		return 0;
	end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!end)
		return 0;
	if (*end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	if ((*end == '+' || *end == '-') && strlen(end) >= 5) {
		long hours = strtol((char[]){ end[1], end[2], 0 }, NULL, 10);
		const char *minutes = end + (end[3] == ':' ? 4 : 3);

		zone = (hours * 60 + strtol(minutes, NULL, 10)) * 60 *
		       (*end == '-' ? -1 : 1);
	}
	return (int64_t)timegm(&tm) - zone;
}

int chain_from_json(struct str json, const char *path, const struct chain_names *names,
		    const char *where, struct aws_secret *ret, struct fault *f)
{
	_cleanup_(arena_wipe) struct arena a = ARENA_INIT;
	const struct jv *v, *expires;
	struct jv document;
	int64_t until;

	if (jv_parse(&a, json, &document, NULL)) {
		fault_set(f, FAULT_NO_OFFSET, "", "%s: what it gives is not JSON", where);
		return CREDENTIALS_E_INVALID;
	}
	v = path ? jv_path(&document, path) : &document;
	expires = jv_get(v, names->expires);
	/* SSO gives milliseconds, all others a text. */
	until = jv_is(expires, JV_NUMBER) ? strtoll(jv_str(expires).p, NULL, 10) / 1000
					  : chain_time(jv_str(expires));
	return chain_keep(ret, jv_get_text(v, names->key), jv_get_text(v, names->secret),
			  jv_get_text(v, names->token), until, where, f);
}

int chain_read_file(const char *what, const char *path, struct buf *ret, struct fault *f)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : 1;

	while (n > 0 && ret->len < FILE_MAX) {
		if (!buf_reserve(ret, 4096))
			return -ENOMEM;
		n = read(fd, ret->data + ret->len, 4096);
		if (n > 0)
			ret->len += (size_t)n;
	}
	if (n == 0)
		return 0;
	fault_set(f, FAULT_NO_OFFSET, "", "%s, %s: %s", what, path,
		  strerror(n < 0 ? errno : EFBIG));
	return CREDENTIALS_E_INVALID;
}

/* --- environment ---------------------------------------------------------------------------- */

static struct str variable(const char *name)
{
	return str_of(getenv(name));
}

/* Somebody who names a profile means that, whatever else is set. */
int chain_environment(struct chain *c, struct aws_secret *ret, struct fault *f)
{
	struct str token = variable("AWS_SESSION_TOKEN");
	struct str key = variable("AWS_ACCESS_KEY_ID");

	if (!key.n || c->profile_is_named)
		return CREDENTIALS_E_NONE;
	if (!token.n)
		token = variable("AWS_SECURITY_TOKEN");
	return chain_keep(ret, key, variable("AWS_SECRET_ACCESS_KEY"), token,
			  chain_time(variable("AWS_CREDENTIAL_EXPIRATION")),
			  "the environment", f);
}

/* --- profiles ------------------------------------------------------------------------------- */

int chain_profile_keys(struct chain *c, const char *profile, struct aws_secret *ret,
		       struct fault *f)
{
	const char *key = profiles_get(c->profiles, profile, "aws_access_key_id");
	const char *token = profiles_get(c->profiles, profile, "aws_session_token");

	if (!key)
		return CREDENTIALS_E_NONE;
	if (!token)
		token = profiles_get(c->profiles, profile, "aws_security_token");
	return chain_keep(
		ret, str_of(key),
		str_of(profiles_get(c->profiles, profile, "aws_secret_access_key")),
		str_of(token), CREDENTIALS_NEVER, "the profile's keys", f);
}

/* --- processes ------------------------------------------------------------------------------ */

/* Words as a shell splits them, without all else a shell does: blanks, quotes, backslashes. */
static size_t split_words(char *text, char *words[WORDS_MAX])
{
	size_t n = 0;
	char *from = text, *to = text, quote = 0;
	bool in_word = false;

	for (; *from; from++) {
		if (!quote && strchr(" \t", *from)) {
			if (in_word)
				*to++ = '\0';
			in_word = false;
			continue;
		}
		if (!in_word) {
			if (n + 1 == WORDS_MAX)
				return 0;
			words[n++] = to;
			in_word = true;
		}
		if (!quote && (*from == '"' || *from == '\'')) {
			quote = *from;
		} else if (*from == quote) {
			quote = 0;
		} else {
			if (*from == '\\' && quote != '\'' && from[1])
				from++;
			*to++ = *from;
		}
	}
	*to = '\0';
	words[n] = NULL;
	return quote ? 0 : n;
}

/* It gets signals as if a shell had started it: this thread may block them, or ignore SIGPIPE. */
static int spawn(char *words[], const posix_spawn_file_actions_t *actions, pid_t *ret_pid)
{
	posix_spawnattr_t attributes;
	sigset_t none, pipe;
	int r = posix_spawnattr_init(&attributes);

	if (r)
		return r;
	sigemptyset(&none);
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	r = posix_spawnattr_setflags(&attributes,
				     POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (r == 0)
		r = posix_spawnattr_setsigmask(&attributes, &none);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(&attributes, &pipe);
	if (r == 0)
		r = posix_spawnp(ret_pid, words[0], actions, &attributes, words, environ);
	posix_spawnattr_destroy(&attributes);
	return r;
}

static int start_process(char *words[], int *ret_fd, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	int fds[2], r;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	r = posix_spawn_file_actions_init(&actions);
	if (r == 0) {
		r = posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
		if (r == 0)
			r = spawn(words, &actions, ret_pid);
		posix_spawn_file_actions_destroy(&actions);
	}
	(void)close(fds[1]);
	if (r) {
		(void)close(fds[0]);
		return -r;
	}
	*ret_fd = fds[0];
	return 0;
}

/* A process under way, and how long it is waited for. */
struct process {
	pid_t pid;
	int64_t until_ms; /* by a clock that never jumps */
	const volatile int *stop;
};

/* How long to wait at once; 0: not any more. */
static int process_wait_ms(const struct process *p)
{
	int64_t left = p->until_ms - clock_ms();

	return left <= 0 ? 0 : (int)MIN(left, (int64_t)PROCESS_LOOK_MS);
}

static bool process_is_stopped(const struct process *p)
{
	return p->stop && __atomic_load_n(p->stop, __ATOMIC_RELAXED);
}

/* Until it closes its output, prints too much or takes too long. */
static int read_output(const struct process *p, int fd, struct buf *ret)
{
	ssize_t n = 1;

	while (n > 0 && ret->len < PROCESS_MAX) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		int ms = process_wait_ms(p);
		int ready = ms ? poll(&poll_fd, 1, ms) : 0;

		if (process_is_stopped(p))
			return -ECANCELED;
		if (ready < 0 && errno != EINTR)
			return -errno;
		if (!ms)
			return -ETIMEDOUT;
		if (ready <= 0)
			continue;
		if (!buf_reserve(ret, 4096))
			return -ENOMEM;
		n = read(fd, ret->data + ret->len, 4096);
		if (n > 0)
			ret->len += (size_t)n;
		if (n < 0 && errno == EINTR)
			n = 1;
	}
	return n < 0 ? -errno : n > 0 ? -EFBIG : 0;
}

/* One may close its output and stay. Without a wait: whatever it does, it is ended. */
static int reap(const struct process *p, bool wait)
{
	int status = 0, r = 0;
	pid_t done = 0;

	while (wait && (done = waitpid(p->pid, &status, WNOHANG)) == 0) {
		const struct timespec look = { .tv_nsec = PROCESS_REAP_MS * 1000000 };

		r = process_is_stopped(p) ? -ECANCELED
		    : !process_wait_ms(p) ? -ETIMEDOUT
					  : 0;
		if (r)
			break;
		(void)nanosleep(&look, NULL);
	}
	if (done <= 0) {
		(void)kill(p->pid, SIGKILL);
		while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	if (r)
		return r;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

static int run_process(char *words[], const volatile int *stop, struct buf *ret)
{
	struct process p = { .until_ms = clock_ms() + PROCESS_S * 1000, .stop = stop };
	_cleanup_(closep) int fd = -1;
	int r = start_process(words, &fd, &p.pid), ended;

	if (r)
		return r;
	r = read_output(&p, fd, ret);
	ended = reap(&p, r == 0);
	return r ? r : ended;
}

int chain_process(struct chain *c, const char *profile, struct aws_secret *ret,
		  struct fault *f)
{
	static const struct chain_names names = { "AccessKeyId", "SecretAccessKey",
						  "SessionToken", "Expiration" };
	const char *command = profiles_get(c->profiles, profile, "credential_process");
	_cleanup_(freep) char *text = command ? strdup(command) : NULL;
	_cleanup_(buf_wipe) struct buf output = BUF_SECRET;
	char *words[WORDS_MAX];
	int r;

	if (!command)
		return CREDENTIALS_E_NONE;
	if (!text)
		return -ENOMEM;
	r = split_words(text, words) ? run_process(words, c->options->http.stop, &output)
				     : -EINVAL;
	if (r == -ENOMEM || r == -ECANCELED)
		return r;
	if (r) {
		fault_set(f, FAULT_NO_OFFSET, "", "the profile's credential_process: %s",
			  r == -ECHILD ? "it failed; run it to see why" : strerror(-r));
		return CREDENTIALS_E_INVALID;
	}
	return chain_from_json(buf_str(&output), NULL, &names, "credential_process", ret,
			       f);
}
