/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinds of files by the marks that they begin with, of what is packed, sent or kept beside
 * deliveries. None of them is read: who imports them is told what they are.
 */
#include "foreign.h"

const char *foreign_kind(struct str head)
{
	static const struct {
		size_t at;
		struct str mark;
		const char *kind;
	} kinds[] = {
		{ 0, STR("PK\3\4"), ", but a zip archive" },
		{ 257, STR("ustar"), ", but a tar archive" },
		{ 0, STR("\x1f\x8b"), ", but gzip within gzip" },
		{ 0, STR("\x28\xb5\x2f\xfd"), ", but packed by zstd" },
		{ 0,
		  STR("\xfd"
		      "7zXZ"),
		  ", but packed by xz" },
		{ 0, STR("BZh"), ", but packed by bzip2" },
		{ 0, STR("PAR1"), ", but Parquet" },
		{ 0, STR("SQLite format 3"), ", but an SQLite database" },
		{ 0, STR("\xff\xfe"), ", but text in UTF-16" },
		{ 0, STR("\xfe\xff"), ", but text in UTF-16" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct str mark = kinds[i].mark;

		if (head.n >= kinds[i].at + mark.n &&
		    !memcmp(head.p + kinds[i].at, mark.p, mark.n))
			return kinds[i].kind;
	}
	return "";
}

bool foreign_is_write_test(struct str head)
{
	static const char text[] = "Permission Check Successful";

	return str_starts(head, text) && head.n <= sizeof(text);
}
