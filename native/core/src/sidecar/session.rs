//! What a sidecar holds: instances, open streams, running requests.

use crate::pool::Pool;
use crate::port::Status;
use crate::registry::{Instance, Refusal, Stream};
use crate::service::ModuleFactory;
use crate::value::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Commands may block, so they get many threads.
const COMMAND_THREADS: usize = 64;
/// How a service is must be known while all its commands hang.
const MANAGED_THREADS: usize = 8;
/// Commands beyond this are refused.
const MOST_WAITING: usize = 16 * 1024;

/// An error of JSON-RPC: its code and its message.
pub type Fault = (i32, String);

pub const PARSE_ERROR: i32 = -32700;
pub const INVALID_REQUEST: i32 = -32600;
pub const METHOD_NOT_FOUND: i32 = -32601;
pub const INVALID_PARAMS: i32 = -32602;

/// The answer to a request, as JSON text without the braces around it.
pub struct Answer(pub String);

impl Answer {
    pub fn value(status: Status, value: &Value) -> Answer {
        Answer(format!("\"status\":{},\"value\":{value}", status as u8))
    }

    pub fn ok(value: &Value) -> Answer {
        Answer::value(Status::Ok, value)
    }

    pub fn message(status: Status, message: &str) -> Answer {
        let message = Value::from(message);
        Answer(format!("\"status\":{},\"message\":{message}", status as u8))
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Answer::message(refusal.status, &refusal.message)
    }
}

/// A stream and the flag that cancels its calls. Whoever asks for its next element holds the lock meanwhile.
pub struct Open {
    pub stream: Mutex<Option<Stream>>,
    pub cancelled: Arc<AtomicBool>,
}

pub struct Session {
    pub modules: Vec<ModuleFactory>,
    instances: Mutex<BTreeMap<u64, Arc<Instance>>>,
    streams: Mutex<BTreeMap<u64, Arc<Open>>>,
    next_stream: AtomicU64,
    /// The flags of the running requests, by their ids.
    running: Mutex<BTreeMap<u64, Arc<AtomicBool>>>,
    output: Mutex<Box<dyn Write + Send>>,
    pub max_frame: usize,
    commands: Pool,
    managed: Pool,
    waiting: AtomicUsize,
}

impl Session {
    pub fn new(
        modules: Vec<ModuleFactory>,
        output: Box<dyn Write + Send>,
        max_frame: usize,
    ) -> Self {
        Session {
            modules,
            instances: Mutex::default(),
            streams: Mutex::default(),
            next_stream: AtomicU64::new(1),
            running: Mutex::default(),
            output: Mutex::new(output),
            max_frame,
            commands: Pool::new("opbus-command", COMMAND_THREADS),
            managed: Pool::new("opbus-managed", MANAGED_THREADS),
            waiting: AtomicUsize::new(0),
        }
    }

    pub fn add(&self, instance: Arc<Instance>) -> u64 {
        let number = instance.number();
        crate::lock(&self.instances).insert(number, instance);
        number
    }

    pub fn instance(&self, number: u64) -> Option<Arc<Instance>> {
        crate::lock(&self.instances).get(&number).cloned()
    }

    pub fn open(&self, stream: Stream, cancelled: Arc<AtomicBool>) -> u64 {
        let number = self.next_stream.fetch_add(1, Ordering::Relaxed);
        let open = Arc::new(Open {
            stream: Mutex::new(Some(stream)),
            cancelled,
        });
        crate::lock(&self.streams).insert(number, open);
        number
    }

    pub fn stream(&self, number: u64) -> Option<Arc<Open>> {
        crate::lock(&self.streams).get(&number).cloned()
    }

    /// A call that waits for the stream's next element is cancelled; the stream itself goes with the last that uses it.
    pub fn close(&self, number: u64) {
        let open = crate::lock(&self.streams).remove(&number);
        if let Some(open) = open {
            open.cancelled.store(true, Ordering::Relaxed);
        }
    }

    /// The flag of a new request; `None` when its id is in use.
    pub fn begin(&self, id: u64) -> Option<Arc<AtomicBool>> {
        let mut running = crate::lock(&self.running);
        if running.contains_key(&id) {
            return None;
        }
        let flag = Arc::new(AtomicBool::new(false));
        running.insert(id, flag.clone());
        Some(flag)
    }

    /// A request whose fault is its answer.
    pub fn forget(&self, id: u64) {
        crate::lock(&self.running).remove(&id);
    }

    pub fn cancel(&self, id: u64) {
        if let Some(flag) = crate::lock(&self.running).get(&id) {
            flag.store(true, Ordering::Relaxed);
        }
    }

    /// Runs a command on another thread, and answers its request.
    pub fn command(
        self: &Arc<Self>,
        id: u64,
        run: impl FnOnce(&Arc<Session>) -> Answer + Send + 'static,
    ) {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= MOST_WAITING {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            let message = format!("{MOST_WAITING} calls are waiting already; try again later");
            return self.finish(id, Answer::message(Status::Unavailable, &message));
        }
        let session = self.clone();
        self.commands.spawn(Box::new(move || {
            let answer = run(&session);
            session.waiting.fetch_sub(1, Ordering::Relaxed);
            session.finish(id, answer);
        }));
    }

    /// Asks an instance on a thread that commands do not use, and answers the request.
    pub fn ask(
        self: &Arc<Self>,
        id: u64,
        run: impl FnOnce(&Arc<Session>) -> Answer + Send + 'static,
    ) {
        let session = self.clone();
        self.managed.spawn(Box::new(move || {
            let answer = run(&session);
            session.finish(id, answer);
        }));
    }

    /// Answers a request that has begun. Its id is free before the answer is there.
    pub fn finish(&self, id: u64, answer: Answer) {
        crate::lock(&self.running).remove(&id);
        let Answer(text) = answer;
        if text.len() + 64 > self.max_frame {
            let message = format!(
                "the answer has {} bytes as JSON, more than a message may have ({})",
                text.len(),
                self.max_frame
            );
            return self.respond(id, &Answer::message(Status::Defect, &message));
        }
        self.respond(id, &Answer(text));
    }

    fn respond(&self, id: u64, Answer(text): &Answer) {
        self.write(&format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{{text}}}}}\n"
        ));
    }

    /// Says that a message makes no sense.
    pub fn fault(&self, id: Option<u64>, (code, message): Fault) {
        let id = id.map_or_else(|| "null".to_string(), |id| id.to_string());
        let message = Value::from(message);
        self.write(&format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":{{\"code\":{code},\"message\":{message}}}}}\n"
        ));
    }

    pub fn too_long(&self) {
        let limit = self.max_frame;
        let message = format!("a message has more than {limit} bytes and was skipped");
        self.fault(None, (INVALID_REQUEST, message));
    }

    /// Cancels what runs, and shuts all instances down.
    pub fn end(&self) {
        for flag in crate::lock(&self.running).values() {
            flag.store(true, Ordering::Relaxed);
        }
        for (_, open) in std::mem::take(&mut *crate::lock(&self.streams)) {
            open.cancelled.store(true, Ordering::Relaxed);
        }
        for (_, instance) in std::mem::take(&mut *crate::lock(&self.instances)) {
            let _ = instance.shutdown();
        }
    }

    /// Nobody reads when writing fails; then stdin ends too, and with it the process.
    fn write(&self, line: &str) {
        let mut output = crate::lock(&self.output);
        let _ = output.write_all(line.as_bytes());
        let _ = output.flush();
    }
}
