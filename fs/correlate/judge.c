/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part an event plays for a resource, from names alone.
 *
 * RunInstances names a subnet and changes it not; AttachRolePolicy names a role and a policy and
 * changes both; CreateVpc names none of the three things it makes beside the network. The rules
 * follow AWS's naming habits (words.c): the call's noun says what it is about, the member name
 * says what a value stands for, and the service must be the type's own unless the name is unique
 * in itself. What remains unclear is left as bystander, for the values to decide.
 */
#include "judge.h"

#define BIT(e) (1u << (e))

struct view {
	const struct event *e;
	const struct item *item;
	struct call_words call;
	struct type_words type;
	enum noun_match noun;
	bool service;
};

/* --- does the event speak of this account and region at all? ------------------------------- */

static bool service_is_global(const char *service)
{
	static const char *const names[] = { "iam",
					     "s3",
					     "cloudfront",
					     "route53",
					     "organizations",
					     "globalaccelerator",
					     NULL };

	for (size_t i = 0; names[i]; i++)
		if (!strcmp(service, names[i]))
			return true;
	return false;
}

static bool in_scope(const struct view *v, const struct naming *n)
{
	const struct item *item = v->item;

	if (v->e->account.n && item->account.n && !str_eq(v->e->account, item->account))
		return false;
	if (n->unique || str_is(item->region, "global") ||
	    service_is_global(v->type.service))
		return true;
	return !v->e->region.n || str_eq(v->e->region, item->region);
}

/* --- what came or went beside the thing called for ----------------------------------------- */

/* `noun`: what the id is of; a call makes and removes what its name says, and no more. */
static bool made_or_removed(const struct view *v, const char *noun, struct str id)
{
	if (id.n < 4 || !strstr(v->call.noun, noun))
		return false;
	if (v->call.verb == VERB_MAKES)
		return jv_holds(v->e->response, id) && !jv_holds(v->e->request, id);
	return v->call.verb == VERB_REMOVES && jv_holds(v->e->request, id);
}

/* Default things come and go with their network; others in it do not. */
static bool is_network_default(const struct view *v, const struct jv *configuration)
{
	const struct jv *associations = jv_get(configuration, "associations");

	if (!strcmp(v->type.noun, "securitygroup"))
		return str_is(jv_get_text(configuration, "groupName"), "default");
	if (!strcmp(v->type.noun, "networkacl"))
		return jv_is(jv_get(configuration, "isDefault"), JV_TRUE) ||
		       jv_is(jv_get(configuration, "default"), JV_TRUE);
	if (strcmp(v->type.noun, "routetable") || !jv_is(associations, JV_ARRAY))
		return false;
	for (uint32_t i = 0; i < associations->len; i++)
		if (jv_is(jv_get(&associations->items[i], "main"), JV_TRUE))
			return true;
	return false;
}

/* A new subnet is put under its network's default access list. */
static bool holds_subnet(const struct view *v, const struct jv *associations)
{
	for (uint32_t i = 0; jv_is(associations, JV_ARRAY) && i < associations->len; i++)
		if (made_or_removed(v, "subnet",
				    jv_get_text(&associations->items[i], "subnetId")))
			return true;
	return false;
}

/* Does the state hang on something that the call made or removed? */
static bool hangs_on(const struct view *v, const struct jv *state)
{
	const struct jv *configuration = jv_get(state, "configuration");
	const struct jv *attachment = jv_get(configuration, "attachment");
	const struct jv *attachments = jv_get(configuration, "attachments");

	if (made_or_removed(v, "instance", jv_get_text(attachment, "instanceId")))
		return true;
	for (uint32_t i = 0; jv_is(attachments, JV_ARRAY) && i < attachments->len; i++)
		if (made_or_removed(v, "instance",
				    jv_get_text(&attachments->items[i], "instanceId")))
			return true;
	/* The interface of a public NAT gateway has the address that was asked for. */
	if (!strcmp(v->call.noun, "natgateway") && v->call.verb == VERB_MAKES &&
	    str_is(jv_get_text(configuration, "interfaceType"), "nat_gateway") &&
	    jv_holds(v->e->request,
		     jv_get_text(jv_get(configuration, "association"), "allocationId")))
		return true;
	/* A NAT gateway's interface says whose it is in its description only. */
	if (!strcmp(v->type.noun, "networkinterface")) {
		struct str text = jv_get_text(configuration, "description");
		ptrdiff_t at = str_rchr(text, ' ');

		if (at > 0 &&
		    made_or_removed(v, "natgateway", str_from(text, (size_t)at + 1)))
			return true;
	}
	if (!strcmp(v->type.noun, "networkacl") &&
	    holds_subnet(v, jv_get(configuration, "associations")))
		return true;
	return !strcmp(v->call.noun, "vpc") && is_network_default(v, configuration) &&
	       made_or_removed(v, "vpc", jv_get_text(configuration, "vpcId"));
}

