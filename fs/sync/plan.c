/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An API knows its own account only: it is asked once with each role, and the source that comes of
 * it is named after the account, since its cursors and its health are that account's. A queue is
 * asked with the role of its own account, a bucket with the one role there is. Whoever wants it
 * otherwise writes the account into the URL.
 */
#include "plan.h"

#include <errno.h>
#include <stdlib.h>

#define PLACEHOLDER   "{account}"
#define ACCOUNT_SIZE  12
#define REGION_SOURCE 3 /* of a region */

static const struct sync_kind *const kinds[] = { &sync_kind_s3, &sync_kind_sqs,
						 &sync_kind_config, &sync_kind_cloudtrail,
						 &sync_kind_cloudwatch };

/* --- URLs ----------------------------------------------------------------------------------- */

static bool is_account(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n == ACCOUNT_SIZE;
}

static struct str behind_scheme(const char *url)
{
	const char *scheme = strstr(url, "://");

	return scheme ? str_of(scheme + 3) : STR_NULL;
}

/* ACCOUNT@: its digits, or nothing. */
static struct str account_of(const char *url)
{
	struct str rest = behind_scheme(url);
	ptrdiff_t at = str_chr(rest, '@');
	struct str account = at < 0 ? STR_NULL : (struct str){ rest.p, (size_t)at };

	return is_account(account) ? account : STR_NULL;
}

struct str sync_place(const char *url)
{
	struct str rest = behind_scheme(url), account = account_of(url);

	return account.n ? str_from(rest, account.n + 1) : rest;
}

static const struct sync_kind *kind_of(const char *url)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (str_starts(str_of(url), kinds[i]->scheme) &&
		    kinds[i]->check(sync_place(url)))
			return kinds[i];
	return NULL;
}

int sync_check_source(const char *url, struct fault *f)
{
	_cleanup_(buf_deinit) struct buf forms = BUF_INIT;

	if (kind_of(url))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		buf_printf(&forms, "%s%s", i ? ", " : "", kinds[i]->form);
	buf_put_char(&forms, '\0');
	fault_set(f, FAULT_NO_OFFSET, "", "%s is no source: %s %s", url,
		  buf_error(&forms) ? "" : forms.data,
		  ARRAY_SIZE(kinds) > 1 ? "are some" : "is one");
	return SYNC_E_SOURCE;
}

/* --- roles ---------------------------------------------------------------------------------- */

/* arn:PARTITION:iam::ACCOUNT:role/NAME: the account, or what stands in its place. */
static struct str role_account(const char *arn)
{
	struct str rest = str_of(arn);
	ptrdiff_t end;

	for (unsigned i = 0; i < 4; i++) {
		end = str_chr(rest, ':');
		if (end < 0)
			return STR_NULL;
		rest = str_from(rest, (size_t)end + 1);
	}
	end = str_chr(rest, ':');
	return end < 0 ? STR_NULL : (struct str){ rest.p, (size_t)end };
}

int sync_check_role(const char *arn, struct fault *f)
{
	struct str account = role_account(arn);

	if (str_starts(str_of(arn), "arn:") && strstr(arn, ":role/") &&
	    (is_account(account) || str_is(account, PLACEHOLDER)))
		return 0;
	fault_set(f, FAULT_NO_OFFSET, "",
		  "%s is no role: arn:aws:iam::ACCOUNT:role/NAME is one", arn);
	return SYNC_E_SOURCE;
}

static int keep_role(struct sync_plan *p, struct str arn)
{
	char *copy = str_dup(arn);

	if (!copy)
		return -ENOMEM;
	buf_put(&p->roles, &copy, sizeof(copy));
	if (!buf_error(&p->roles))
		return 0;
	free(copy);
	return -ENOMEM;
}

/* For each of the accounts. */
static int fill_template(struct sync_plan *p, const struct sync_options *o,
			 const char *template, struct fault *f)
{
	const char *at = strstr(template, PLACEHOLDER);
	int r = 0;

	if (!o->n_accounts) {
		fault_set(f, FAULT_NO_OFFSET, "",
			  "%s stands for many roles, but --accounts does not say which",
			  template);
		return SYNC_E_SOURCE;
	}
	for (size_t i = 0; !r && i < o->n_accounts; i++) {
		_cleanup_(buf_deinit) struct buf arn = BUF_INIT;

		buf_printf(&arn, "%.*s%s%s", (int)(at - template), template,
			   o->accounts[i], at + strlen(PLACEHOLDER));
		r = buf_error(&arn);
		if (!r)
			r = keep_role(p, buf_str(&arn));
	}
	return r;
}

static int add_roles(struct sync_plan *p, const struct sync_options *o, struct fault *f)
{
	int r = 0;

	for (size_t i = 0; !r && i < o->n_roles; i++) {
		r = sync_check_role(o->roles[i], f);
		if (!r)
			r = strstr(o->roles[i], PLACEHOLDER)
				    ? fill_template(p, o, o->roles[i], f)
				    : keep_role(p, str_of(o->roles[i]));
	}
	return r;
}

