//! The types of a spec as types: what generated code calls a value's reading and writing by.
//!
//! Two types of a spec can be one in Rust (`integer` and `int64` are both `i64`, and cross differently), so a value's
//! Rust type does not say how it crosses. `List<Maybe<Integer>>` does.

use crate::json::{self, Json, JsonError};
use crate::timestamp::Timestamp;
use crate::value::Value;
use crate::wire::{self, Sink, Source, Wire, WireError};
use std::collections::BTreeMap;
use std::marker::PhantomData;

/// How values of one type of a spec cross the border, positionally and as JSON.
pub trait Codec {
    type Value;

    fn read<R: Source>(source: &mut R) -> Result<Self::Value, WireError>;
    fn write<W: Sink>(value: &Self::Value, sink: &mut W);
    fn from_json(value: &Value) -> Result<Self::Value, JsonError>;
    fn to_json(value: &Self::Value) -> Value;

    /// Reads what may be absent.
    fn read_optional<R: Source>(source: &mut R) -> Result<Option<Self::Value>, WireError> {
        wire::read_option(source, Self::read)
    }

    /// Writes what may be absent.
    fn write_optional<W: Sink>(value: &Option<Self::Value>, sink: &mut W) {
        wire::write_option(sink, value, |sink, value| Self::write(value, sink));
    }

    /// A field that must be there.
    fn field(object: &Value, name: &str) -> Result<Self::Value, JsonError> {
        json::read_field(object, name, Self::from_json)
    }

    /// A field that may be absent.
    fn optional_field(object: &Value, name: &str) -> Result<Option<Self::Value>, JsonError> {
        json::read_optional(object, name, Self::from_json)
    }

    /// A field that has a default; `default` is its JSON text, from the spec.
    fn field_or(object: &Value, name: &str, default: &str) -> Result<Self::Value, JsonError> {
        json::read_default(object, name, default, Self::from_json)
    }

    /// Adds a field to an object.
    fn put(object: &mut Vec<(String, Value)>, name: &str, value: &Self::Value) {
        object.push((name.to_string(), Self::to_json(value)));
    }

    /// Adds a field to an object, if there is a value.
    fn put_optional(object: &mut Vec<(String, Value)>, name: &str, value: &Option<Self::Value>) {
        if let Some(value) = value {
            Self::put(object, name, value);
        }
    }
}