/* --- the part ------------------------------------------------------------------------------ */

/* Inline policies share their member name with managed ones, which calls name by ARN. */
static bool is_inline_policy(const struct view *v, const struct naming *n)
{
	return !strcmp(v->type.noun, "policy") && !strcmp(v->type.service, "iam") &&
	       !n->unique && strcmp(v->call.noun, "policy");
}

/* Made along with what was asked for, and told in its answer. */
static bool comes_along(const struct view *v)
{
	static const char *const nouns[] = { "networkinterface", "volume", "instance",
					     NULL };

	for (size_t i = 0; nouns[i]; i++)
		if (!strcmp(v->type.noun, nouns[i]))
			return true;
	return false;
}

static bool puts_new(const struct view *v)
{
	return v->call.verb == VERB_MAKES ||
	       (str_starts(v->e->name, "Put") && v->noun == NOUN_EXACT);
}

static enum part part_on(const struct view *v, const struct naming *n)
{
	bool by_key = n->request_typed || n->request_generic;
	/* Called by a name that its items have not; the answer has its id. That of a call on another
	   thing (a peering, an attachment) may have the ids of all that this hangs on, too. */
	bool answers =
		n->response && n->response_typed && n->unique && !n->foreign_id &&
		(v->noun == NOUN_EXACT || (v->noun == NOUN_PART && n->request_called));

	if (v->noun == NOUN_EXACT) {
		if (puts_new(v) && (n->response || by_key))
			return PART_MAKER;
		if (v->call.verb == VERB_REMOVES &&
		    (by_key || n->request_other || answers))
			return PART_REMOVER;
	}
	if ((n->evidence & BIT(EVIDENCE_OWNED_ID)) && v->noun != NOUN_OTHER)
		return PART_OBJECT;
	/* The source in another group's rule. */
	if (n->nested && v->call.verb == VERB_CHANGES)
		return PART_BYSTANDER;
	if (n->response && v->call.verb == VERB_MAKES && n->unique && comes_along(v))
		return PART_SIDE;
	/* Requests of over 100 KB are left out; then the answer or resources[] name the object. */
	if (!v->e->request && v->noun != NOUN_OTHER &&
	    (n->response || (n->evidence & BIT(EVIDENCE_RESOURCES))))
		return PART_OBJECT;
	/* The request has an alias: which key that is, resources[] tells. */
	if ((n->evidence & BIT(EVIDENCE_RESOURCES)) && !n->foreign_id &&
	    v->call.verb == VERB_CHANGES && v->noun != NOUN_OTHER)
		return PART_OBJECT;
	/* A NAT gateway is made with an address, and so associates it. */
	if (!strcmp(v->type.noun, "eip") && !strcmp(v->call.noun, "natgateway"))
		return PART_OBJECT;
	if (answers && v->call.verb == VERB_CHANGES)
		return PART_OBJECT;
	if (v->call.verb == VERB_MAKES) {
		if ((by_key || answers) && v->noun == NOUN_PART &&
		    strcmp(v->call.noun, "vpcendpoint"))
			return PART_SUB;
		return PART_BYSTANDER;
	}
	if (by_key && v->noun != NOUN_OTHER)
		return PART_OBJECT;
	if (by_key && !n->noun_key_other)
		return PART_OBJECT;
	return n->evidence ? PART_BYSTANDER : PART_NONE;
}

static enum part part_of(const struct view *v, const struct naming *n,
			 const struct jv *before, const struct jv *after)
{
	uint32_t named = BIT(EVIDENCE_REQUEST_ID) | BIT(EVIDENCE_REQUEST_NAME) |
			 BIT(EVIDENCE_RESPONSE_ID) | BIT(EVIDENCE_RESOURCES) |
			 BIT(EVIDENCE_OWNED_ID);

	if (!in_scope(v, n) || n->other)
		return PART_NONE;
	if (v->service && v->noun != NOUN_EXACT &&
	    (hangs_on(v, before) || hangs_on(v, after)))
		return PART_SIDE;
	if (!(n->evidence & named))
		return v->call.tags
			       ? PART_NONE
			       : PART_BYSTANDER; /* shares a made or removed neighbour with it */
	if (v->call.tags &&
	    (n->evidence & (BIT(EVIDENCE_REQUEST_ID) | BIT(EVIDENCE_REQUEST_NAME))) &&
	    (n->unique || v->service))
		return PART_OBJECT;
	if (v->call.tags)
		return PART_NONE; /* the tags of another thing show on that one only */
	if (!v->service)
		return n->unique ? PART_BYSTANDER : PART_NONE;
	if (is_inline_policy(v, n))
		return PART_NONE;
	return part_on(v, n);
}

