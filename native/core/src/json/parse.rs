//! JSON text to a value, strictly as RFC 8259 says, within limits.

use super::JsonError;
use crate::value::Value;
use std::collections::HashMap;

/// How much is accepted from outside.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub bytes: usize,
    pub depth: usize,
}

impl Limits {
    pub const DEFAULT: Limits = Limits {
        bytes: 256 * 1024 * 1024,
        depth: 1024,
    };
}

/// Objects with more keys than this find a key twice with a table instead of by looking through all.
const SMALL_OBJECT: usize = 16;

/// Parses JSON text within the default limits.
pub fn parse(text: &str) -> Result<Value, JsonError> {
    parse_within(text, Limits::DEFAULT)
}

/// Parses JSON text.
pub fn parse_within(text: &str, limits: Limits) -> Result<Value, JsonError> {
    if text.len() > limits.bytes {
        return Err(JsonError::new(format!(
            "the JSON text has {} bytes, more than the limit of {}",
            text.len(),
            limits.bytes
        )));
    }
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
        limits,
    };
    parser.space();
    let value = parser.value()?;
    parser.space();
    if parser.at < text.len() {
        return Err(parser.error("expected the end"));
    }
    Ok(value)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    limits: Limits,
}

impl<'a> Parser<'a> {
    fn error(&self, what: &str) -> JsonError {
        JsonError::new(format!("invalid JSON at byte {}: {what}", self.at))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.at += 1;
        }
        found
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, JsonError> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            Ok(value)
        } else {
            Err(self.error("expected a value"))
        }
    }

    fn value(&mut self) -> Result<Value, JsonError> {
        match self.peek() {
            Some(b'n') => self.word("null", Value::Null),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'"') => self.string().map(Value::String),
            Some(b'[') => self.nested(Self::array),
            Some(b'{') => self.nested(Self::object),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.error("expected a value")),
        }
    }

    fn nested(
        &mut self,
        read: fn(&mut Self) -> Result<Value, JsonError>,
    ) -> Result<Value, JsonError> {
        if self.depth == self.limits.depth {
            return Err(self.error(&format!("deeper than {} levels", self.limits.depth)));
        }
        self.depth += 1;
        self.at += 1;
        self.space();
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn array(&mut self) -> Result<Value, JsonError> {
        let mut items = Vec::new();
        if self.accept(b']') {
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value()?);
            self.space();
            if self.accept(b']') {
                return Ok(Value::Array(items));
            }
            if !self.accept(b',') {
                return Err(self.error("expected , or ]"));
            }
            self.space();
        }
    }

    fn object(&mut self) -> Result<Value, JsonError> {
        let mut fields: Vec<(String, Value)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        if self.accept(b'}') {
            return Ok(Value::Object(fields));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.error("expected a key"));
            }
            let key = self.string()?;
            self.space();
            if !self.accept(b':') {
                return Err(self.error("expected :"));
            }
            self.space();
            let value = self.value()?;
            // As in JavaScript, the last value of a key counts, at the place of the first.
            let place = if fields.len() <= SMALL_OBJECT {
                fields.iter().position(|(name, _)| *name == key)
            } else {
                if places.is_empty() {
                    places = fields
                        .iter()
                        .enumerate()
                        .map(|(at, (name, _))| (name.clone(), at))
                        .collect();
                }
                places.get(&key).copied()
            };
            match place {
                Some(place) => fields[place].1 = value,
                None => {
                    if !places.is_empty() {
                        places.insert(key.clone(), fields.len());
                    }
                    fields.push((key, value));
                }
            }
            self.space();
            if self.accept(b'}') {
                return Ok(Value::Object(fields));
            }
            if !self.accept(b',') {
                return Err(self.error("expected , or }"));
            }
            self.space();
        }
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let from = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == from {
            Err(self.error("expected a digit"))
        } else {
            Ok(())
        }
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let from = self.at;
        self.accept(b'-');
        if !self.accept(b'0') {
            self.digits()?;
        }
        if self.accept(b'.') {
            self.digits()?;
        }
        if self.accept(b'e') || self.accept(b'E') {
            if !self.accept(b'+') {
                self.accept(b'-');
            }
            self.digits()?;
        }
        match self.text[from..self.at].parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Number(number)),
            _ => Err(self.error("a number is too large")),
        }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let mut content = String::new();
        let mut from = self.at;
        loop {
            match self.peek() {
                None => return Err(self.error("a string does not end")),
                Some(b'"') => {
                    content.push_str(&self.text[from..self.at]);
                    self.at += 1;
                    return Ok(content);
                }
                Some(b'\\') => {
                    content.push_str(&self.text[from..self.at]);
                    self.at += 1;
                    content.push(self.escape()?);
                    from = self.at;
                }
                Some(0..=31) => return Err(self.error("a control character in a string")),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let escape = self.peek();
        self.at += 1;
        match escape {
            Some(b'"') => Ok('"'),
            Some(b'\\') => Ok('\\'),
            Some(b'/') => Ok('/'),
            Some(b'b') => Ok('\u{8}'),
            Some(b'f') => Ok('\u{c}'),
            Some(b'n') => Ok('\n'),
            Some(b'r') => Ok('\r'),
            Some(b't') => Ok('\t'),
            Some(b'u') => {
                let unit = self.unit()?;
                if !(0xd800..0xdc00).contains(&unit) {
                    return char::from_u32(unit)
                        .ok_or_else(|| self.error("half of a surrogate pair"));
                }
                if !(self.accept(b'\\') && self.accept(b'u')) {
                    return Err(self.error("half of a surrogate pair"));
                }
                let low = self.unit()?;
                if !(0xdc00..0xe000).contains(&low) {
                    return Err(self.error("half of a surrogate pair"));
                }
                char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00))
                    .ok_or_else(|| self.error("half of a surrogate pair"))
            }
            _ => Err(self.error("an unknown escape")),
        }
    }

    fn unit(&mut self) -> Result<u32, JsonError> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            match digit {
                Some(digit) => unit = unit * 16 + digit,
                None => return Err(self.error("expected four hexadecimal digits")),
            }
            self.at += 1;
        }
        Ok(unit)
    }
}
