/* SPDX-License-Identifier: Apache-2.0 */
/*
 * driftfs: finds the subcommand and runs it. As mount(8)'s helper the program is called as
 * `driftfs HISTORY MOUNTPOINT -o OPTIONS`, without a subcommand, which is `driftfs mount`.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static const struct command *const commands[] = {
	&command_import, &command_sync, &command_mount,
	&command_ls,     &command_cat,  &command_status,
};

int cli_help(const struct command *c)
{
	printf("usage: driftfs %s %s\n%s.\n", c->name, c->synopsis, c->summary);
	if (*c->options)
		printf("\n%s", c->options);
	return EXIT_DONE;
}

static int version(void)
{
	puts("driftfs " DRIFTFS_VERSION);
	return EXIT_DONE;
}

static int say_usage(const struct command *c)
{
	fprintf(stderr, "usage: driftfs %s %s\ntry: driftfs %s --help\n", c->name,
		c->synopsis, c->name);
	return EXIT_USAGE;
}

int cli_option(const struct command *command, int c)
{
	if (c == 'h')
		return cli_help(command);
	return c == 'V' ? version() : say_usage(command);
}

int cli_usage(const struct command *c, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "driftfs %s: ", c->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return say_usage(c);
}

int cli_check_words(const struct command *c, int n, int least, int most)
{
	if (n < 1 && least > 0)
		return cli_usage(c, "no history was named");
	if (n < least)
		return cli_usage(c, "there is nothing behind the history");
	return n > most ? cli_usage(c, "too many words") : EXIT_DONE;
}

int cli_fail(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("driftfs: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return EXIT_FAILED;
}

int cli_fault(const char *thing, const struct fault *f)
{
	_cleanup_(freep) char *name = cli_printable(thing);
	_cleanup_(freep) char *reason = cli_printable(f->reason);

	if (!*thing)
		return cli_fail("'': %s", reason ? reason : f->reason);
	if (strstr(f->reason, thing) == f->reason)
		return cli_fail("%s", reason ? reason : f->reason);
	return cli_fail("%s: %s", name ? name : thing, reason ? reason : f->reason);
}

const char *cli_count(uint64_t n, char ret[CLI_COUNT_SIZE])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	char *out = ret;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = '\0';
	return ret;
}

bool cli_ends_in_slash(const char *path)
{
	size_t n = strlen(path);

	return n > 0 && path[n - 1] == '/';
}

char *cli_printable(const char *text)
{
	char *ret = malloc(strlen(text) * 4 + 1), *out = ret;

	if (!ret)
		return NULL;
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		unsigned char next = (unsigned char)text[1];

		/* C1 controls are two bytes in UTF-8, and drive terminals as well. */
		if (c == 0xc2 && next >= 0x80 && next <= 0x9f) {
			out += sprintf(out, "\\x%02x", next);
			text++;
		} else if (c < 0x20 || c == 0x7f)
			out += sprintf(out, "\\x%02x", c);
		else
			*out++ = (char)c;
	}
	*out = '\0';
	return ret;
}

static int help_all(FILE *to)
{
	fprintf(to, "usage: driftfs COMMAND HISTORY ...\n"
		    "The configuration history of cloud resources, as files.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
	fprintf(to, "\n  driftfs COMMAND --help   tells more; so does driftfs(1)\n"
		    "  driftfs --version        prints the version\n");
	return to == stderr ? EXIT_USAGE : EXIT_DONE;
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

/* getopt_long(3) says what is wrong in the name of its first word. */
static int run(const struct command *c, int argc, char **argv)
{
	char name[32];

	snprintf(name, sizeof(name), "driftfs %s", c->name);
	argv[0] = name;
	return c->run(c, argc, argv);
}

static int no_command(int argc, char **argv)
{
	_cleanup_(freep) char *word = cli_printable(argv[1]);

	fprintf(stderr, "driftfs: '%s' is no command%s\n\n", word ? word : argv[1],
		argc > 2 && argv[1][0] != '-' ? ", nor is there a history of that name"
					      : "");
	return help_all(stderr);
}

/* A history that is to be made by sync is not there yet. */
static bool is_helper(int argc, char **argv)
{
	if (argc < 3)
		return false;
	for (int i = 3; i < argc; i++)
		if (strstr(argv[i], "sync_config="))
			return true;
	return access(argv[1], F_OK) == 0;
}

int main(int argc, char **argv)
{
	const struct command *c;

	if (argc < 2)
		return help_all(stderr);
	if (!strcmp(argv[1], "help") && argc > 2) {
		c = find(argv[2]);
		if (c)
			return cli_help(c);
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help"))
		return help_all(stdout);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		return version();
	c = find(argv[1]);
	if (c)
		return run(c, argc - 1, argv + 1);
	if (is_helper(argc, argv))
		return run(&command_mount_helper, argc, argv);
	return no_command(argc, argv);
}
