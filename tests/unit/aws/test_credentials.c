/* SPDX-License-Identifier: Apache-2.0 */
/* The links that need no network, the chain's order, and what is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "chain.h"
#include "credentials.h"

static const char config_path[] = "test_credentials.config";

static void write_config(const char *text)
{
	FILE *file = fopen(config_path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int begin(void **state _unused_)
{
	static const char *const names[] = {
		"AWS_ACCESS_KEY_ID",
		"AWS_SECRET_ACCESS_KEY",
		"AWS_SESSION_TOKEN",
		"AWS_SECURITY_TOKEN",
		"AWS_PROFILE",
		"AWS_DEFAULT_PROFILE",
		"AWS_REGION",
		"AWS_DEFAULT_REGION",
		"AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_CREDENTIAL_EXPIRATION",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unsetenv(names[i]);
	setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
	setenv("AWS_CONFIG_FILE", config_path, 1);
	setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere", 1);
	write_config("");
	return 0;
}

static int end(void **state _unused_)
{
	return unlink(config_path);
}

/* The outcome; the access key it found goes to key. */
static int ask(const char *profile, char key[129], struct fault *f)
{
	const struct credentials_options options = { .profile = profile };
	struct credentials *c = NULL;
	struct aws_secret s = { 0 };
	int r = credentials_new(&options, &c, f);

	if (r == 0)
		r = credentials_get(c, &s, f);
	memcpy(key, s.access_key, sizeof(s.access_key));
	aws_secret_wipe(&s);
	assert_null(credentials_free(c));
	return r;
}

static void nowhere(void **state _unused_)
{
	struct fault f = { 0 };
	char key[129];

	assert_int_equal(ask(NULL, key, &f), CREDENTIALS_E_NONE);
	assert_non_null(strstr(f.reason, "no AWS credentials"));
	assert_int_equal(ask("gone", key, &f), CREDENTIALS_E_INVALID);
	assert_non_null(strstr(f.reason, "no profile gone"));
}

static void the_environment_first(void **state _unused_)
{
	struct fault f = { 0 };
	char key[129];

	write_config("[default]\naws_access_key_id=D\naws_secret_access_key=s\n"
		     "[profile p]\naws_access_key_id=P\naws_secret_access_key=s\n");
	assert_int_equal(ask(NULL, key, &f), 0);
	assert_string_equal(key, "D");
	setenv("AWS_PROFILE", "p", 1);
	assert_int_equal(ask(NULL, key, &f), 0);
	assert_string_equal(key, "P");
	setenv("AWS_ACCESS_KEY_ID", "E", 1);
	assert_int_equal(ask(NULL, key, &f), CREDENTIALS_E_INVALID);
	setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
	assert_int_equal(ask(NULL, key, &f), 0);
	assert_string_equal(key, "E");
	assert_int_equal(ask("p", key, &f), 0);
	assert_string_equal(key, "P");
}

static void faults_hold_no_secret(void **state _unused_)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct fault f = { 0 };
	char key[129];

	buf_put_text(&text, "[default]\naws_access_key_id=D\naws_secret_access_key=");
	for (unsigned i = 0; i < 300; i++)
		buf_put_char(&text, 'S');
	buf_put_char(&text, '\0');
	write_config(text.data);
	assert_int_equal(ask(NULL, key, &f), CREDENTIALS_E_INVALID);
	assert_null(strstr(f.reason, "SSS"));
	assert_null(strstr(f.field, "SSS"));
}

static unsigned runs(void)
{
	FILE *file = fopen("test_credentials.runs", "r");
	unsigned n = 0;

	while (file && fgetc(file) != EOF)
		n++;
	if (file)
		(void)fclose(file);
	return n;
}

/* A process gives what ends after so many seconds; it is counted how often it runs. */
static struct credentials *of_process(int seconds)
{
	const struct credentials_options options = { .profile = "p" };
	struct credentials *c = NULL;
	time_t t = time(NULL) + seconds;
	char until[32], text[512];
	struct tm tm;

	(void)unlink("test_credentials.runs");
	assert_non_null(gmtime_r(&t, &tm));
	assert_true(strftime(until, sizeof(until), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0);
	(void)snprintf(
		text, sizeof(text),
		"[profile p]\ncredential_process = sh -c 'printf x >>test_credentials.runs; "
		"echo \"{\\\"AccessKeyId\\\":\\\"K\\\",\\\"SecretAccessKey\\\":\\\"S\\\","
		"\\\"Expiration\\\":\\\"%s\\\"}\"'\n",
		until);
	write_config(text);
	assert_int_equal(credentials_new(&options, &c, NULL), 0);
	return c;
}

static void get(struct credentials *c, struct aws_secret *s)
{
	struct fault f = { 0 };

	if (credentials_get(c, s, &f))
		fail_msg("%s", f.reason);
	assert_string_equal(s->access_key, "K");
	assert_string_equal(s->who, "the profile p");
}

static void kept_while_good(void **state _unused_)
{
	struct credentials *c = of_process(3600);
	struct aws_secret s = { 0 }, other = { .access_key = "old" };

	get(c, &s);
	get(c, &s);
	assert_int_equal(runs(), 1);
	credentials_reject(c, &other); /* somebody renewed them before */
	get(c, &s);
	assert_int_equal(runs(), 1);
	credentials_reject(c, &s);
	get(c, &s);
	assert_int_equal(runs(), 2);
	credentials_free(c);
}

/* What comes old already, by our clock, is not asked for again at each request. */
static void old_ones_are_not_asked_for_all_the_time(void **state _unused_)
{
	struct credentials *c = of_process(-3600);
	struct aws_secret s = { 0 };

	for (unsigned i = 0; i < 10; i++)
		get(c, &s);
	assert_int_equal(runs(), 1);
	credentials_reject(c, &s);
	get(c, &s);
	assert_int_equal(runs(), 2);
	credentials_free(c);
	(void)unlink("test_credentials.runs");
}

static void times(void **state _unused_)
{
	assert_int_equal(chain_time(STR("1970-01-01T00:01:00Z")), 60);
	assert_int_equal(chain_time(STR("1970-01-01T00:01:00.999Z")), 60);
	assert_int_equal(chain_time(STR("1970-01-01T01:01:00+01:00")), 60);
	assert_int_equal(chain_time(STR("1969-12-31T19:01:00-0500")), 60);
	assert_true(chain_time(STR_NULL) == CREDENTIALS_NEVER);
	assert_int_equal(chain_time(STR("tomorrow")), 0);
	assert_int_equal(chain_time(STR("1970-01-01")), 0);
	assert_int_equal(
		chain_time(STR("1970-01-01T00:00:00Z and very much more behind it")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nowhere, begin),
		cmocka_unit_test_setup(the_environment_first, begin),
		cmocka_unit_test_setup(faults_hold_no_secret, begin),
		cmocka_unit_test_setup(kept_while_good, begin),
		cmocka_unit_test_setup(old_ones_are_not_asked_for_all_the_time, begin),
		cmocka_unit_test(times),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