macro_rules! primitive {
    ($(#[$doc:meta])* $name:ident, $value:ty, $wire:ident, by value, $read:ident, $write:ident) => {
        primitive!($(#[$doc])* $name, $value, $read, $write, |source| source.$wire(), |value, sink| sink.$wire(*value));
    };
    ($(#[$doc:meta])* $name:ident, $value:ty, $wire:ident, by reference, $read:ident, $write:ident) => {
        primitive!($(#[$doc])* $name, $value, $read, $write, |source| source.$wire(), |value, sink| sink.$wire(value));
    };
    ($(#[$doc:meta])* $name:ident, $value:ty, $read:ident, $write:ident,
        |$source:ident| $from:expr, |$given:ident, $sink:ident| $to:expr) => {
        $(#[$doc])*
        pub struct $name;

        impl Codec for $name {
            type Value = $value;

            fn read<R: Source>($source: &mut R) -> Result<Self::Value, WireError> {
                $from
            }

            fn write<W: Sink>($given: &Self::Value, $sink: &mut W) {
                $to
            }

            fn from_json(value: &Value) -> Result<Self::Value, JsonError> {
                json::$read(value)
            }

            fn to_json(value: &Self::Value) -> Value {
                json::$write(value)
            }
        }
    };
}

primitive!(/// `string`
    Text, String, string, by reference, read_string, write_string);
primitive!(/// `boolean`
    Boolean, bool, boolean, by value, read_boolean, write_boolean);
primitive!(/// `number`
    Number, f64, number, by value, read_number, write_number);
primitive!(/// `integer`
    Integer, i64, integer, by value, read_integer, write_integer);
primitive!(/// `int32`
    Int32, i32, int32, by value, read_int32, write_int32);
primitive!(/// `uint32`
    Uint32, u32, uint32, by value, read_uint32, write_uint32);
primitive!(/// `int64`
    Int64, i64, int64, by value, read_int64, write_int64);
primitive!(/// `uint64`
    Uint64, u64, uint64, by value, read_uint64, write_uint64);
primitive!(/// `bytes`
    Bytes, Vec<u8>, bytes, by reference, read_bytes, write_bytes);
primitive!(/// `timestamp`
    Time, Timestamp, timestamp, by value, read_timestamp, write_timestamp);
primitive!(/// `json`
    Any, Value, json, by reference, read_json, write_json);

/// `T[]`
pub struct List<C>(PhantomData<C>);

impl<C: Codec> Codec for List<C> {
    type Value = Vec<C::Value>;

    fn read<R: Source>(source: &mut R) -> Result<Self::Value, WireError> {
        wire::read_array(source, C::read)
    }

    fn write<W: Sink>(value: &Self::Value, sink: &mut W) {
        wire::write_array(sink, value, |sink, item| C::write(item, sink));
    }

    fn from_json(value: &Value) -> Result<Self::Value, JsonError> {
        json::read_array(value, C::from_json)
    }

    fn to_json(value: &Self::Value) -> Value {
        json::write_array(value, C::to_json)
    }
}

/// `Record<string, T>`
pub struct Map<C>(PhantomData<C>);

impl<C: Codec> Codec for Map<C> {
    type Value = BTreeMap<String, C::Value>;

    fn read<R: Source>(source: &mut R) -> Result<Self::Value, WireError> {
        wire::read_record(source, C::read)
    }

    fn write<W: Sink>(value: &Self::Value, sink: &mut W) {
        wire::write_record(sink, value, |sink, item| C::write(item, sink));
    }

    fn from_json(value: &Value) -> Result<Self::Value, JsonError> {
        json::read_record(value, C::from_json)
    }

    fn to_json(value: &Self::Value) -> Value {
        json::write_record(value, C::to_json)
    }
}

/// `T | null`
pub struct Maybe<C>(PhantomData<C>);

impl<C: Codec> Codec for Maybe<C> {
    type Value = Option<C::Value>;

    fn read<R: Source>(source: &mut R) -> Result<Self::Value, WireError> {
        C::read_optional(source)
    }

    fn write<W: Sink>(value: &Self::Value, sink: &mut W) {
        C::write_optional(value, sink);
    }

    fn from_json(value: &Value) -> Result<Self::Value, JsonError> {
        json::read_nullable(value, C::from_json)
    }

    fn to_json(value: &Self::Value) -> Value {
        json::write_nullable(value, C::to_json)
    }
}

/// A type that contains itself has no size without a box on the way.
pub struct Boxed<C>(PhantomData<C>);

impl<C: Codec> Codec for Boxed<C> {
    type Value = Box<C::Value>;

    fn read<R: Source>(source: &mut R) -> Result<Self::Value, WireError> {
        C::read(source).map(Box::new)
    }

    fn write<W: Sink>(value: &Self::Value, sink: &mut W) {
        C::write(value, sink);
    }

    fn from_json(value: &Value) -> Result<Self::Value, JsonError> {
        C::from_json(value).map(Box::new)
    }

    fn to_json(value: &Self::Value) -> Value {
        C::to_json(value)
    }
}

/// A type that the spec declares.
pub struct Own<T>(PhantomData<T>);

impl<T: Wire + Json> Codec for Own<T> {
    type Value = T;

    fn read<R: Source>(source: &mut R) -> Result<T, WireError> {
        T::read(source)
    }

    fn write<W: Sink>(value: &T, sink: &mut W) {
        value.write(sink);
    }

    fn from_json(value: &Value) -> Result<T, JsonError> {
        T::from_json(value)
    }

    fn to_json(value: &T) -> Value {
        value.to_json()
    }
}

/// Reads one of an enum's values.
pub fn one_of<T: Copy>(
    value: &Value,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, JsonError> {
    let text = json::read_str(value)?;
    all.iter()
        .copied()
        .find(|item| name(*item) == text)
        .ok_or_else(|| {
            let names: Vec<String> = all
                .iter()
                .map(|item| json::write_string(name(*item)).to_string())
                .collect();
            JsonError::expected(&names.join(" or "))
        })
}

/// The error for a discriminator that names none of the variants.
pub fn unknown_tag(discriminator: &str, variants: &[&str]) -> JsonError {
    let names: Vec<String> = variants
        .iter()
        .map(|name| json::write_string(*name).to_string())
        .collect();
    JsonError::expected(&names.join(" or ")).within(discriminator)
}

/// Completes the fields of a variant with its name.
pub fn tagged(discriminator: &str, tag: &str, fields: Vec<(String, Value)>) -> Value {
    let mut object = Vec::with_capacity(fields.len() + 1);
    object.push((discriminator.to_string(), json::write_string(tag)));
    object.extend(fields);
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use super::{Any, Bytes, Codec, Int64, Integer, List, Map, Maybe, Text};
    use crate::wire::{BinarySink, BinarySource};
    use crate::Value;

    type Nested = Map<List<Maybe<Integer>>>;

    #[test]
    fn brings_nested_values_back_both_ways() {
        let mut value = std::collections::BTreeMap::new();
        value.insert("a".to_string(), vec![Some(1), None, Some(-2)]);
        value.insert("\u{1f600}".to_string(), Vec::new());
        let mut sink = BinarySink::default();
        Nested::write(&value, &mut sink);
        let bytes = sink.into_bytes();
        assert_eq!(
            Nested::read(&mut BinarySource::new(&bytes)),
            Ok(value.clone())
        );
        assert_eq!(Nested::from_json(&Nested::to_json(&value)), Ok(value));
    }

    #[test]
    fn tells_integer_and_int64_apart() {
        assert_eq!(Integer::to_json(&7), Value::Number(7.0));
        assert_eq!(Int64::to_json(&7), Value::String("7".to_string()));
        assert!(Int64::from_json(&Value::Number(7.0)).is_err());
    }

    #[test]
    fn absent_and_null_are_two_things() {
        let object = Value::object([("there", Value::Null)]);
        assert_eq!(
            Maybe::<Text>::optional_field(&object, "there"),
            Ok(Some(None))
        );
        assert_eq!(Maybe::<Text>::optional_field(&object, "gone"), Ok(None));
        assert!(Maybe::<Text>::field(&object, "gone").is_err());
        assert_eq!(
            Text::field_or(&object, "gone", "\"x\""),
            Ok("x".to_string())
        );
    }

    #[test]
    fn says_where_a_value_does_not_fit() {
        let object = Value::object([("a", Value::Array(vec![Value::Number(1.5)]))]);
        let error = List::<Integer>::field(&object, "a").unwrap_err();
        assert_eq!(error.to_string(), "expected a safe integer at $.a[0]");
        let mut fields = Vec::new();
        Any::put(&mut fields, "x", &Value::Null);
        Bytes::put_optional(&mut fields, "y", &None);
        assert_eq!(Value::Object(fields), Value::object([("x", Value::Null)]));
    }
}
