//! Lines of bounded length.

use std::io::{self, BufRead, ErrorKind};

pub enum Frame {
    /// The buffer holds a line, without its end.
    Line,
    /// A line was longer than the limit, and has been skipped.
    TooLong,
    /// There are no more; a last line without an end is no line.
    End,
}

/// Reads the next line into `line`, and never more than `limit` bytes of it.
pub fn read(input: &mut impl BufRead, limit: usize, line: &mut Vec<u8>) -> io::Result<Frame> {
    line.clear();
    let mut too_long = false;
    loop {
        let available = match input.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if available.is_empty() {
            return Ok(Frame::End);
        }
        let end = available.iter().position(|byte| *byte == b'\n');
        let part = &available[..end.unwrap_or(available.len())];
        if too_long || line.len() + part.len() > limit {
            too_long = true;
            // One long line must not hold its memory for ever.
            *line = Vec::new();
        } else {
            line.extend_from_slice(part);
        }
        let used = end.map_or(available.len(), |end| end + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(if too_long {
                Frame::TooLong
            } else {
                Frame::Line
            });
        }
    }
}
