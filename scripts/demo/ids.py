# SPDX-License-Identifier: Apache-2.0
"""Identifiers, addresses and times, in the forms AWS writes them; all from a seeded generator."""

import random
import time

BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
ALNUM = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Rng(random.Random):
    """A seeded generator that also makes identifiers."""

    def hex(self, digits):
        return '%0*x' % (digits, self.getrandbits(4 * digits))

    def ec2(self, prefix):
        """`sg-0a1b…`: seventeen digits, the first a zero, as in ids of these years."""
        return '%s-0%016x' % (prefix, self.getrandbits(64))

    def uuid(self):
        text = '%032x' % self.getrandbits(128)
        return '%s-%s-4%s-%s%s-%s' % (text[:8], text[8:12], text[13:16],
                                      '89ab'[int(text[16], 16) & 3], text[17:20], text[20:])

    def unique(self, prefix):
        """`AROA…`, `AKIA…`: a four-letter prefix and seventeen or sixteen of base 32."""
        count = 16 if prefix in ('AKIA', 'ASIA') else 17
        return prefix + ''.join(self.choices(BASE32, k=count))

    def word(self, count):
        return ''.join(self.choices(ALNUM, k=count))

    def upper(self, count):
        return ''.join(self.choices(BASE32, k=count))


def iso_s(ms):
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(ms // 1000))


def iso_ms(ms):
    return '%s.%03dZ' % (time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(ms // 1000)), ms % 1000)


def iso_000(ms):
    """The style of creation times: milliseconds written, but always nought."""
    return time.strftime('%Y-%m-%dT%H:%M:%S.000Z', time.gmtime(ms // 1000))


def basic(ms):
    return time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(ms // 1000))


def basic_minute(ms):
    return time.strftime('%Y%m%dT%H%MZ', time.gmtime(ms // 1000))


def java(ms):
    """`Jul 9, 2024 1:05:09 PM`: how IAM, RDS and CloudFormation answers write a time."""
    parts = time.gmtime(ms // 1000)
    return '%s %d, %d %d:%02d:%02d %s' % (
        ('Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov',
         'Dec')[parts.tm_mon - 1], parts.tm_mday, parts.tm_year, parts.tm_hour % 12 or 12,
        parts.tm_min, parts.tm_sec, 'AM' if parts.tm_hour < 12 else 'PM')


def tree_path(account, region, rtype, rid):
    """The resource's directory in the mounted tree (escaping as the tree's own rules have it)."""
    out = []
    for char in rid:
        if char in '/%' or ord(char) < 32 or ord(char) == 127:
            out.append('%%%02X' % ord(char))
        else:
            out.append(char)
    name = ''.join(out)
    if name.startswith('.'):
        name = '%2E' + name[1:]
    return 'resources/%s/%s/%s/%s' % (
        account, region, '/'.join(part or '%' for part in rtype.split('::')), name)


def state_name(ms):
    """The name of a state's file in the mounted tree."""
    return '%s.%03dZ.json' % (time.strftime('%Y-%m-%dT%H%M%S', time.gmtime(ms // 1000)), ms % 1000)
