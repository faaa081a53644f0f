/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many objects at once, from a server in a thread of its own that fails as its keys say: each ends,
 * whole or with its reason, whatever happens to the others.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "aws/s3_many.h"
#include "util/clock.h"

#define MOST     8
#define STALL_MS 300

/* --- the server ----------------------------------------------------------------------------- */

/* A request to /logs/KEY is answered by what KEY begins with; "once-" fails the first time only. */
struct server {
	int listener, port;
	int kept[64]; /* connections that are never answered */
	unsigned n_kept;
	unsigned n_cut, n_reset, n_slow, n_error; /* asked for so far */
	unsigned n_asked;
	bool elsewhere; /* somebody followed to where we pointed */
	pthread_t thread;
};

static void say(int fd, const char *text)
{
	for (size_t n = strlen(text); n;) {
		ssize_t done = send(fd, text, n, MSG_NOSIGNAL);

		if (done <= 0)
			return;
		text += done;
		n -= (size_t)done;
	}
}

#define CLOSE "Connection: close\r\n"
#define WHOLE "HTTP/1.1 200 OK\r\n" CLOSE "Content-Length: 5\r\n\r\nwhole"
#define ERROR_500 \
	"HTTP/1.1 500 Internal Server Error\r\n" CLOSE "Content-Length: 0\r\n\r\n"
#define ERROR_503                          \
	"HTTP/1.1 503 Slow Down\r\n" CLOSE \
	"Content-Length: 38\r\n\r\n<Error><Code>SlowDown</Code></Error>  "
#define ERROR_404                          \
	"HTTP/1.1 404 Not Found\r\n" CLOSE \
	"Content-Length: 38\r\n\r\n<Error><Code>NoSuchKey</Code></Error> "

static void reset(int fd)
{
	const struct linger now = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static void moved(const struct server *s, int fd)
{
	char text[200];

	(void)snprintf(
		text, sizeof(text),
		"HTTP/1.1 307 Temporary Redirect\r\n" CLOSE
		"Location: http://localhost:%d/stolen\r\nContent-Length: 0\r\n\r\n",
		s->port);
	say(fd, text);
}

/* False: the connection is to stay. */
static bool serve(struct server *s, int fd, const char *key)
{
	if (str_starts(str_of(key), "stall"))
		return false;
	if (str_starts(str_of(key), "gone"))
		say(fd, ERROR_404);
	else if (str_starts(str_of(key), "moved"))
		moved(s, fd);
	else if (str_starts(str_of(key), "cut") && !s->n_cut++)
		say(fd, "HTTP/1.1 200 OK\r\n" CLOSE "Content-Length: 5\r\n\r\nwh");
	else if (str_starts(str_of(key), "reset") && !s->n_reset++)
		reset(fd);
	else if (str_starts(str_of(key), "slow") && !s->n_slow++)
		say(fd, ERROR_503);
	else if (str_starts(str_of(key), "error") && !s->n_error++)
		say(fd, ERROR_500);
	else if (str_starts(str_of(key), "always"))
		say(fd, ERROR_500);
	else
		say(fd, WHOLE);
	return true;
}

/* One request, which fits a read or two; false: the connection was the sign to end. */
static bool answer(struct server *s, int fd)
{
	char text[4096], key[100] = "";
	size_t n = 0;

	text[0] = '\0';
	while (n < sizeof(text) - 1 && !strstr(text, "\r\n\r\n")) {
		ssize_t got = recv(fd, text + n, sizeof(text) - 1 - n, 0);

		if (got <= 0)
			break;
		n += (size_t)got;
		text[n] = '\0';
	}
	if (!n) {
		close(fd);
		return false;
	}
	s->n_asked++;
	s->elsewhere |= strstr(text, "/stolen") != NULL;
	if (sscanf(text, "GET /logs/%99s", key) == 1 && !serve(s, fd, key) &&
	    s->n_kept < ARRAY_SIZE(s->kept))
		s->kept[s->n_kept++] = fd;
	else
		close(fd);
	return true;
}

static void *server_main(void *arg)
{
	struct server *s = arg;
	int fd;

	do
		fd = accept(s->listener, NULL, NULL);
	while (fd >= 0 && answer(s, fd));
	return NULL;
}

static void server_begin(struct server *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);

	*s = (struct server){ .listener =
				      socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
	assert_true(s->listener >= 0);
	assert_int_equal(bind(s->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(s->listener, 64), 0);
	assert_int_equal(getsockname(s->listener, (struct sockaddr *)&at, &size), 0);
	s->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&s->thread, NULL, server_main, s), 0);
}

