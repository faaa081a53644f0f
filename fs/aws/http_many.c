/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curl's multi interface over epoll. curl says which sockets it waits for and when it wants to be
 * called though nothing comes; only what is ready is looked at, whatever the number of requests.
 */
#include "http_many.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "http_exchange.h"
#include "util/clock.h"

#define EVENTS  64
#define LOOK_MS 1000 /* between two looks at who has stalled, or is to stop */

struct http_many {
	CURLM *curl;
	int epoll, bell;
	int64_t call_ms; /* when curl wants to be called; INT64_MAX: it does not */
	int64_t look_ms; /* when that is looked at */
	struct http *flying, *ended;
};

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct http_many *m = arg;
	struct epoll_event e = {
		.events = (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) |
			  (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0),
		.data.fd = fd,
	};

	(void)easy;
	/* One that is closed already is gone by itself. */
	if (what == CURL_POLL_REMOVE)
		(void)epoll_ctl(m->epoll, EPOLL_CTL_DEL, fd, NULL);
	else if (epoll_ctl(m->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &e) < 0 &&
		 (!known || epoll_ctl(m->epoll, EPOLL_CTL_ADD, fd, &e) < 0))
		return -1;
	curl_multi_assign(m->curl, fd, what == CURL_POLL_REMOVE ? NULL : m);
	return 0;
}

static int on_timer(CURLM *curl, long ms, void *arg)
{
	struct http_many *m = arg;

	(void)curl;
	m->call_ms = ms < 0 ? INT64_MAX : clock_ms() + ms;
	return 0;
}

struct http_many *http_many_free(struct http_many *m)
{
	if (!m)
		return NULL;
	for (struct http *h = m->flying; h; h = h->next)
		curl_multi_remove_handle(m->curl, h->curl);
	curl_multi_cleanup(m->curl);
	closep(&m->epoll);
	closep(&m->bell);
	free(m);
	return NULL;
}

static int watch_bell(const struct http_many *m)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = m->bell };

	if (m->epoll < 0 || m->bell < 0 ||
	    epoll_ctl(m->epoll, EPOLL_CTL_ADD, m->bell, &e) < 0)
		return -errno;
	return 0;
}

int http_many_new(unsigned most, struct http_many **ret)
{
	struct http_many *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return -ENOMEM;
	m->call_ms = INT64_MAX;
	m->epoll = epoll_create1(EPOLL_CLOEXEC);
	m->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = watch_bell(m);
	m->curl = r ? NULL : curl_multi_init();
	if (!m->curl) {
		http_many_free(m);
		return r ? r : -ENOMEM;
	}
	/* By itself it closes some whenever fewer are under way. */
	curl_multi_setopt(m->curl, CURLMOPT_MAXCONNECTS, (long)most);
	curl_multi_setopt(m->curl, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(m->curl, CURLMOPT_SOCKETDATA, m);
	curl_multi_setopt(m->curl, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(m->curl, CURLMOPT_TIMERDATA, m);
	*ret = m;
	return 0;
}

int http_many_begin(struct http_many *m, struct http *h, const struct aws_request *rq,
		    uint64_t body_max, const struct http_sink *sink,
		    struct http_answer *ret)
{
	int r = http_begin(h, rq, body_max, sink, ret);

	if (r)
		return r;
	curl_easy_setopt(h->curl, CURLOPT_PRIVATE, h);
	if (curl_multi_add_handle(m->curl, h->curl) != CURLM_OK)
		return -ENOMEM;
	h->next = m->flying;
	m->flying = h;
	return 0;
}

static void land(struct http_many *m, struct http *h, int code)
{
	struct http **at = &m->flying;

	curl_multi_remove_handle(m->curl, h->curl);
	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
	h->next = m->ended;
	h->code = code;
	m->ended = h;
}

static void land_all(struct http_many *m)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(m->curl, &left))) {
		CURLcode code = message->data.result;
		struct http *h = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &h);
		land(m, h, (int)code);
	}
}

/* curl itself only looks at a request when something of it comes. */
static void land_over(struct http_many *m, int64_t now)
{
	struct http *next;

	if (now < m->look_ms)
		return;
	m->look_ms = now + LOOK_MS;
	for (struct http *h = m->flying; h; h = next) {
		next = h->next;
		if (http_is_over(h, now))
			land(m, h, CURLE_ABORTED_BY_CALLBACK);
	}
}

/* What is wrong with a socket is told to who reads from it or writes to it, whichever it is. */
static void look_at(struct http_many *m, const struct epoll_event *e)
{
	uint64_t rings;
	int running;

	if (e->data.fd == m->bell) {
		/* One that was read by nobody else holds something. */
		if (read(m->bell, &rings, sizeof(rings)) < 0)
			return;
		return;
	}
	curl_multi_socket_action(
		m->curl, e->data.fd,
		(e->events & ~(uint32_t)EPOLLOUT ? CURL_CSELECT_IN : 0) |
			(e->events & ~(uint32_t)EPOLLIN ? CURL_CSELECT_OUT : 0),
		&running);
}

void http_many_run(struct http_many *m, unsigned ms)
{
	struct epoll_event events[EVENTS];
	int64_t now = clock_ms(), until = MIN(now + ms, m->call_ms);
	int running, n;

	if (m->ended)
		until = now;
	n = epoll_wait(m->epoll, events, EVENTS, (int)MAX(until - now, INT64_C(0)));
	for (int i = 0; i < n; i++)
		look_at(m, &events[i]);
	now = clock_ms();
	if (now >= m->call_ms) {
		m->call_ms = INT64_MAX;
		curl_multi_socket_action(m->curl, CURL_SOCKET_TIMEOUT, 0, &running);
	}
	land_all(m);
	land_over(m, now);
}

struct http *http_many_ended(struct http_many *m)
{
	struct http *h = m->ended;

	if (h)
		m->ended = h->next;
	return h;
}

int http_many_result(struct http *h, struct fault *f)
{
	return http_end(h, h->code, f);
}

void http_many_wake(struct http_many *m)
{
	uint64_t one = 1;

	/* It cannot fail so that it matters: a bell that is full has been rung. */
	if (write(m->bell, &one, sizeof(one)) < 0)
		return;
}
