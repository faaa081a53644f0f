/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens: how events and resources find each other.
 *
 * Both sides reduce the strings by which a resource can be named to 64-bit hashes; the store
 * joins them. The sets are made small on purpose, because every token of every write event is
 * a row: documents inside strings, times, plain numbers and switches name nothing; data events
 * and reads change no configuration. An event that makes or removes something gives the ids of
 * just those things a second, marked token, so that what hung on a removed instance (a volume,
 * an interface) finds the call without every neighbour of every subnet finding it, too.
 */
#include "model/mention.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "mention_gather.h"
#include "model/service.h"
#include "util/hex.h"

#define TEXT_MAX 256 /* longer plain text is prose or a document, unless it is an ARN */

/* --- tokens ------------------------------------------------------------------------------- */

/* ASCII case is folded: RDS answers in lower case what the request had in capitals. */
static uint64_t token_of(const char *mark, struct str name)
{
	char folded[TOKEN_MAX + 160];
	size_t n = strlen(mark);

	memcpy(folded, mark, n);
	for (size_t i = 0; i < name.n && n < sizeof(folded); i++) {
		char c = name.p[i];

		folded[n++] = (c >= 'A' && c <= 'Z') ? (char)(c | 0x20) : c;
	}
	return str_hash((struct str){ folded, n });
}

uint64_t mention_token(struct str name)
{
	return token_of("", name);
}

uint64_t mention_account(struct str account)
{
	return account.n ? str_hash(account) : 0;
}

/* Apart from the account's: a service may be called as one is. */
static uint64_t service_hash(const char *service)
{
	return str_hash(str_of(service)) * UINT64_C(0x9e3779b97f4a7c15);
}

uint64_t mention_service(struct str type)
{
	char service[SERVICE_SIZE];

	service_of_type(type, service);
	return service_hash(service);
}

/* A compliance item goes by the names of what it is about: TYPE/ID. */
static struct str subject_type(const struct item *item)
{
	ptrdiff_t slash = str_chr(item->id, '/');

	if (slash > 0 && str_is(item->type, "AWS::Config::ResourceCompliance"))
		return (struct str){ item->id.p, (size_t)slash };
	return item->type;
}

struct mention_scope mention_scope(const struct item *item, bool any_service)
{
	return (struct mention_scope){
		mention_account(item->account),
		any_service ? 0 : mention_service(subject_type(item)),
	};
}

/* i-0123456789abcdef0, an ARN: nobody else's name, whatever the case. */
bool mention_is_unique(struct str s)
{
	ptrdiff_t dash = str_rchr(s, '-');
	size_t digits = 0;

	if (s.n >= 4 && str_eq_nocase((struct str){ s.p, 4 }, STR("arn:")))
		return true;
	for (size_t i = (size_t)(dash + 1); i < s.n; i++, digits++)
		if (hex_value(s.p[i]) < 0)
			return false;
	return dash > 0 && (digits == 8 || digits == 17);
}

/*
 * Could AWS, or a program, have made it up? Then calls of other services that name it mean it, too;
 * wider than what correlation takes for so (naming.c), as case is not told here.
 */
static bool may_be_generated(struct str s)
{
	bool a = s.n > 0 && (s.p[0] == 'A' || s.p[0] == 'a');
	size_t digits = 0;

	for (size_t i = 0; i < s.n; i++)
		digits += isdigit((unsigned char)s.p[i]) != 0;
	return s.n >= 10 && (digits >= 2 || a) && str_chr(s, ' ') < 0 &&
	       (str_chr(s, '-') >= 0 || (a && s.n >= 16));
}

/*
 * "orders", "app" and "default" are in every account, as a function, a bucket and a table, and a
 * call names only those of its own account and service: with both in the tokens a resource does
 * not meet the calls on a thousand others.
 */
static uint64_t scoped(struct mention_scope scope, struct str name)
{
	if (mention_is_unique(name))
		return 0;
	return may_be_generated(name) ? scope.account : scope.account ^ scope.service;
}

uint64_t mention_token_of(struct mention_scope scope, struct str name)
{
	return mention_token(name) ^ scoped(scope, name);
}

