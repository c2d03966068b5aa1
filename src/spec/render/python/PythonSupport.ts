/**
 * The Python that generated Python relies on: how values of a spec's types are read from JSON and written to it.
 *
 * @since 0.1.0
 */

/**
 * The module `_opbus.py`; plain Python 3.9, nothing to install.
 *
 * @category constants
 * @since 0.1.0
 */
export const source = String.raw`"""How values of a spec's types are read from JSON and written to it."""

import base64
import binascii
import math
import re
import typing

MAX_DEPTH = 512
JSON_DEPTH = 128


class Invalid(ValueError):
    """A value is not of its type; says where and why, and never the value."""

    def __init__(self, message: str, path: str = "$"):
        super().__init__(message)
        self.message = message
        self.path = path

    def within(self, step: str) -> "Invalid":
        return Invalid(self.message, "$" + step + self.path[1:])

    def __str__(self) -> str:
        return self.message if self.path == "$" else self.message + " at " + self.path


class _Absent:
    """The value of an optional field that is not there."""

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False

    def __copy__(self) -> "_Absent":
        return self

    def __deepcopy__(self, _memo: typing.Any) -> "_Absent":
        return self


ABSENT: typing.Any = _Absent()


class Timestamp(int):
    """Milliseconds since 1970 in UTC, in the years 0000 to 9999; "datetime" knows no year 0."""

    MIN = -62167219200000
    MAX = 253402300799999

    @staticmethod
    def parse(text: str) -> "Timestamp":
        found = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{3})Z", text)
        if found is None:
            raise Invalid('expected a time such as "2026-11-21T10:00:00.000Z"')
        year, month, day, hour, minute, second, milli = (int(part) for part in found.groups())
        days = _days(year, month, day)
        if _date(days) != (year, month, day) or hour > 23 or minute > 59 or second > 59:
            raise Invalid('expected a time such as "2026-11-21T10:00:00.000Z"')
        return Timestamp(days * 86400000 + ((hour * 60 + minute) * 60 + second) * 1000 + milli)

    def isoformat(self) -> str:
        days, millis = divmod(int(self), 86400000)
        seconds, milli = divmod(millis, 1000)
        return "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ" % (
            *_date(days),
            seconds // 3600,
            seconds // 60 % 60,
            seconds % 60,
            milli,
        )


def _days(year: int, month: int, day: int) -> int:
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def _date(days: int) -> typing.Tuple[int, int, int]:
    era, of_era = divmod(days + 719468, 146097)
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return era * 400 + year + (month <= 2), month, of_year - (153 * shifted + 2) // 5 + 1


class Codec:
    """Reads a value from JSON, as "json.loads" gives it, and writes it, as "json.dumps" takes it."""

    def read(self, value: typing.Any, depth: int = 0) -> typing.Any:
        raise NotImplementedError

    def write(self, value: typing.Any) -> typing.Any:
        raise NotImplementedError


def _string(value: typing.Any) -> str:
    if not isinstance(value, str):
        raise Invalid("expected a string")
    if any(0xD800 <= ord(char) <= 0xDFFF for char in value):
        raise Invalid("expected a string of whole Unicode characters")
    return value


class _Text(Codec):
    def read(self, value: typing.Any, depth: int = 0) -> str:
        return _string(value)

    write = read  # type: ignore[assignment]


class _Boolean(Codec):
    def read(self, value: typing.Any, depth: int = 0) -> bool:
        if not isinstance(value, bool):
            raise Invalid("expected a boolean")
        return value

    write = read  # type: ignore[assignment]


class _Number(Codec):
    def read(self, value: typing.Any, depth: int = 0) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise Invalid("expected a number")
        try:
            number = float(value)
        except OverflowError:
            raise Invalid("expected a finite number") from None
        if not math.isfinite(number):
            raise Invalid("expected a finite number")
        return number

    def write(self, value: typing.Any) -> typing.Any:
        number = self.read(value)
        return int(number) if number.is_integer() and abs(number) < 2**53 else number


class _Integer(Codec):
    def __init__(self, minimum: int, maximum: int, what: str):
        self.minimum, self.maximum, self.what = minimum, maximum, what

    def check(self, value: typing.Any) -> int:
        whole = isinstance(value, int) or isinstance(value, float) and value.is_integer()
        if isinstance(value, bool) or not whole or not self.minimum <= value <= self.maximum:
            raise Invalid("expected " + self.what)
        return int(value)

    def read(self, value: typing.Any, depth: int = 0) -> int:
        return self.check(value)

    def write(self, value: typing.Any) -> typing.Any:
        return self.check(value)


class _Digits(_Integer):
    def read(self, value: typing.Any, depth: int = 0) -> int:
        if not isinstance(value, str) or re.fullmatch("0|-?[1-9][0-9]{0,19}", value) is None:
            raise Invalid("expected " + self.what + " as a string of digits")
        return self.check(int(value))

    def write(self, value: typing.Any) -> str:
        return str(self.check(value))


class _Bytes(Codec):
    def read(self, value: typing.Any, depth: int = 0) -> bytes:
        try:
            decoded = base64.b64decode(_string(value), validate=True)
        except (binascii.Error, ValueError):
            raise Invalid("expected bytes in base64") from None
        if base64.b64encode(decoded).decode("ascii") != value:
            raise Invalid("expected bytes in base64")
        return decoded

    def write(self, value: typing.Any) -> str:
        if not isinstance(value, (bytes, bytearray)):
            raise Invalid("expected bytes")
        return base64.b64encode(value).decode("ascii")


class _Time(Codec):
    def read(self, value: typing.Any, depth: int = 0) -> Timestamp:
        return Timestamp.parse(_string(value))

    def write(self, value: typing.Any) -> str:
        if isinstance(value, bool) or not isinstance(value, int) or not Timestamp.MIN <= value <= Timestamp.MAX:
            raise Invalid("expected a time in the years 0000 to 9999")
        return Timestamp(value).isoformat()


class _Json(Codec):
    def read(self, value: typing.Any, depth: int = 0) -> typing.Any:
        self.check(value, JSON_DEPTH)
        return value

    write = read  # type: ignore[assignment]

    def check(self, value: typing.Any, depth: int) -> None:
        if isinstance(value, str):
            _string(value)
        elif isinstance(value, (list, dict)):
            if depth == 0:
                raise Invalid("expected JSON of at most " + str(JSON_DEPTH) + " levels")
            for key in value if isinstance(value, dict) else ():
                _string(key)
            for item in value.values() if isinstance(value, dict) else value:
                self.check(item, depth - 1)
        elif value is not None and not isinstance(value, bool):
            NUMBER.read(value)


TEXT = _Text()
BOOLEAN = _Boolean()
NUMBER = _Number()
INTEGER = _Integer(-(2**53 - 1), 2**53 - 1, "a safe integer")
INT32 = _Integer(-(2**31), 2**31 - 1, "an int32")
UINT32 = _Integer(0, 2**32 - 1, "a uint32")
INT64 = _Digits(-(2**63), 2**63 - 1, "an int64")
UINT64 = _Digits(0, 2**64 - 1, "a uint64")
BYTES = _Bytes()
TIME = _Time()
JSON = _Json()


class List(Codec):
    def __init__(self, item: Codec):
        self.item = item

    def read(self, value: typing.Any, depth: int = 0) -> typing.Any:
        if not isinstance(value, list):
            raise Invalid("expected an array")
        return [_at("[%d]" % i, self.item.read, item, depth + 1) for i, item in enumerate(value)]

    def write(self, value: typing.Any) -> typing.Any:
        if not isinstance(value, (list, tuple)):
            raise Invalid("expected a list")
        return [_at("[%d]" % i, self.item.write, item) for i, item in enumerate(value)]


class Map(Codec):
    def __init__(self, value: Codec):
        self.value = value

    def read(self, value: typing.Any, depth: int = 0) -> typing.Any:
        if not isinstance(value, dict):
            raise Invalid("expected an object")
        return {_string(key): _at("." + key, self.value.read, item, depth + 1) for key, item in value.items()}

    def write(self, value: typing.Any) -> typing.Any:
        if not isinstance(value, dict):
            raise Invalid("expected a dict")
        return {_string(key): _at("." + key, self.value.write, item) for key, item in value.items()}


class Maybe(Codec):
    def __init__(self, inner: Codec):
        self.inner = inner

    def read(self, value: typing.Any, depth: int = 0) -> typing.Any:
        return None if value is None else self.inner.read(value, depth)

    def write(self, value: typing.Any) -> typing.Any:
        return None if value is None else self.inner.write(value)


class Later(Codec):
    """A codec that is looked up when it is used: types may contain themselves."""

    def __init__(self, find: typing.Callable[[], Codec]):
        self.find = find

    def read(self, value: typing.Any, depth: int = 0) -> typing.Any:
        if depth > MAX_DEPTH:
            raise Invalid("expected at most " + str(MAX_DEPTH) + " levels")
        return self.find().read(value, depth + 1)

    def write(self, value: typing.Any) -> typing.Any:
        return self.find().write(value)


class Checked(Codec):
    """A codec with constraints."""

    def __init__(self, inner: Codec, **limits: typing.Any):
        self.inner = inner
        self.limits = limits

    def read(self, value: typing.Any, depth: int = 0) -> typing.Any:
        return self.check(self.inner.read(value, depth))

    def write(self, value: typing.Any) -> typing.Any:
        written = self.inner.write(value)
        self.check(value)
        return written

    def check(self, value: typing.Any) -> typing.Any:
        if value is None:
            return value
        for name, limit in self.limits.items():
            if not _checks[name](value, limit):
                raise Invalid("expected " + _expected[name].format(limit))
        return value


def _length(value: str) -> int:
    """In UTF-16 units, as JavaScript counts."""
    return len(value.encode("utf-16-le")) // 2


_checks: typing.Dict[str, typing.Callable[[typing.Any, typing.Any], bool]] = {
    "minimum": lambda value, limit: value >= limit,
    "maximum": lambda value, limit: value <= limit,
    "exclusive_minimum": lambda value, limit: value > limit,
    "exclusive_maximum": lambda value, limit: value < limit,
    "min_length": lambda value, limit: _length(value) >= limit,
    "max_length": lambda value, limit: _length(value) <= limit,
    "pattern": lambda value, limit: re.search(limit, value, re.ASCII) is not None,
    "min_items": lambda value, limit: len(value) >= limit,
    "max_items": lambda value, limit: len(value) <= limit,
}

_expected = {
    "minimum": "{} or more",
    "maximum": "{} or less",
    "exclusive_minimum": "more than {}",
    "exclusive_maximum": "less than {}",
    "min_length": "{} characters or more",
    "max_length": "{} characters or fewer",
    "pattern": "a string that matches {}",
    "min_items": "{} items or more",
    "max_items": "{} items or fewer",
}


class OneOf(Codec):
    def __init__(self, values: typing.Any):
        self.values = values

    def read(self, value: typing.Any, depth: int = 0) -> typing.Any:
        for item in self.values:
            if item.value == value and isinstance(value, str):
                return item
        raise Invalid("expected one of " + ", ".join(item.value for item in self.values))

    def write(self, value: typing.Any) -> str:
        if not isinstance(value, self.values):
            raise Invalid("expected a " + self.values.__name__)
        return value.value


class Field:
    """A field: its names, its codec, and what stands for it when it is not there."""

    def __init__(self, name: str, key: str, codec: Codec, optional: bool = False, **default: typing.Any):
        self.name, self.key, self.codec, self.optional = name, key, codec, optional
        self.default = default.get("default", ABSENT)


class Struct(Codec):
    """A class with fields; with a tag, the variant of a union or a failure."""

    def __init__(self, made: type, fields: typing.List[Field], tag: typing.Optional[typing.Tuple[str, str]] = None):
        self.made, self.fields, self.tag = made, fields, tag

    def read(self, value: typing.Any, depth: int = 0) -> typing.Any:
        if not isinstance(value, dict):
            raise Invalid("expected an object")
        if self.tag is not None and value.get(self.tag[0]) != self.tag[1]:
            raise Invalid("expected " + self.tag[1]).within("." + self.tag[0])
        found = {}
        for field in self.fields:
            given = value.get(field.key, field.default)
            if given is not ABSENT:
                found[field.name] = _at("." + field.key, field.codec.read, given, depth + 1)
            elif not field.optional:
                raise Invalid("expected a value").within("." + field.key)
        return self.made(**found)

    def write(self, value: typing.Any) -> typing.Any:
        if not isinstance(value, self.made):
            raise Invalid("expected a " + self.made.__name__)
        written = {} if self.tag is None else {self.tag[0]: self.tag[1]}
        for field in self.fields:
            item = getattr(value, field.name)
            if item is not ABSENT:
                written[field.key] = _at("." + field.key, field.codec.write, item)
            elif not field.optional:
                raise Invalid("expected a value").within("." + field.key)
        return written


class Union(Codec):
    def __init__(self, discriminator: str, variants: typing.Dict[str, Struct]):
        self.discriminator, self.variants = discriminator, variants

    def read(self, value: typing.Any, depth: int = 0) -> typing.Any:
        if not isinstance(value, dict):
            raise Invalid("expected an object")
        tag = value.get(self.discriminator)
        variant = self.variants.get(tag) if isinstance(tag, str) else None
        if variant is None:
            raise Invalid("expected one of " + ", ".join(self.variants)).within("." + self.discriminator)
        return variant.read(value, depth)

    def write(self, value: typing.Any) -> typing.Any:
        for variant in self.variants.values():
            if isinstance(value, variant.made):
                return variant.write(value)
        raise Invalid("expected a " + " or ".join(variant.made.__name__ for variant in self.variants.values()))


def _at(step: str, use: typing.Callable[..., typing.Any], *given: typing.Any) -> typing.Any:
    try:
        return use(*given)
    except Invalid as error:
        raise error.within(step) from None
`
