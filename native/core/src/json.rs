//! JSON: text to [`Value`], and between values and the types of a spec.
//!
//! The functions that read take a `&Value`, those that write take a reference, so that they can be handed to one
//! another: `json::read_array(value, json::read_string)`, `json::write_array(&self.tags, json::write_string)`.

mod parse;

use crate::base64;
use crate::timestamp::Timestamp;
use crate::value::Value;
use crate::wire::MAX_SAFE_INTEGER;
use std::collections::BTreeMap;
use std::fmt;

pub use parse::{parse, parse_within, Limits};

/// A value is not what was expected, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    path: String,
    message: String,
}

impl JsonError {
    pub fn new(message: impl Into<String>) -> Self {
        JsonError {
            path: String::new(),
            message: message.into(),
        }
    }

    pub fn expected(what: &str) -> Self {
        JsonError::new(format!("expected {what}"))
    }

    /// The same error, one step further out: in the field of this name.
    pub fn within(mut self, field: &str) -> Self {
        self.path = format!(".{field}{}", self.path);
        self
    }

    /// The same error, one step further out: in the item of this number.
    pub fn within_item(mut self, item: usize) -> Self {
        self.path = format!("[{item}]{}", self.path);
        self
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            formatter.write_str(&self.message)
        } else {
            write!(formatter, "{} at ${}", self.message, self.path)
        }
    }
}

impl std::error::Error for JsonError {}

/// What has a JSON form: the encoded side of its schema.
pub trait Json: Sized {
    fn from_json(value: &Value) -> Result<Self, JsonError>;
    fn to_json(&self) -> Value;
}

impl<T: Json> Json for Box<T> {
    fn from_json(value: &Value) -> Result<Self, JsonError> {
        T::from_json(value).map(Box::new)
    }

    fn to_json(&self) -> Value {
        T::to_json(self)
    }
}

pub fn read_string(value: &Value) -> Result<String, JsonError> {
    read_str(value).map(String::from)
}

/// Reads a string without copying it; enums compare it.
pub fn read_str(value: &Value) -> Result<&str, JsonError> {
    value
        .as_str()
        .ok_or_else(|| JsonError::expected("a string"))
}

pub fn read_boolean(value: &Value) -> Result<bool, JsonError> {
    value
        .as_bool()
        .ok_or_else(|| JsonError::expected("a boolean"))
}

pub fn read_number(value: &Value) -> Result<f64, JsonError> {
    value
        .as_f64()
        .filter(|number| number.is_finite())
        .ok_or_else(|| JsonError::expected("a number"))
}

pub fn read_integer(value: &Value) -> Result<i64, JsonError> {
    read_whole(value, -MAX_SAFE_INTEGER, MAX_SAFE_INTEGER, "a safe integer")
}

pub fn read_int32(value: &Value) -> Result<i32, JsonError> {
    Ok(read_whole(value, f64::from(i32::MIN), f64::from(i32::MAX), "an int32")? as i32)
}

pub fn read_uint32(value: &Value) -> Result<u32, JsonError> {
    Ok(read_whole(value, 0.0, f64::from(u32::MAX), "a uint32")? as u32)
}

pub fn read_int64(value: &Value) -> Result<i64, JsonError> {
    read_decimal(value, "an int64 as a string of digits")
}

pub fn read_uint64(value: &Value) -> Result<u64, JsonError> {
    read_decimal(value, "a uint64 as a string of digits")
}

pub fn read_bytes(value: &Value) -> Result<Vec<u8>, JsonError> {
    base64::decode(read_str(value)?).ok_or_else(|| JsonError::expected("bytes in base64"))
}

pub fn read_timestamp(value: &Value) -> Result<Timestamp, JsonError> {
    Timestamp::parse(read_str(value)?)
        .ok_or_else(|| JsonError::expected("a time such as \"2026-11-21T10:00:00.000Z\""))
}

pub fn read_json(value: &Value) -> Result<Value, JsonError> {
    Ok(value.clone())
}

pub fn read_array<T>(
    value: &Value,
    read: impl Fn(&Value) -> Result<T, JsonError>,
) -> Result<Vec<T>, JsonError> {
    let items = value
        .as_array()
        .ok_or_else(|| JsonError::expected("an array"))?;
    items
        .iter()
        .enumerate()
        .map(|(at, item)| read(item).map_err(|error| error.within_item(at)))
        .collect()
}

pub fn read_record<T>(
    value: &Value,
    read: impl Fn(&Value) -> Result<T, JsonError>,
) -> Result<BTreeMap<String, T>, JsonError> {
    read_object(value)?
        .iter()
        .map(|(key, item)| match read(item) {
            Ok(item) => Ok((key.clone(), item)),
            Err(error) => Err(error.within(key)),
        })
        .collect()
}

/// `null` is `None`.
pub fn read_nullable<T>(
    value: &Value,
    read: impl FnOnce(&Value) -> Result<T, JsonError>,
) -> Result<Option<T>, JsonError> {
    match value {
        Value::Null => Ok(None),
        _ => read(value).map(Some),
    }
}