void gather_add(struct gather *g, struct str name)
{
	if (name.n >= TOKEN_MIN && name.n <= TOKEN_MAX && g->n < g->max)
		g->tokens[g->n++] = token_of(g->mark, name) ^ scoped(g->scope, name);
}

static bool all_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

/* Could this string name a resource? */
bool mention_names_something(const struct gather *g, struct str s)
{
	if (s.n < TOKEN_MIN || s.n > TOKEN_MAX ||
	    (s.n > TEXT_MAX && !str_starts(s, "arn:")))
		return false;
	if (all_digits(s))
		return g->numbers && s.n == 12;
	if (s.p[0] == '{' || s.p[0] == '[' || str_chr(s, '\n') >= 0)
		return false;
	if (s.n >= 20 && s.p[4] == '-' && s.p[10] == 'T' && s.p[s.n - 1] == 'Z')
		return false; /* a time */
	return !str_is(s, "true") && !str_is(s, "false") && !str_is(s, "tcp");
}

/* An ARN's last part ("role/path/name"), empty for what is no ARN. */
struct str mention_arn_resource(struct str s)
{
	if (!str_starts(s, "arn:"))
		return STR_NULL;
	for (int colons = 0; colons < 5; colons++) {
		ptrdiff_t at = str_chr(s, ':');

		if (at < 0)
			return STR_NULL;
		s = str_from(s, (size_t)at + 1);
	}
	return s;
}

void gather_add_forms(struct gather *g, struct str name)
{
	struct str resource = mention_arn_resource(name);
	ptrdiff_t slash = str_rchr(name, '/'), colon = str_rchr(name, ':');
	ptrdiff_t last = MAX(MAX(slash, colon), str_rchr(name, '|'));

	gather_add(g, name);
	if (resource.n) {
		gather_add(g, resource);
		slash = str_chr(resource, '/');
		colon = str_chr(resource, ':');
		if (slash >= 0)
			gather_add(g, str_from(resource, (size_t)slash + 1));
		else if (colon >= 0)
			gather_add(g, str_from(resource, (size_t)colon + 1));
	}
	if (last >= 0)
		gather_add(g, str_from(name, (size_t)last + 1));
}

/* --- sets --------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

void mention_set_sort(struct mention_set *set)
{
	size_t n = 0;

	if (set->n > 1)
		qsort(set->tokens, set->n, sizeof(set->tokens[0]), by_value);
	for (size_t i = 0; i < set->n; i++)
		if (i == 0 || set->tokens[i] != set->tokens[n - 1])
			set->tokens[n++] = set->tokens[i];
	set->n = n;
}

ptrdiff_t mention_set_find(const struct mention_set *set, uint64_t token)
{
	const uint64_t *found =
		set->n ? bsearch(&token, set->tokens, set->n, sizeof(token), by_value)
		       : NULL;

	return found ? found - set->tokens : -1;
}

bool mention_set_has(const struct mention_set *set, uint64_t token)
{
	return mention_set_find(set, token) >= 0;
}

int gather_init(struct gather *g, struct arena *a, size_t max)
{
	*g = (struct gather){ .arena = a, .max = max, .mark = "" };
	g->tokens = arena_alloc(a, max * sizeof(*g->tokens));
	return g->tokens ? 0 : -ENOMEM;
}

void gather_finish(struct gather *g, struct mention_set *ret)
{
	*ret = (struct mention_set){ g->tokens, g->n };
	mention_set_sort(ret);
	/* A thousand mentions may be had; most records make some ten. */
	arena_trim(g->arena, g->tokens, ret->n * sizeof(*g->tokens));
}

/* Depth is bounded by the parser (JV_MAX_DEPTH). */
static void add_leaves(struct gather *g, const struct jv *v)
{
	if (!v || g->n >= g->max)
		return;
	switch (v->type) {
	case JV_STRING:
		if (mention_names_something(g, jv_str(v)))
			gather_add_forms(g, jv_str(v));
		break;
	case JV_ARRAY:
		for (uint32_t i = 0; i < v->len; i++)
			add_leaves(g, &v->items[i]);
		break;
	case JV_OBJECT:
		for (uint32_t i = 0; i < v->len; i++)
			add_leaves(g, &v->members[i].value);
		break;
	default:
		break;
	}
}

/* --- events ------------------------------------------------------------------------------- */

