//! The transport `bytes`: the same sequence in one buffer, little endian, strings as UTF-8 behind a `u32` length.

use super::{Sink, Source, WireError};

/// Reads a buffer.
pub struct BinarySource<'a> {
    rest: &'a [u8],
    depth: usize,
}

impl<'a> BinarySource<'a> {
    pub fn new(input: &'a [u8]) -> Self {
        BinarySource {
            rest: input,
            depth: 0,
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], WireError> {
        if length > self.rest.len() {
            return Err(WireError::new("the input ends too early"));
        }
        let (content, rest) = self.rest.split_at(length);
        self.rest = rest;
        Ok(content)
    }

    fn word(&mut self) -> Result<[u8; 8], WireError> {
        let mut word = [0; 8];
        word.copy_from_slice(self.take(8)?);
        Ok(word)
    }

    fn content(&mut self) -> Result<&'a [u8], WireError> {
        let mut length = [0; 4];
        length.copy_from_slice(self.take(4)?);
        self.take(u32::from_le_bytes(length) as usize)
    }
}

impl<'a> Source for BinarySource<'a> {
    fn number(&mut self) -> Result<f64, WireError> {
        self.word().map(f64::from_le_bytes)
    }

    fn int64(&mut self) -> Result<i64, WireError> {
        self.word().map(i64::from_le_bytes)
    }

    fn uint64(&mut self) -> Result<u64, WireError> {
        self.word().map(u64::from_le_bytes)
    }

    fn string(&mut self) -> Result<String, WireError> {
        match std::str::from_utf8(self.content()?) {
            Ok(text) => Ok(text.to_string()),
            Err(_) => Err(WireError::new("a string is not UTF-8")),
        }
    }

    fn bytes(&mut self) -> Result<Vec<u8>, WireError> {
        self.content().map(<[u8]>::to_vec)
    }

    fn remaining(&self) -> usize {
        self.rest.len()
    }

    fn depth(&mut self) -> &mut usize {
        &mut self.depth
    }
}

/// Writes a buffer.
#[derive(Default)]
pub struct BinarySink {
    output: Vec<u8>,
    fault: Option<&'static str>,
}

impl BinarySink {
    pub fn new() -> Self {
        BinarySink::default()
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.output
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.output
    }

    /// Why what has been written is not the value, if so.
    pub fn take_fault(&mut self) -> Option<&'static str> {
        self.fault.take()
    }

    fn content(&mut self, value: &[u8]) {
        match u32::try_from(value.len()) {
            Ok(length) => {
                self.output.extend_from_slice(&length.to_le_bytes());
                self.output.extend_from_slice(value);
            }
            Err(_) => self.fault("a string or byte array of the result is larger than 4 GiB"),
        }
    }
}

impl Sink for BinarySink {
    fn raw_number(&mut self, value: f64) {
        self.output.extend_from_slice(&value.to_le_bytes());
    }

    fn int64(&mut self, value: i64) {
        self.output.extend_from_slice(&value.to_le_bytes());
    }

    fn uint64(&mut self, value: u64) {
        self.output.extend_from_slice(&value.to_le_bytes());
    }

    fn string(&mut self, value: &str) {
        self.content(value.as_bytes());
    }

    fn bytes(&mut self, value: &[u8]) {
        self.content(value);
    }

    fn fault(&mut self, message: &'static str) {
        self.fault.get_or_insert(message);
    }
}