static size_t count_roles(const struct sync_plan *p)
{
	return p->roles.len / sizeof(char *);
}

static const char *role_at(const struct sync_plan *p, size_t i)
{
	return ((char *const *)p->roles.data)[i];
}

static const char *role_of(const struct sync_plan *p, struct str account)
{
	for (size_t i = 0; account.n && i < count_roles(p); i++)
		if (str_eq(role_account(role_at(p, i)), account))
			return role_at(p, i);
	return NULL;
}

/* --- sources -------------------------------------------------------------------------------- */

static int add(struct sync_plan *p, const struct sync_kind *kind, struct str account,
	       struct str place, const char *role)
{
	struct sync_planned planned = { .kind = kind, .role = role };
	struct buf url = BUF_INIT;

	buf_put_text(&url, kind->scheme);
	buf_printf(&url, "%.*s%s%.*s", STR_ARGS(account), account.n ? "@" : "",
		   STR_ARGS(place));
	buf_put_char(&url, '\0');
	planned.url = url.data;
	if (!buf_error(&url))
		buf_put(&p->all, &planned, sizeof(planned));
	if (!buf_error(&url) && !buf_error(&p->all))
		return 0;
	buf_deinit(&url);
	return -ENOMEM;
}

static int add_each(struct sync_plan *p, const struct sync_kind *kind, struct str place)
{
	int r = 0;

	for (size_t i = 0; !r && i < count_roles(p); i++)
		r = add(p, kind, role_account(role_at(p, i)), place, role_at(p, i));
	return r;
}

static int add_source(struct sync_plan *p, const char *url, struct fault *f)
{
	const struct sync_kind *kind = kind_of(url);
	struct str account = account_of(url), place = sync_place(url);
	const char *role = role_of(p, account);

	if (!kind)
		return sync_check_source(url, f);
	if (account.n && !role) {
		fault_set(f, FAULT_NO_OFFSET, "",
			  "%s: there is no --role-arn of account %.*s", url,
			  STR_ARGS(account));
		return SYNC_E_SOURCE;
	}
	if (account.n || !count_roles(p))
		return add(p, kind, account, place, role);
	if (kind->local)
		return add_each(p, kind, place);
	if (kind->account)
		role = role_of(p, kind->account(place));
	if (!role && count_roles(p) == 1)
		role = role_at(p, 0);
	return add(p, kind, STR_NULL, place, role);
}

/* Without a source: what the APIs of the region know. */
static int add_region(struct sync_plan *p, const char *region, const char *aggregator,
		      struct fault *f)
{
	static const struct sync_kind *const all[REGION_SOURCE] = {
		&sync_kind_config, &sync_kind_cloudtrail, &sync_kind_cloudwatch
	};
	int r = 0;

	if (!*region) {
		fault_set(f, FAULT_NO_OFFSET, "",
			  "no source and no region: give a SOURCE, or --region");
		return SYNC_E_SOURCE;
	}
	for (size_t i = 0; !r && i < ARRAY_SIZE(all); i++) {
		_cleanup_(buf_deinit) struct buf url = BUF_INIT;

		buf_printf(&url, "%s%s", all[i]->scheme, region);
		if (aggregator && all[i] == &sync_kind_config)
			buf_printf(&url, "/%s", aggregator);
		buf_put_char(&url, '\0');
		r = buf_error(&url);
		if (!r)
			r = add_source(p, url.data, f);
	}
	return r;
}

int sync_plan_make(struct sync_plan *p, const struct sync_options *o, const char *region,
		   struct fault *f)
{
	int r = add_roles(p, o, f);

	for (size_t i = 0; !r && i < o->import.n_sources; i++)
		r = add_source(p, o->import.sources[i], f);
	if (!r && !o->import.n_sources)
		r = add_region(p, region, o->aggregator, f);
	return r;
}

void sync_plan_deinit(struct sync_plan *p)
{
	for (size_t i = 0; i < sync_plan_count(p); i++)
		free(sync_plan_at(p, i)->url);
	for (size_t i = 0; i < count_roles(p); i++)
		free(((char **)p->roles.data)[i]);
	buf_deinit(&p->all);
	buf_deinit(&p->roles);
}

int sync_list(const struct sync_options *o, struct buf *out, struct fault *f)
{
	_cleanup_(sync_plan_deinit) struct sync_plan p = { 0 };
	const char *region = o->aws.region ? o->aws.region : "REGION";
	int r = sync_plan_make(&p, o, region, f);

	for (size_t i = 0; !r && i < sync_plan_count(&p); i++) {
		const struct sync_planned *planned = sync_plan_at(&p, i);

		buf_put_text(out, planned->url);
		if (planned->role)
			buf_printf(out, " as %s", planned->role);
		buf_put_char(out, '\n');
		r = buf_error(out);
	}
	return r;
}
