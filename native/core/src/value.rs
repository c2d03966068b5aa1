//! A JSON value, because std has none.

use std::fmt;

/// A JSON value. Objects keep the order of their keys; a key is there once.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Number(f64),
    String(String),
    Array(Vec<Value>),
    Object(Vec<(String, Value)>),
}

impl Value {
    /// An object from pairs.
    pub fn object<K: Into<String>>(fields: impl IntoIterator<Item = (K, Value)>) -> Value {
        Value::Object(
            fields
                .into_iter()
                .map(|(key, value)| (key.into(), value))
                .collect(),
        )
    }

    /// The field of an object.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Object(fields) => fields
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Number(value) => Some(*value),
            _ => None,
        }
    }

    /// A number without a fraction that an `i64` holds exactly.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Number(value)
                if value.trunc() == *value && value.abs() <= crate::wire::MAX_SAFE_INTEGER =>
            {
                Some(*value as i64)
            }
            _ => None,
        }
    }

    /// A number without a fraction that is not negative.
    pub fn as_u64(&self) -> Option<u64> {
        self.as_i64().and_then(|value| u64::try_from(value).ok())
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(value) => Some(value),
            _ => None,
        }
    }

    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    pub fn as_object(&self) -> Option<&[(String, Value)]> {
        match self {
            Value::Object(fields) => Some(fields),
            _ => None,
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::Number(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::String(value.to_string())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::String(value)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Value::Array(items)
    }
}

/// Writes JSON text, as `JSON.stringify` does: no spaces, numbers in JavaScript's notation (`-0` keeps its sign).
impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        write_value(&mut text, self);
        formatter.write_str(&text)
    }
}

fn write_value(text: &mut String, value: &Value) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => write_number(text, *number),
        Value::String(content) => write_string(text, content),
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                write_value(text, item);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            text.push('{');
            for (at, (key, field)) in fields.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                write_string(text, key);
                text.push(':');
                write_value(text, field);
            }
            text.push('}');
        }
    }
}

fn write_number(text: &mut String, number: f64) {
    use fmt::Write;
    let size = number.abs();
    if !number.is_finite() {
        text.push_str("null");
    } else if size != 0.0 && !(1e-6..1e21).contains(&size) {
        // Rust writes the digits and the exponent; JavaScript wants a sign on the exponent.
        let mut scientific = String::new();
        let _ = write!(scientific, "{number:e}");
        match scientific.find('e') {
            Some(at) if !scientific[at + 1..].starts_with('-') => {
                text.push_str(&scientific[..=at]);
                text.push('+');
                text.push_str(&scientific[at + 1..]);
            }
            _ => text.push_str(&scientific),
        }
    } else {
        let _ = write!(text, "{number}");
    }
}

fn write_string(text: &mut String, content: &str) {
    use fmt::Write;
    text.push('"');
    let mut from = 0;
    for (at, byte) in content.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            8 => "\\b",
            12 => "\\f",
            0..=31 => "",
            _ => continue,
        };
        text.push_str(&content[from..at]);
        from = at + 1;
        if escape.is_empty() {
            let _ = write!(text, "\\u{byte:04x}");
        } else {
            text.push_str(escape);
        }
    }
    text.push_str(&content[from..]);
    text.push('"');
}