/* Calls on the data inside resources: objects, rows, messages, invocations. */
static bool is_data_event(const struct event *e)
{
	return str_is(jv_get_text(e->record, "eventCategory"), "Data") ||
	       jv_is(jv_get(e->record, "managementEvent"), JV_FALSE);
}

static bool starts_with_any(struct str name, const char *const *verbs)
{
	for (; *verbs; verbs++)
		if (str_starts(name, *verbs))
			return true;
	return false;
}

static const char *const makers[] = { "Create",   "Run",     "Allocate",
				      "Register", "Import",  "Copy",
				      "Restore",  "Request", NULL };
static const char *const removers[] = { "Delete", "Terminate", "Release", "Deregister",
					NULL };

/*
 * Where things are put, and what they are given: an answer tells it of all that was made, so ten
 * thousand instances of a network would each find the calls that made the others.
 */
static const struct {
	const char *prefix,
		*noun; /* of an id; in the names of calls that make or remove one */
} places[] = {
	{ "vpc-", "Vpc" },        { "subnet-", "Subnet" },  { "sg-", "SecurityGroup" },
	{ "rtb-", "RouteTable" }, { "acl-", "NetworkAcl" }, { "ami-", "Image" },
};

static bool call_is_about(const struct event *e, const char *noun)
{
	return memmem(e->name.p, e->name.n, noun, strlen(noun)) != NULL;
}

static bool is_place(const struct event *e, struct str key, struct str id)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (str_starts(id, places[i].prefix))
			return mention_is_unique(id) && !call_is_about(e, places[i].noun);
	return str_is(key, "groupName") && !call_is_about(e, "Group");
}

/* `asked`: an id that the call was given (and did not choose) was there before. */
static void add_things(struct gather *g, const struct event *e, const struct jv *asked,
		       struct str key, const struct jv *v)
{
	if (!v || g->n >= g->max)
		return;
	if (v->type == JV_STRING) {
		struct str name = jv_str(v);

		if (mention_names_something(g, name) && !is_place(e, key, name) &&
		    !(asked && mention_is_unique(name) && jv_holds(asked, name)))
			gather_add_forms(g, name);
	}
	if (v->type == JV_ARRAY)
		for (uint32_t i = 0; i < v->len; i++)
			add_things(g, e, asked, key, &v->items[i]);
	if (v->type == JV_OBJECT)
		for (uint32_t i = 0; i < v->len; i++)
			add_things(g, e, asked, jv_str(&v->members[i].key),
				   &v->members[i].value);
}

/*
 * The marked tokens: of a maker what it answers, of a remover what it asks for. Whom that concerns
 * may be of any service.
 */
static void add_made(struct gather *g, const struct event *e)
{
	g->scope.service = 0;
	g->mark = MARK_MADE;
	if (starts_with_any(e->name, makers))
		add_things(g, e, e->request, STR_NULL, e->response);
	else if (starts_with_any(e->name, removers))
		add_things(g, e, NULL, STR_NULL, e->request);
	g->mark = "";
}

int mention_of_event(struct arena *a, const struct event *e, bool any_service,
		     struct mention_set *ret)
{
	char service[SERVICE_SIZE];
	struct gather g;
	int r;

	*ret = (struct mention_set){ 0 };
	if (is_data_event(e) || (e->read_only && !event_issues_session(e)))
		return 0;
	r = gather_init(&g, a, MENTION_MAX_EVENT);
	if (r < 0)
		return r;
	service_of_source(e->source, service);
	g.scope.account = mention_account(e->account);
	g.scope.service = any_service ? 0 : service_hash(service);
	gather_add(&g, e->access_key);
	if (event_issues_session(e)) {
		/* Roles are assumed a thousand times an hour: only the session counts. */
		gather_add(&g, event_issued_key(e));
		gather_add(&g, event_issued_arn(e));
		if (e->failed)
			add_leaves(&g, e->request);
	} else {
		g.numbers = str_rchr(e->name, 'A') >= 0 &&
			    memmem(e->name.p, e->name.n, "Account", 7);
		add_leaves(&g, e->request);
		add_leaves(&g, e->resources);
		add_leaves(&g, e->response);
		add_leaves(&g, e->service_details);
		if (!e->failed)
			add_made(&g, e);
	}
	gather_finish(&g, ret);
	return 0;
}
