/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signs what it is told, for a comparison with another implementation. Each line of standard
 * input is a request, its fields parted by tabs: date, region, service, access key, secret,
 * token, method, host, path, body, number of query pairs, number of header pairs, then those. The
 * authorization header comes out, a line each.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sigv4.h"

static struct str next(char **at)
{
	char *field = strsep(at, "\t\n");

	return str_of(field ? field : "");
}

static size_t next_number(char **at)
{
	return (size_t)strtoul(next(at).p, NULL, 10);
}

static void read_pairs(char **at, struct aws_pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		pairs[i].name = next(at);
		pairs[i].value = next(at);
	}
}

static int sign_line(char *line)
{
	struct sigv4_scope scope = { 0 };
	struct aws_credentials credentials;
	struct aws_request rq = { .scheme = STR("https") };
	struct sigv4_kept keep = { 0 };
	int r;

	(void)snprintf(scope.date, sizeof(scope.date), "%s", next(&line).p);
	scope.region = next(&line);
	scope.service = next(&line);
	credentials.access_key = next(&line);
	credentials.secret_key = next(&line);
	credentials.session_token = next(&line);
	rq.method = next(&line).p;
	rq.host = next(&line);
	rq.path = next(&line);
	rq.body = next(&line);
	rq.n_query = next_number(&line);
	rq.n_headers = next_number(&line);
	if (rq.n_query > AWS_MAX_QUERY || rq.n_headers > AWS_MAX_HEADERS)
		return EXIT_FAILURE;
	read_pairs(&line, rq.query, rq.n_query);
	read_pairs(&line, rq.headers, rq.n_headers);
	r = sigv4_sign(&rq, &scope, &credentials, &keep);
	if (r == 0)
		(void)printf("%.*s\n", STR_ARGS(buf_str(&keep.authorization)));
	sigv4_forget(&keep);
	return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(void)
{
	char *line = NULL;
	size_t cap = 0;
	int status = EXIT_SUCCESS;

	while (status == EXIT_SUCCESS && getline(&line, &cap, stdin) > 0)
		status = sign_line(line);
	free(line);
	return status;
}
