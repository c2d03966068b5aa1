//! Modules in a process of their own: JSON-RPC 2.0 over stdin and stdout, one message per line.
//!
//! A module that crashes takes this process with it and not the one that uses it. The process ends when its stdin does,
//! so it never outlives who started it.
//!
//! Every result is an object with a `status`, whose numbers are those of [`Status`](crate::Status), and with it `value`
//! (0: the result, 1: the failure) or `message` (2, 3, 4). Errors of JSON-RPC are left to messages that make no sense.
//!
//! | method | params | value |
//! |---|---|---|
//! | `hello` | | `{ protocol, maxFrameBytes, modules: [{ name, specHash, commands }] }` |
//! | `create` | `module`, `config` | `{ instance, metricPrefix }` |
//! | `initialize` | `instance` | `{ ready, done }`; asked again until it is ready |
//! | `call` | `instance`, `command`, `input` | the result |
//! | `open` | `instance`, `command`, `input` | the number of the stream |
//! | `next` | `stream`, `most` | beside `status` (0: there may be more, 5: the end), the `items` |
//! | `health`, `shed`, `heal`, `shutdown`, `metrics`, `parameters` | `instance` | the answer |
//! | `pressure` | `instance`, `level` | |
//! | `get`, `set` | `instance`, `name`, `value` | `{ value }` if there is such a parameter |
//!
//! Without an answer: `cancel` with the `id` of a request, and `close` with a `stream`.

mod frames;
mod output;
mod requests;
mod session;

use crate::service::ModuleFactory;
use session::Session;
use std::io::{BufRead, Write};
use std::sync::Arc;
use std::time::Duration;

/// Both sides have to speak the same version of the protocol.
pub const PROTOCOL: u32 = 1;

/// The most bytes that one message has, in both directions.
pub const MAX_FRAME: usize = 64 * 1024 * 1024;

/// How long modules may take to shut down when nobody is there any more.
const PATIENCE: Duration = Duration::from_secs(5);

/// Serves modules on stdin and stdout until stdin ends. Returns the exit code of the process.
///
/// What modules print goes to stderr, where it cannot be taken for an answer.
pub fn serve(modules: Vec<ModuleFactory>) -> i32 {
    let output = output::take();
    serve_on(std::io::stdin().lock(), output, modules, MAX_FRAME, || {
        // A module that hangs must not keep a process alive that nobody talks to.
        let _ = std::thread::Builder::new().spawn(|| {
            std::thread::sleep(PATIENCE);
            std::process::exit(1);
        });
    });
    0
}

/// The same on any pair of ends; `ending` is called before the instances are shut down.
pub fn serve_on(
    mut input: impl BufRead,
    output: Box<dyn Write + Send>,
    modules: Vec<ModuleFactory>,
    max_frame: usize,
    ending: impl FnOnce(),
) {
    let session = Arc::new(Session::new(modules, output, max_frame));
    let mut line = Vec::new();
    loop {
        match frames::read(&mut input, max_frame, &mut line) {
            Ok(frames::Frame::Line) => requests::receive(&session, &line),
            Ok(frames::Frame::TooLong) => session.too_long(),
            Ok(frames::Frame::End) | Err(_) => break,
        }
    }
    ending();
    session.end();
}

#[cfg(test)]
mod tests;