/* --- whose story a call without effect belongs in ------------------------------------------ */

/* Types that calls on other things name as what to use, or where to put it. */
static bool is_mostly_parameter(const struct type_words *type)
{
	static const char *const nouns[] = { "vpc",
					     "subnet",
					     "securitygroup",
					     "keypair",
					     "image",
					     "launchtemplate",
					     "targetgroup",
					     "launchconfiguration",
					     "cluster",
					     "taskdefinition",
					     "dbsubnetgroup",
					     "dbparametergroup",
					     "networkacl",
					     "internetgateway",
					     "cachesubnetgroup",
					     "optiongroup",
					     "natgateway",
					     "placementgroup",
					     NULL };

	for (size_t i = 0; nouns[i]; i++)
		if (!strcmp(type->noun, nouns[i]))
			return true;
	return false;
}

/* What a machine's own agent reports every few minutes. */
static bool is_heartbeat(struct str name)
{
	return str_starts(name, "Update") || str_starts(name, "Put");
}

/*
 * A call may make something else of the resource (a snapshot of a volume, a user's access key,
 * a grant on a key), or do something on it by another service (a command on an instance). Of
 * roles only attempts to assume them: the rest is a thousand an hour, and changes nothing.
 */
static bool is_on(const struct view *v, const struct naming *n)
{
	bool typed = n->request_typed && !n->nested;

	if (n->foreign_id && !n->unique)
		return false;
	if (!v->service && !strcmp(v->type.noun, "instance"))
		return n->unique && typed && !is_heartbeat(v->e->name);
	if (!v->service)
		return v->e->failed && event_issues_session(v->e) && n->unique && typed;
	if (str_starts(v->e->name, "Run"))
		return false;
	if (n->request_generic && n->unique && v->call.verb == VERB_MAKES)
		return true;
	if (is_mostly_parameter(&v->type))
		return false;
	return typed || (n->response_typed &&
			 (!v->e->request || (n->unique && v->call.verb == VERB_CHANGES)));
}

/* A part of it is made: by a member of its kind, or by any (resourceArn) that names nothing else. */
static bool is_made_under(const struct naming *n)
{
	return n->request_typed || (n->request_generic && n->unique);
}

void judge(const struct event *e, const struct item *item, const struct jv *before,
	   const struct jv *after, uint32_t disabled, struct judgement *ret)
{
	struct view v = { .e = e, .item = item };

	*ret = (struct judgement){ 0 };
	words_of_call(e->name, &v.call);
	words_of_type(item->type, &v.type);
	v.noun = disabled & BIT(EVIDENCE_NOUN) ? NOUN_PART
					       : words_match_noun(&v.call, &v.type);
	v.service = disabled & BIT(EVIDENCE_SERVICE) ||
		    words_match_service(e->source, &v.type);
	if (disabled & BIT(EVIDENCE_VERB))
		v.call.verb = VERB_CHANGES;
	naming_of(e, &v.call, item, &v.type, before, before ? before : after,
		  &ret->naming);
	ret->naming.evidence &= ~disabled;
	ret->part = part_of(&v, &ret->naming, before, after);
	if (ret->part == PART_SIDE && (disabled & BIT(EVIDENCE_PARENT)))
		ret->part = PART_BYSTANDER;
	ret->on_it = ret->part >= PART_OBJECT ||
		     (ret->part == PART_SUB && is_made_under(&ret->naming)) ||
		     (ret->part == PART_BYSTANDER && is_on(&v, &ret->naming));
	ret->makes = v.call.verb == VERB_MAKES;
	ret->changes = v.call.verb == VERB_CHANGES;
	ret->tags = v.call.tags;
	/* To start a thing itself changes it: StartNotebookInstance, but not StartBuild. */
	ret->inert = v.call.verb == VERB_INERT &&
		     !(str_starts(e->name, "Start") && v.noun == NOUN_EXACT);
	ret->evidence = ret->naming.evidence;
	if (v.service)
		ret->evidence |= BIT(EVIDENCE_SERVICE) & ~disabled;
	if (v.noun != NOUN_OTHER)
		ret->evidence |= BIT(EVIDENCE_NOUN) & ~disabled;
	if (ret->part == PART_MAKER || ret->part == PART_REMOVER)
		ret->evidence |= BIT(EVIDENCE_VERB) & ~disabled;
	if (ret->part == PART_SIDE)
		ret->evidence |= BIT(EVIDENCE_PARENT) & ~disabled;
}