/* What it counted is ours to look at then. */
static void server_end(struct server *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				  .sin_port = htons((uint16_t)s->port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	close(fd);
	assert_int_equal(pthread_join(s->thread, NULL), 0);
	for (unsigned i = 0; i < s->n_kept; i++)
		close(s->kept[i]);
	close(s->listener);
}

/* --- who asks ------------------------------------------------------------------------------- */

struct object {
	struct aws_get get;
	struct buf got;
	unsigned begun;
	int refuse; /* what the sink returns */
	bool back;
};

static int on_begin(void *ctx)
{
	struct object *o = ctx;

	o->begun++;
	buf_reset(&o->got);
	return 0;
}

static int on_put(void *ctx, const char *bytes, size_t n)
{
	struct object *o = ctx;

	buf_put(&o->got, bytes, n);
	return o->refuse ? o->refuse : buf_error(&o->got);
}

struct asking {
	struct server server;
	struct aws_client *client;
	struct aws_gets *gets;
	char url[64];
	volatile int stop;
};

static void begin(struct asking *a)
{
	struct aws_client_options options = { .attempts = 3, .stall_ms = STALL_MS };
	struct aws_bucket bucket;

	setenv("AWS_ACCESS_KEY_ID", "K", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "S", 1);
	setenv("AWS_CONFIG_FILE", "/nowhere", 1);
	setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere", 1);
	*a = (struct asking){ 0 };
	server_begin(&a->server);
	(void)snprintf(a->url, sizeof(a->url), "http://127.0.0.1:%d", a->server.port);
	options.endpoint_url = a->url;
	options.stop = &a->stop;
	assert_int_equal(aws_client_new(&options, &a->client, NULL), 0);
	assert_int_equal(aws_bucket_init(&bucket, a->client, STR("logs"), false, NULL),
			 0);
	assert_int_equal(aws_gets_new(a->client, &bucket, MOST, &a->gets), 0);
}

static void end(struct asking *a)
{
	a->gets = aws_gets_free(a->gets);
	a->client = aws_client_free(a->client);
	server_end(&a->server);
}

static void ask(struct asking *a, struct object *o, const char *key)
{
	*o = (struct object){
		.get = { .key = str_of(key),
			 .sink = { .begin = on_begin, .put = on_put, .ctx = o } }
	};
	assert_true(aws_gets_has_room(a->gets));
	aws_gets_add(a->gets, &o->get);
}

/* Until one comes back; each comes back once. */
static struct object *next(struct asking *a)
{
	struct aws_get *get;
	struct object *o;

	while (!(get = aws_gets_take(a->gets)))
		aws_gets_run(a->gets, 1000);
	o = get->sink.ctx;
	assert_false(o->back);
	o->back = true;
	return o;
}

static void assert_whole(const struct object *o)
{
	assert_int_equal(o->get.result, 0);
	assert_int_equal(o->got.len, 5);
	assert_memory_equal(o->got.data, "whole", 5);
}

static void object_deinit(struct object *o)
{
	buf_deinit(&o->got);
}

/* --- the tests ------------------------------------------------------------------------------ */

static void faults_are_tried_again(void **state _unused_)
{
	static const char *const keys[] = { "plain", "cut", "reset", "slow", "error" };
	struct object o[ARRAY_SIZE(keys)];
	struct asking a;

	begin(&a);
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		ask(&a, &o[i], keys[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		assert_whole(next(&a));
	assert_null(aws_gets_take(a.gets));
	end(&a);
	assert_int_equal(a.server.n_asked, 2 * ARRAY_SIZE(keys) - 1);
	assert_int_equal(o[1].begun, 2); /* what was cut off began anew */
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		object_deinit(&o[i]);
}

static void one_that_fails_keeps_no_other(void **state _unused_)
{
	struct object gone, always, refused, stalls, good;
	struct asking a;

	begin(&a);
	ask(&a, &gone, "gone");
	ask(&a, &always, "always");
	ask(&a, &stalls, "stall");
	ask(&a, &refused, "refused");
	refused.refuse = -EFBIG;
	ask(&a, &good, "good");
	for (unsigned i = 0; i < 5; i++)
		(void)next(&a);
	assert_int_equal(gone.get.result, AWS_E_NOT_FOUND);
	assert_int_equal(always.get.result, AWS_E_UNAVAILABLE);
	assert_int_equal(stalls.get.result, AWS_E_UNAVAILABLE);
	assert_non_null(strstr(stalls.get.fault.reason, "does not go on"));
	assert_int_equal(refused.get.result, -EFBIG);
	assert_whole(&good);
	end(&a);
	assert_int_equal(a.server.n_kept, 3); /* its three tries */
	object_deinit(&refused);
	object_deinit(&good);
}

/* More than there is room for, one after the other. */
static void room_is_used_again(void **state _unused_)
{
	struct object o[5 * MOST];
	struct asking a;
	unsigned asked = 0;

	begin(&a);
	for (unsigned back = 0; back < ARRAY_SIZE(o); back++) {
		while (asked < ARRAY_SIZE(o) && aws_gets_has_room(a.gets))
			ask(&a, &o[asked++], "plain");
		assert_true(asked - back <= MOST);
		assert_whole(next(&a));
	}
	end(&a);
	assert_int_equal(a.server.n_asked, ARRAY_SIZE(o));
	for (unsigned i = 0; i < ARRAY_SIZE(o); i++)
		object_deinit(&o[i]);
}

/* Where nothing but failures comes from, one at a time is asked for until there is an answer. */
static void trouble_begins_nothing_new(void **state _unused_)
{
	struct object o[MOST + 4];
	struct asking a;
	unsigned n = 0;

	begin(&a);
	while (n < MOST)
		ask(&a, &o[n++], "always");
	for (unsigned i = 0; i < MOST; i++)
		assert_int_equal(next(&a)->get.result, AWS_E_UNAVAILABLE);
	for (; n < MOST + 2; n++) {
		ask(&a, &o[n], n == MOST ? "always" : "plain");
		assert_false(aws_gets_has_room(a.gets));
		(void)next(&a);
	}
	assert_whole(&o[n - 1]);
	for (; n < MOST + 4; n++)
		ask(&a, &o[n], "plain");
	assert_whole(next(&a));
	assert_whole(next(&a));
	end(&a);
	for (unsigned i = 0; i < ARRAY_SIZE(o); i++)
		object_deinit(&o[i]);
}

/* A signature is for one host: nobody is followed to another. */
static void redirects_are_not_followed(void **state _unused_)
{
	struct object o;
	struct asking a;

	begin(&a);
	ask(&a, &o, "moved");
	assert_int_not_equal(next(&a)->get.result, 0);
	end(&a);
	assert_false(a.server.elsewhere);
	assert_int_equal(o.begun, 0);
}

static void stop_ends_what_is_under_way(void **state _unused_)
{
	struct object stalls, waits;
	struct asking a;

	begin(&a);
	ask(&a, &stalls, "stall");
	ask(&a, &waits, "always");
	__atomic_store_n(&a.stop, 1, __ATOMIC_RELAXED);
	(void)next(&a);
	(void)next(&a);
	assert_int_equal(stalls.get.result, -ECANCELED);
	assert_int_equal(waits.get.result, -ECANCELED);
	end(&a);
}

/* And nothing is begun any more: that is told at once. */
static void stopped_before_it_began(void **state _unused_)
{
	struct object o;
	struct asking a;
	int64_t began;

	begin(&a);
	__atomic_store_n(&a.stop, 1, __ATOMIC_RELAXED);
	ask(&a, &o, "plain");
	began = clock_ms();
	aws_gets_run(a.gets, 60000);
	assert_true(clock_ms() - began < 30000);
	assert_ptr_equal(aws_gets_take(a.gets), &o.get);
	assert_int_equal(o.get.result, -ECANCELED);
	end(&a);
	assert_int_equal(a.server.n_asked, 0);
	object_deinit(&o);
}

static void freed_under_way(void **state _unused_)
{
	struct object o[3];
	struct asking a;

	begin(&a);
	ask(&a, &o[0], "stall");
	ask(&a, &o[1], "plain");
	ask(&a, &o[2], "always");
	aws_gets_run(a.gets, 100);
	end(&a);
	for (unsigned i = 0; i < ARRAY_SIZE(o); i++) {
		assert_false(o[i].back);
		object_deinit(&o[i]);
	}
}

static void woken_before_it_waits(void **state _unused_)
{
	struct asking a;
	int64_t began;

	begin(&a);
	aws_gets_run(a.gets, 0); /* curl's own first call */
	aws_gets_wake(a.gets);
	began = clock_ms();
	aws_gets_run(a.gets, 60000);
	assert_true(clock_ms() - began < 30000);
	end(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults_are_tried_again),
		cmocka_unit_test(one_that_fails_keeps_no_other),
		cmocka_unit_test(room_is_used_again),
		cmocka_unit_test(trouble_begins_nothing_new),
		cmocka_unit_test(redirects_are_not_followed),
		cmocka_unit_test(stop_ends_what_is_under_way),
		cmocka_unit_test(stopped_before_it_began),
		cmocka_unit_test(freed_under_way),
		cmocka_unit_test(woken_before_it_waits),
	};

	return aws_library_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
