/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS's naming habits, turned into questions.
 *
 * An event's name is a verb and a noun in capitals ("AuthorizeSecurityGroupIngress"), a type's
 * last segment is a noun ("SecurityGroup"), and a request's member names are a noun and a
 * suffix ("groupId"). Comparing the three tells the object of a call from what it names in
 * passing, without a table of thousands of calls; the tables here hold what the habit misses.
 */
#include "words.h"

#include <ctype.h>

static const char *const makes[] = { "Create", "Run",  "Allocate", "Register",
				     "Import", "Copy", "Restore",  "Request",
				     "Launch", NULL };
static const char *const removes[] = { "Delete",     "Terminate", "Release",
				       "Deregister", "Destroy",   NULL };
static const char *const inert[] = { "Reboot",  "Send",     "Test",     "Invoke",
				     "Publish", "Validate", "Assume",   "Start",
				     "Decode",  "Simulate", "Generate", NULL };

/* Starting an instance changes it; starting a query, a session or an export does not. */
static const char *const starting[] = { "StartInstances",
					"StartDBInstance",
					"StartDBCluster",
					"StartLogging",
					"StartPipelineExecution",
					"StartStreamEncryption",
					"StartConfigurationRecorder",
					NULL };

/* Nouns that CloudTrail and Config spell differently. */
static const struct {
	const char *type, *call;
} synonyms[] = {
	{ "eip", "address" },
	{ "alarm", "metricalarm" },
	{ "compositealarm", "compositealarm" },
	{ "accountpublicaccessblock", "publicaccessblock" },
	{ "vpcpeeringconnection", "vpcpeering" },
	{ "domain", "elasticsearchdomain" },
	{ "oidcprovider", "openidconnectprovider" },
	{ "transitgatewayattachment", "transitgatewayvpcattachment" },
	{ "prefixlist", "managedprefixlist" },
	{ "ec2fleet", "fleet" },
	{ "vpcendpointservice", "vpcendpointserviceconfiguration" },
};

static bool one_of(struct str s, const char *const *words, bool whole)
{
	for (; *words; words++)
		if (whole ? str_is(s, *words) : str_starts(s, *words))
			return true;
	return false;
}

bool words_take_off(struct str event_name)
{
	static const char *const verbs[] = { "Remove", "Detach", "Disassociate",
					     "Revoke", "Delete", "Deregister",
					     "Untag",  NULL };

	return one_of(event_name, verbs, false);
}

bool words_put_on(struct str event_name)
{
	static const char *const verbs[] = { "Put",       "Authorize", "Add", "Attach",
					     "Associate", "Set",       "Tag", NULL };

	return one_of(event_name, verbs, false) || str_is(event_name, "CreateTags");
}

static void lower(char ret[WORD_SIZE], struct str s)
{
	size_t n = MIN(s.n, (size_t)WORD_SIZE - 1);

	for (size_t i = 0; i < n; i++)
		ret[i] = (char)tolower((unsigned char)s.p[i]);
	ret[n] = '\0';
}

/* Lambda's events carry their API's date: CreateFunction20150331, ...20150331v2. */
static struct str without_version(struct str name)
{
	size_t n = name.n;

	if (n > 2 && name.p[n - 2] == 'v' && isdigit((unsigned char)name.p[n - 1]))
		n -= 2;
	while (n > 0 && (isdigit((unsigned char)name.p[n - 1]) || name.p[n - 1] == '_'))
		n--;
	return name.n - n >= 8 ? (struct str){ name.p, n } : name;
}

void words_of_call(struct str event_name, struct call_words *ret)
{
	struct str name = without_version(event_name);
	size_t end = 1;

	while (end < name.n && islower((unsigned char)name.p[end]))
		end++;
	/* A change set is what a stack is to become: to execute it changes the stack. */
	lower(ret->noun,
	      str_is(name, "ExecuteChangeSet") ? STR("Stack") : str_from(name, end));
	ret->tags = str_ends(name, "Tag") || str_ends(name, "Tags") ||
		    str_ends(name, "Tagging") || str_starts(name, "Tag") ||
		    str_starts(name, "Untag");
	if (one_of(name, makes, false))
		ret->verb = VERB_MAKES;
	else if (one_of(name, removes, false))
		ret->verb = VERB_REMOVES;
	else if (one_of(name, inert, false) && !one_of(name, starting, true))
		ret->verb = VERB_INERT;
	else
		ret->verb = VERB_CHANGES;
	if (ret->tags)
		ret->verb = VERB_CHANGES;
}

void words_of_type(struct str type, struct type_words *ret)
{
	ptrdiff_t last = str_rchr(type, ':');
	struct str noun = last >= 0 ? str_from(type, (size_t)last + 1) : type;

	lower(ret->noun, noun);
	service_of_type(type, ret->service);
}

static const char *call_noun(const struct type_words *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(synonyms); i++)
		if (!strcmp(type->noun, synonyms[i].type))
			return synonyms[i].call;
	return type->noun;
}

/* "instances" is "instance", "policies" is "policy", "addresses" is "address". */
static bool same_noun(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);

	if (na < nb)
		return same_noun(b, a);
	if (strncmp(a, b, nb > 0 ? nb - 1 : 0) || nb == 0)
		return false;
	return (a[nb - 1] == b[nb - 1] &&
		(!a[nb] || !strcmp(a + nb, "s") || !strcmp(a + nb, "es"))) ||
	       (b[nb - 1] == 'y' && !strcmp(a + nb - 1, "ies"));
}

