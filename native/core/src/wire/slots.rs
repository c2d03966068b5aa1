//! The fast path: numbers in slots that JavaScript sees as a `Float64Array`, all strings joined into one, bytes in an
//! area of their own.

use super::{Sink, Source, WireError};

/// Reads slots. A string's slot is its length in UTF-16 units, which is what JavaScript counts.
pub struct SlotSource<'a> {
    slots: &'a [u64],
    at: usize,
    text: &'a str,
    text_at: usize,
    ascii: bool,
    bytes: &'a [u8],
    depth: usize,
}

impl<'a> SlotSource<'a> {
    /// `utf16_length` is the length of `text` as JavaScript counts it.
    pub fn new(slots: &'a [u64], text: &'a str, utf16_length: usize, bytes: &'a [u8]) -> Self {
        SlotSource {
            slots,
            at: 0,
            text,
            text_at: 0,
            ascii: text.len() == utf16_length,
            bytes,
            depth: 0,
        }
    }

    fn slot(&mut self) -> Result<u64, WireError> {
        match self.slots.get(self.at) {
            Some(slot) => {
                self.at += 1;
                Ok(*slot)
            }
            None => Err(WireError::new("the input ends too early")),
        }
    }

    /// The length in bytes of the prefix of `text` that has `units` UTF-16 units.
    fn utf8_length(text: &str, units: usize) -> Option<usize> {
        let mut left = units;
        for (at, character) in text.char_indices() {
            if left == 0 {
                return Some(at);
            }
            left = left.checked_sub(character.len_utf16())?;
        }
        if left == 0 {
            Some(text.len())
        } else {
            None
        }
    }

    /// Reads a string without copying it.
    pub fn text(&mut self) -> Result<&'a str, WireError> {
        let units = self.length()?;
        let rest = &self.text[self.text_at..];
        // The length is in bytes as well when everything is ASCII, which is where the time goes otherwise.
        let length = if self.ascii {
            Some(units).filter(|units| *units <= rest.len())
        } else {
            Self::utf8_length(rest, units)
        };
        match length {
            Some(length) => {
                self.text_at += length;
                Ok(&rest[..length])
            }
            None => Err(WireError::new(
                "a string is longer than the text of the call",
            )),
        }
    }
}

impl<'a> Source for SlotSource<'a> {
    fn number(&mut self) -> Result<f64, WireError> {
        self.slot().map(f64::from_bits)
    }

    fn int64(&mut self) -> Result<i64, WireError> {
        self.slot().map(|bits| bits as i64)
    }

    fn uint64(&mut self) -> Result<u64, WireError> {
        self.slot()
    }

    fn string(&mut self) -> Result<String, WireError> {
        self.text().map(String::from)
    }

    fn bytes(&mut self) -> Result<Vec<u8>, WireError> {
        let length = self.length()?;
        if length > self.bytes.len() {
            return Err(WireError::new(
                "a byte array is longer than the bytes of the call",
            ));
        }
        let (content, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        Ok(content.to_vec())
    }

    fn json(&mut self) -> Result<crate::Value, WireError> {
        crate::json::parse(self.text()?).map_err(|error| WireError::new(error.to_string()))
    }

    fn remaining(&self) -> usize {
        self.slots.len() - self.at
    }

    fn depth(&mut self) -> &mut usize {
        &mut self.depth
    }
}

/// Writes slots: into the shared ones while they last, then into a buffer that is fetched afterwards.
pub struct SlotSink<'a> {
    shared: &'a mut [u64],
    length: usize,
    spill: Vec<u64>,
    text: &'a mut String,
    text_units: usize,
    bytes: &'a mut Vec<u8>,
    fault: Option<&'static str>,
}

impl<'a> SlotSink<'a> {
    /// `text` and `bytes` are emptied; they are the caller's so that their memory is used again.
    pub fn new(shared: &'a mut [u64], text: &'a mut String, bytes: &'a mut Vec<u8>) -> Self {
        text.clear();
        bytes.clear();
        SlotSink {
            shared,
            length: 0,
            spill: Vec::new(),
            text,
            text_units: 0,
            bytes,
            fault: None,
        }
    }

    /// How many slots have been written.
    pub fn len(&self) -> usize {
        self.length
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The length of the text as JavaScript counts it.
    pub fn text_units(&self) -> usize {
        self.text_units
    }

    /// The slots that did not fit; all of them, when there are no shared ones.
    pub fn take_spill(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.spill)
    }

    /// Why what has been written is not the value, if so.
    pub fn take_fault(&mut self) -> Option<&'static str> {
        self.fault.take()
    }

    fn push(&mut self, bits: u64) {
        match self.shared.get_mut(self.length) {
            Some(slot) => *slot = bits,
            None => self.spill.push(bits),
        }
        self.length += 1;
    }
}

impl<'a> Sink for SlotSink<'a> {
    fn raw_number(&mut self, value: f64) {
        self.push(value.to_bits());
    }

    fn int64(&mut self, value: i64) {
        self.push(value as u64);
    }

    fn uint64(&mut self, value: u64) {
        self.push(value);
    }

    fn string(&mut self, value: &str) {
        let units = if value.is_ascii() {
            value.len()
        } else {
            value.encode_utf16().count()
        };
        self.raw_number(units as f64);
        self.text_units += units;
        self.text.push_str(value);
    }

    fn bytes(&mut self, value: &[u8]) {
        self.raw_number(value.len() as f64);
        self.bytes.extend_from_slice(value);
    }

    fn fault(&mut self, message: &'static str) {
        self.fault.get_or_insert(message);
    }
}