pub fn read_object(value: &Value) -> Result<&[(String, Value)], JsonError> {
    value
        .as_object()
        .ok_or_else(|| JsonError::expected("an object"))
}

/// The field that tells the variants of a union apart.
pub fn read_tag<'a>(object: &'a Value, discriminator: &str) -> Result<&'a str, JsonError> {
    read_object(object)?;
    let tag = object
        .get(discriminator)
        .ok_or_else(|| JsonError::expected("a value").within(discriminator))?;
    read_str(tag).map_err(|error| error.within(discriminator))
}

/// A field that must be there.
pub fn read_field<T>(
    object: &Value,
    name: &str,
    read: impl FnOnce(&Value) -> Result<T, JsonError>,
) -> Result<T, JsonError> {
    match read_optional(object, name, read)? {
        Some(value) => Ok(value),
        None => Err(JsonError::expected("a value").within(name)),
    }
}

/// A field that may be absent.
pub fn read_optional<T>(
    object: &Value,
    name: &str,
    read: impl FnOnce(&Value) -> Result<T, JsonError>,
) -> Result<Option<T>, JsonError> {
    read_object(object)?;
    match object.get(name) {
        None => Ok(None),
        Some(value) => match read(value) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(error.within(name)),
        },
    }
}

/// A field that has a default; `default` is its JSON text, from the spec.
pub fn read_default<T>(
    object: &Value,
    name: &str,
    default: &str,
    read: impl Fn(&Value) -> Result<T, JsonError>,
) -> Result<T, JsonError> {
    match read_optional(object, name, &read)? {
        Some(value) => Ok(value),
        None => parse(default).and_then(|value| read(&value)),
    }
}

pub fn write_string<S: AsRef<str> + ?Sized>(value: &S) -> Value {
    Value::String(value.as_ref().to_string())
}

pub fn write_boolean(value: &bool) -> Value {
    Value::Bool(*value)
}

pub fn write_number(value: &f64) -> Value {
    Value::Number(*value)
}

pub fn write_integer(value: &i64) -> Value {
    Value::Number(*value as f64)
}

pub fn write_int32(value: &i32) -> Value {
    Value::Number(f64::from(*value))
}

pub fn write_uint32(value: &u32) -> Value {
    Value::Number(f64::from(*value))
}

pub fn write_int64(value: &i64) -> Value {
    Value::String(value.to_string())
}

pub fn write_uint64(value: &u64) -> Value {
    Value::String(value.to_string())
}

pub fn write_bytes<B: AsRef<[u8]> + ?Sized>(value: &B) -> Value {
    Value::String(base64::encode(value.as_ref()))
}

pub fn write_timestamp(value: &Timestamp) -> Value {
    Value::String(value.to_string())
}

pub fn write_json(value: &Value) -> Value {
    value.clone()
}

pub fn write_array<T>(items: &[T], write: impl Fn(&T) -> Value) -> Value {
    Value::Array(items.iter().map(write).collect())
}

pub fn write_record<T>(entries: &BTreeMap<String, T>, write: impl Fn(&T) -> Value) -> Value {
    Value::Object(
        entries
            .iter()
            .map(|(key, value)| (key.clone(), write(value)))
            .collect(),
    )
}

/// `None` is `null`.
pub fn write_nullable<T>(value: &Option<T>, write: impl FnOnce(&T) -> Value) -> Value {
    match value {
        Some(value) => write(value),
        None => Value::Null,
    }
}

/// Builds an object field by field.
#[derive(Default)]
pub struct ObjectWriter {
    fields: Vec<(String, Value)>,
}

impl ObjectWriter {
    pub fn with_capacity(fields: usize) -> Self {
        ObjectWriter {
            fields: Vec::with_capacity(fields),
        }
    }

    pub fn field(&mut self, name: &str, value: Value) {
        self.fields.push((name.to_string(), value));
    }

    /// Leaves the key out when there is no value.
    pub fn optional<T>(&mut self, name: &str, value: &Option<T>, write: impl FnOnce(&T) -> Value) {
        if let Some(value) = value {
            self.field(name, write(value));
        }
    }

    pub fn finish(self) -> Value {
        Value::Object(self.fields)
    }
}

fn read_whole(value: &Value, minimum: f64, maximum: f64, what: &str) -> Result<i64, JsonError> {
    match value.as_f64() {
        Some(number) if number >= minimum && number <= maximum && number.trunc() == number => {
            Ok(number as i64)
        }
        _ => Err(JsonError::expected(what)),
    }
}

/// Canonical decimal digits only: what reads back as the same text.
fn read_decimal<T: std::str::FromStr + ToString>(
    value: &Value,
    what: &str,
) -> Result<T, JsonError> {
    let text = read_str(value)?;
    text.parse::<T>()
        .ok()
        .filter(|number| number.to_string() == text)
        .ok_or_else(|| JsonError::expected(what))
}