enum noun_match words_match_noun(const struct call_words *call,
				 const struct type_words *type)
{
	const char *want = call_noun(type);

	if (!*call->noun || !*want)
		return NOUN_OTHER;
	if (same_noun(call->noun, want) || same_noun(call->noun, type->noun))
		return NOUN_EXACT;
	if (strstr(call->noun, want) || strstr(call->noun, type->noun))
		return NOUN_PART;
	/* CreateRoute is about a RouteTable, ReplaceNetworkAclEntry about a NetworkAcl. */
	if (!strcmp(call->noun, "route") && !strcmp(want, "routetable"))
		return NOUN_PART;
	return NOUN_OTHER;
}

bool words_match_service(struct str event_source, const struct type_words *type)
{
	char service[SERVICE_SIZE];

	service_of_source(event_source, service);
	return !strcmp(service, type->service);
}

#define SUFFIX(text)                   \
	{                              \
		text, sizeof(text) - 1 \
	}

/* Asked of each value of each call. */
void words_subject(struct str key, char ret[WORD_SIZE])
{
	static const struct {
		const char *text;
		size_t n;
	} suffixes[] = { SUFFIX("identifiers"), SUFFIX("identifier"), SUFFIX("names"),
			 SUFFIX("name"),        SUFFIX("arns"),       SUFFIX("arn"),
			 SUFFIX("ids"),         SUFFIX("id"),         SUFFIX("url"),
			 SUFFIX("list"),        SUFFIX("set"),        SUFFIX("s") };
	bool cut = true;
	size_t n;

	lower(ret, key);
	n = strlen(ret);
	while (cut) {
		cut = false;
		for (size_t i = 0; i < ARRAY_SIZE(suffixes) && !cut; i++) {
			size_t m = suffixes[i].n;

			/* "address" ends in an s that is its own. */
			if (n >= m && ret[n - 1] == suffixes[i].text[m - 1] &&
			    !memcmp(ret + n - m, suffixes[i].text, m) &&
			    !(m == 1 && n > 1 && ret[n - 2] == 's')) {
				n -= m;
				cut = true;
			}
		}
	}
	ret[n] = '\0';
}

/* "alias" and "bus" end in an s that is their own: a subject has lost that, too. */
static bool is_noun(const char *subject, const char *noun)
{
	size_t n = strlen(subject);

	return !strncmp(subject, noun, n) && (!noun[n] || !strcmp(noun + n, "s"));
}

enum subject_match words_match_key(struct str key, const struct type_words *type)
{
	char subject[WORD_SIZE];
	size_t n, want = strlen(type->noun);

	words_subject(key, subject);
	n = strlen(subject);
	if (n == 0 || !strcmp(subject, "resource") || !strcmp(subject, "item"))
		return SUBJECT_GENERIC;
	if (is_noun(subject, type->noun))
		return SUBJECT_TYPE;
	/* An account's own public access block has the account's id. */
	if (!strcmp(subject, "account") && str_starts(str_of(type->noun), "account"))
		return SUBJECT_TYPE;
	/* StartSession has a target, SendCommand may have targets[].values. */
	if (!strcmp(type->noun, "instance") &&
	    (str_is(key, "target") || str_is(key, "values")))
		return SUBJECT_TYPE;
	if (!strcmp(type->noun, "eip"))
		return !strcmp(subject, "allocation") || !strcmp(subject, "publicip")
			       ? SUBJECT_TYPE
			       : SUBJECT_OTHER;
	/* groupId for a securitygroup; "gateway" is too many things. */
	if (n >= 4 && want > n && !strcmp(type->noun + want - n, subject))
		return SUBJECT_TYPE;
	if (!strcmp(subject, "alarm") && !strcmp(type->noun, "compositealarm"))
		return SUBJECT_TYPE;
	return SUBJECT_OTHER;
}

const struct jv *words_listed(const struct jv *v)
{
	/* Of each object of a record it is asked: most have other members, or more. */
	if (!jv_is(v, JV_OBJECT) || v->len != 2)
		return NULL;
	return jv_get(v, "tag") ? jv_get(v, "content") : NULL;
}

bool words_key_in_noun(struct str key, const struct call_words *call)
{
	char subject[WORD_SIZE];

	words_subject(key, subject);
	return strlen(subject) >= 3 && strcmp(subject, "resource") &&
	       strstr(call->noun, subject);
}

static bool holds_nocase(struct str text, struct str word)
{
	for (size_t i = 0; i + word.n <= text.n; i++)
		if (str_eq_nocase((struct str){ text.p + i, word.n }, word))
			return true;
	return false;
}

/* Where a member stands, without the part of the item that all stand in. */
static struct str within_part(struct str pointer)
{
	ptrdiff_t slash = pointer.n ? str_chr(str_from(pointer, 1), '/') : -1;

	return slash >= 0 ? str_from(pointer, (size_t)slash + 1) : STR_NULL;
}

/* Words that stand in every other name. */
static bool is_filler(struct str word)
{
	return word.n < 4 || str_starts(word, "Config") ||
	       str_starts(word, "Attribute") || str_is(word, "With") ||
	       str_is(word, "From");
}

bool words_speak_of(struct str event_name, const struct type_words *type,
		    struct str pointer)
{
	struct str name = without_version(event_name), at = within_part(pointer);
	size_t i = 1;

	while (i < name.n && islower((unsigned char)name.p[i]))
		i++;
	if (name.n >= i + 4 && holds_nocase(at, str_from(name, i)))
		return true; /* KmsKey */
	while (i < name.n) {
		struct str word = str_from(name, i);
		char folded[WORD_SIZE];
		size_t n = 1;

		while (n < word.n && islower((unsigned char)word.p[n]))
			n++;
		i += n;
		word.n = n > 4 && word.p[n - 1] == 's' ? n - 1 : n;
		lower(folded, word);
		if (!is_filler(word) && !strstr(type->noun, folded) &&
		    holds_nocase(at, word))
			return true;
	}
	return false;
}
