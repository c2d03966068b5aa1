//! The positional marshalling: values as a sequence, in the order of their declaration.
//!
//! [`Source`] and [`Sink`] have one method per type of the spec, because two of its types can be one in Rust (`integer`
//! and `int64` are both `i64`, and cross differently). Both the shared slots of the fast path and the binary buffer of
//! the transport `bytes` implement them.

mod binary;
mod slots;

use crate::timestamp::Timestamp;
use crate::value::Value;
use std::collections::BTreeMap;
use std::fmt;

pub use binary::{BinarySink, BinarySource};
pub use slots::{SlotSink, SlotSource};

/// How deep a recursive value may be.
pub const MAX_DEPTH: usize = 512;

/// The largest integer that a JavaScript number holds exactly.
pub const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// The input of a call does not have the shape that the command expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireError {
    message: String,
}

impl WireError {
    pub fn new(message: impl Into<String>) -> Self {
        WireError {
            message: message.into(),
        }
    }

    pub fn expected(what: &str) -> Self {
        WireError::new(format!("expected {what}"))
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for WireError {}

/// Where the input of a call is read from.
pub trait Source: Sized {
    fn number(&mut self) -> Result<f64, WireError>;
    fn int64(&mut self) -> Result<i64, WireError>;
    fn uint64(&mut self) -> Result<u64, WireError>;
    fn string(&mut self) -> Result<String, WireError>;
    fn bytes(&mut self) -> Result<Vec<u8>, WireError>;
    /// At most how many values can follow: a claimed length reserves no more.
    fn remaining(&self) -> usize;
    /// How deep the value being read is; kept by [`Source::nested`].
    fn depth(&mut self) -> &mut usize;

    fn boolean(&mut self) -> Result<bool, WireError> {
        let number = self.number()?;
        if number == 1.0 {
            Ok(true)
        } else if number == 0.0 {
            Ok(false)
        } else {
            Err(WireError::expected("a boolean"))
        }
    }

    fn integer(&mut self) -> Result<i64, WireError> {
        whole(
            self.number()?,
            -MAX_SAFE_INTEGER,
            MAX_SAFE_INTEGER,
            "a safe integer",
        )
    }

    fn int32(&mut self) -> Result<i32, WireError> {
        Ok(whole(
            self.number()?,
            f64::from(i32::MIN),
            f64::from(i32::MAX),
            "an int32",
        )? as i32)
    }

    fn uint32(&mut self) -> Result<u32, WireError> {
        Ok(whole(self.number()?, 0.0, f64::from(u32::MAX), "a uint32")? as u32)
    }

    fn timestamp(&mut self) -> Result<Timestamp, WireError> {
        let millis = whole(
            self.number()?,
            Timestamp::MIN.0 as f64,
            Timestamp::MAX.0 as f64,
            "a timestamp",
        )?;
        Ok(Timestamp(millis))
    }

    fn json(&mut self) -> Result<Value, WireError> {
        crate::json::parse(&self.string()?).map_err(|error| WireError::new(error.to_string()))
    }

    /// The position of an enum's value or a union's variant, of `count` many.
    fn index(&mut self, count: usize) -> Result<usize, WireError> {
        let number = self.number()?;
        if number >= 0.0 && number < count as f64 && number.trunc() == number {
            Ok(number as usize)
        } else {
            Err(WireError::new(format!("expected an index below {count}")))
        }
    }

    /// How many items of an array, or entries of a record, follow.
    fn length(&mut self) -> Result<usize, WireError> {
        Ok(whole(self.number()?, 0.0, f64::from(u32::MAX), "a length")? as usize)
    }

    /// Reads a type that contains itself; too deep is an error instead of an overflowing stack.
    fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, WireError>,
    ) -> Result<T, WireError> {
        if *self.depth() >= MAX_DEPTH {
            return Err(WireError::new(format!(
                "a value is deeper than {MAX_DEPTH} levels"
            )));
        }
        *self.depth() += 1;
        let result = read(self);
        *self.depth() -= 1;
        result
    }
}

/// Where the result of a call is written to.
pub trait Sink: Sized {
    /// One number, whatever it is; see [`Sink::number`].
    fn raw_number(&mut self, value: f64);
    fn int64(&mut self, value: i64);
    fn uint64(&mut self, value: u64);
    fn string(&mut self, value: &str);
    fn bytes(&mut self, value: &[u8]);
    /// The result cannot be expressed; the call becomes a defect that says `message`.
    fn fault(&mut self, message: &'static str);

    fn number(&mut self, value: f64) {
        if !value.is_finite() {
            self.fault("a number of the result is not finite");
        }
        self.raw_number(value);
    }

    fn boolean(&mut self, value: bool) {
        self.raw_number(if value { 1.0 } else { 0.0 });
    }

    fn integer(&mut self, value: i64) {
        if value.unsigned_abs() > MAX_SAFE_INTEGER as u64 {
            self.fault("an integer of the result is beyond 2^53 - 1; the spec can say int64");
        }
        self.raw_number(value as f64);
    }

    fn int32(&mut self, value: i32) {
        self.raw_number(f64::from(value));
    }

    fn uint32(&mut self, value: u32) {
        self.raw_number(f64::from(value));
    }

    fn timestamp(&mut self, value: Timestamp) {
        if value < Timestamp::MIN || value > Timestamp::MAX {
            self.fault("a timestamp of the result is outside of the years 0000 to 9999");
        }
        self.raw_number(value.0 as f64);
    }

    fn json(&mut self, value: &Value) {
        self.string(&value.to_string());
    }

    fn index(&mut self, value: usize) {
        self.raw_number(value as f64);
    }

    fn length(&mut self, value: usize) {
        self.raw_number(value as f64);
    }
}

/// What crosses the border positionally.
pub trait Wire: Sized {
    fn read<R: Source>(source: &mut R) -> Result<Self, WireError>;
    fn write<W: Sink>(&self, sink: &mut W);
}

impl<T: Wire> Wire for Box<T> {
    fn read<R: Source>(source: &mut R) -> Result<Self, WireError> {
        T::read(source).map(Box::new)
    }

