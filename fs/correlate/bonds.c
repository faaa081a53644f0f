/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bonds: calls that name neither the resource nor anything its states hold, only an id that an
 * earlier call on the resource was given.
 *
 * AssociateRouteTable names a subnet and answers with an associationId; DisassociateRouteTable
 * names that id alone. CreateNatGateway names an address and a subnet; DeleteNatGateway names the
 * gateway. What the later call takes away is what the earlier one set.
 */
#include <errno.h>

#include "words.h"
#include "work.h"

static bool gives_ids(struct str name)
{
	return str_starts(name, "Associate") || str_starts(name, "Attach") ||
	       str_is(name, "CreateNatGateway");
}

/* Is an id under this member one that a call is given? */
static bool is_given(struct str key)
{
	return str_ends(key, "ssociationId") || str_ends(key, "ttachmentId") ||
	       str_ends(key, "atGatewayId");
}

static size_t find_given(const struct jv *v, struct str *ids, size_t n, size_t max)
{
	if (v && v->type == JV_ARRAY)
		for (uint32_t i = 0; i < v->len; i++)
			n = find_given(&v->items[i], ids, n, max);
	if (!v || v->type != JV_OBJECT)
		return n;
	for (uint32_t i = 0; i < v->len; i++) {
		struct str key = jv_str(&v->members[i].key);
		const struct jv *value = &v->members[i].value;

		if (value->type != JV_STRING)
			n = find_given(value, ids, n, max);
		else if (n < max && is_given(key))
			ids[n++] = jv_str(value);
	}
	return n;
}

size_t correlate_given_ids(const struct event *e, struct str *ids, size_t max)
{
	if (e->failed || e->read_only || !gives_ids(e->name))
		return 0;
	return find_given(e->response, ids, 0, max);
}

static bool names_given(const struct jv *v)
{
	struct str text = jv_str(v);

	if (!v)
		return false;
	if (v->type == JV_STRING)
		return str_starts(text, "nat-") ||
		       (text.n && (memmem(text.p, text.n, "assoc", 5) ||
				   memmem(text.p, text.n, "attach", 6)));
	if (v->type == JV_ARRAY)
		for (uint32_t i = 0; i < v->len; i++)
			if (names_given(&v->items[i]))
				return true;
	if (v->type == JV_OBJECT)
		for (uint32_t i = 0; i < v->len; i++)
			if (is_given(jv_str(&v->members[i].key)) ||
			    names_given(&v->members[i].value))
				return true;
	return false;
}

bool correlate_takes_back(const struct event *e)
{
	return !e->failed && words_take_off(e->name) && names_given(e->request);
}

static int add_bond(struct work *w, struct str id, const struct event *e, size_t event,
		    size_t *cap)
{
	if (w->n_bonds == *cap) {
		size_t more = *cap ? 2 * *cap : 16;
		struct bond *grown = arena_alloc(w->arena, more * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		if (w->n_bonds)
			memcpy(grown, w->bonds, w->n_bonds * sizeof(*grown));
		w->bonds = grown;
		*cap = more;
	}
	id = arena_str(w->arena, id);
	w->bonds[w->n_bonds++] = (struct bond){ id, event, e->time_ms };
	return id.p ? 0 : -ENOMEM;
}

int bonds_make(struct work *w)
{
	struct str ids[CORRELATE_GIVEN_MAX];
	size_t cap = 0;

	for (size_t i = 0; !w->in->none_given && i < w->in->n_events; i++) {
		const struct event *e = work_event(w, i);
		size_t n = correlate_given_ids(e, ids, ARRAY_SIZE(ids));
		int r = w->error;

		for (size_t k = 0; !r && k < n; k++)
			r = add_bond(w, ids[k], e, i, &cap);
		if (r)
			return r;
	}
	return 0;
}

static const struct bond *bond_named(const struct work *w, const struct jv *v)
{
	const struct bond *found = NULL;

	if (v && v->type == JV_STRING)
		for (size_t i = 0; i < w->n_bonds; i++)
			if (str_eq(w->bonds[i].id, jv_str(v)))
				return &w->bonds[i];
	if (v && v->type == JV_ARRAY)
		for (uint32_t i = 0; i < v->len && !found; i++)
			found = bond_named(w, &v->items[i]);
	if (v && v->type == JV_OBJECT)
		for (uint32_t i = 0; i < v->len && !found; i++)
			found = bond_named(w, &v->members[i].value);
	return found;
}

size_t bond_of(const struct work *w, const struct event *e)
{
	const struct bond *b;

	if (!w->n_bonds || e->failed || !words_take_off(e->name) ||
	    w->in->disabled_evidence & BIT(EVIDENCE_OWNED_ID))
		return NO_EVENT;
	b = bond_named(w, e->request);
	return b && b->time_ms <= e->time_ms ? b->event : NO_EVENT;
}

/* Does the change take an interface or an association away, as the end of a gateway does? */
bool bond_is_lost(const struct change *change)
{
	for (size_t i = 0; i < change->diff.n; i++) {
		const struct json_diff_entry *d = &change->diff.entries[i];

		if (d->previous && (str_ends(d->pointer, "ssociationId") ||
				    str_is(jv_get_text(d->previous, "resourceType"),
					   "AWS::EC2::NetworkInterface")))
			return true;
		if (change->type == CHANGE_DELETE && d->previous &&
		    jv_get(d->previous, "association"))
			return true;
	}
	return false;
}