    fn write<W: Sink>(&self, sink: &mut W) {
        T::write(self, sink);
    }
}

/// Reads an array: its length, then its items.
pub fn read_array<R: Source, T>(
    source: &mut R,
    mut item: impl FnMut(&mut R) -> Result<T, WireError>,
) -> Result<Vec<T>, WireError> {
    let length = source.length()?;
    let mut items = Vec::with_capacity(length.min(source.remaining()));
    for _ in 0..length {
        items.push(item(source)?);
    }
    Ok(items)
}

/// Reads a record: its length, then keys and values.
pub fn read_record<R: Source, T>(
    source: &mut R,
    mut value: impl FnMut(&mut R) -> Result<T, WireError>,
) -> Result<BTreeMap<String, T>, WireError> {
    let length = source.length()?;
    let mut entries = BTreeMap::new();
    for _ in 0..length {
        let key = source.string()?;
        entries.insert(key, value(source)?);
    }
    Ok(entries)
}

/// Reads what is optional or nullable: whether it is there, then it.
pub fn read_option<R: Source, T>(
    source: &mut R,
    value: impl FnOnce(&mut R) -> Result<T, WireError>,
) -> Result<Option<T>, WireError> {
    if source.boolean()? {
        value(source).map(Some)
    } else {
        Ok(None)
    }
}

/// Writes an array: its length, then its items.
pub fn write_array<W: Sink, T>(sink: &mut W, items: &[T], mut item: impl FnMut(&mut W, &T)) {
    sink.length(items.len());
    for value in items {
        item(sink, value);
    }
}

/// Writes a record: its length, then keys and values.
pub fn write_record<W: Sink, T>(
    sink: &mut W,
    entries: &BTreeMap<String, T>,
    mut item: impl FnMut(&mut W, &T),
) {
    sink.length(entries.len());
    for (key, value) in entries {
        sink.string(key);
        item(sink, value);
    }
}

/// Writes what is optional or nullable: whether it is there, then it.
pub fn write_option<W: Sink, T>(sink: &mut W, value: &Option<T>, item: impl FnOnce(&mut W, &T)) {
    match value {
        Some(value) => {
            sink.boolean(true);
            item(sink, value);
        }
        None => sink.boolean(false),
    }
}

fn whole(number: f64, minimum: f64, maximum: f64, what: &str) -> Result<i64, WireError> {
    // There and back instead of `trunc`, which is a function call on most processors.
    let whole = number as i64;
    if number >= minimum && number <= maximum && whole as f64 == number {
        Ok(whole)
    } else {
        Err(WireError::new(format!("expected {what}, got {number}")))
    }
}
