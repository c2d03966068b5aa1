//! What the binding keeps per environment: the main thread of Node, or one of its workers.

use crate::deliver::{deliver, Outbox};
use crate::exchange::{Answer, Exchange};
use crate::functions;
use crate::job::{Input, Job};
use crate::layout::ABI;
use crate::napi::{self, Env, Ref, Value, Wake};
use opbus_core::pool::Pool;
use opbus_core::registry::Stream;
use opbus_core::{CallContext, Instance, ModuleFactory, Status};
use std::collections::HashMap;
use std::ffi::c_void;
use std::os::raw::c_char;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// At most this many calls run at once; one that waits for something counts.
const CALLS: usize = 64;
/// Of their own, so that a service says how it is while its calls take all threads.
const CONTROLS: usize = 16;

/// An instance that this environment has made.
pub struct Entry {
    pub instance: Arc<Instance>,
    /// Of synchronous calls, one at a time.
    pub context: CallContext,
}

/// One environment.
pub struct Environment {
    pub exchange: Exchange,
    pub factories: Arc<Vec<ModuleFactory>>,
    pub instances: Vec<Option<Entry>>,
    pub streams: HashMap<u32, Arc<Mutex<Stream>>>,
    next_stream: u32,
    /// The asynchronous calls that have not ended, and what cancels them.
    running: HashMap<u32, Arc<AtomicBool>>,
    pub text_in: Vec<u8>,
    pub text_out: String,
    pub bytes_out: Vec<u8>,
    /// The last answer, when it did not fit.
    pub unfetched: Option<Answer>,
    pub done: Ref,
    pub nothing: Ref,
    pub outbox: Arc<Outbox>,
    wake: Wake,
    calls: Pool,
    controls: Pool,
}

/// Fills in what an addon exports.
///
/// # Safety
/// Node calls it, through [`crate::export`].
pub unsafe fn register(env: Env, exports: Value, modules: Vec<ModuleFactory>) -> Value {
    if napi::load().is_err() {
        // Without the functions there is no way to say so; the loader says that nothing is exported.
        return exports;
    }
    napi::pin();
    let environment = Box::into_raw(Box::new(Environment {
        exchange: Exchange::EMPTY,
        factories: Arc::new(modules),
        instances: Vec::new(),
        streams: HashMap::new(),
        next_stream: 1,
        running: HashMap::new(),
        text_in: Vec::new(),
        text_out: String::new(),
        bytes_out: Vec::new(),
        unfetched: None,
        done: std::ptr::null_mut(),
        nothing: std::ptr::null_mut(),
        outbox: Arc::new(Outbox::new(std::ptr::null_mut())),
        wake: std::ptr::null_mut(),
        calls: Pool::new("opbus call", CALLS),
        controls: Pool::new("opbus control", CONTROLS),
    }));
    let mut name = std::ptr::null_mut();
    napi::napi_create_string_utf8(env, "opbus\0".as_ptr().cast(), 5, &mut name);
    let code = napi::napi_create_threadsafe_function(
        env,
        std::ptr::null_mut(),
        std::ptr::null_mut(),
        name,
        0,
        1,
        std::ptr::null_mut(),
        None,
        environment.cast(),
        deliver,
        &mut (*environment).wake,
    );
    if code != napi::OK {
        drop(Box::from_raw(environment));
        napi::napi_throw_error(
            env,
            std::ptr::null(),
            "opbus: Node gives no way to be called from threads\0"
                .as_ptr()
                .cast(),
        );
        return exports;
    }
    (*environment).outbox = Arc::new(Outbox::new((*environment).wake));
    // Nothing is running: the process may end.
    napi::napi_unref_threadsafe_function(env, (*environment).wake);
    // After the threadsafe function: the hooks run backwards, and ours has to come before Node frees it.
    napi::napi_add_env_cleanup_hook(env, clean_up, environment.cast());
    let mut abi = std::ptr::null_mut();
    napi::napi_create_double(env, f64::from(ABI), &mut abi);
    napi::napi_set_named_property(env, exports, "abi\0".as_ptr().cast(), abi);
    for (name, callback) in functions::ALL {
        let mut function = std::ptr::null_mut();
        let name: *const c_char = name.as_ptr().cast();
        napi::napi_create_function(
            env,
            name,
            napi::AUTO_LENGTH,
            *callback,
            environment.cast(),
            &mut function,
        );
        napi::napi_set_named_property(env, exports, name, function);
    }
    exports
}

/// The environment ends: whatever runs is told, nobody waits for it, and no answer is delivered any more.
unsafe extern "C" fn clean_up(argument: *mut c_void) {
    let environment: Box<Environment> = Box::from_raw(argument.cast());
    for cancelled in environment.running.values() {
        cancelled.store(true, Ordering::Relaxed);
    }
    environment.outbox.close();
    // Its instances are shut down with it; those that are still called, by the last call.
    drop(environment);
}

impl Environment {
    /// Runs a job on the pool.
    ///
    /// # Safety
    /// On the thread of the environment.
    pub unsafe fn start(&mut self, env: Env, job: Job, control: bool) {
        if self.running.is_empty() {
            napi::napi_ref_threadsafe_function(env, self.wake);
        }
        self.running.insert(job.id, job.cancelled.clone());
        let outbox = self.outbox.clone();
        let pool = if control { &self.controls } else { &self.calls };
        pool.spawn(Box::new(move || {
            let id = job.id;
            let done = opbus_core::panics::guard(|| job.run());
            outbox.put(done.unwrap_or_else(|panic| {
                crate::job::message(id, Status::Defect, &format!("panic: {panic}"))
            }));
        }));
    }

    /// A job's answer is here.
    ///
    /// # Safety
    /// On the thread of the environment.
    pub unsafe fn ended(&mut self, env: Env, id: u32) {
        self.running.remove(&id);
        if self.running.is_empty() {
            napi::napi_unref_threadsafe_function(env, self.wake);
        }
    }

    /// Tells a running job that nobody wants its answer.
    pub fn cancel(&self, id: u32) {
        if let Some(cancelled) = self.running.get(&id) {
            cancelled.store(true, Ordering::Relaxed);
        }
    }

    pub fn instance(&self, handle: u32) -> Option<&Entry> {
        self.instances.get(handle as usize)?.as_ref()
    }

    pub fn add_instance(&mut self, instance: Arc<Instance>) -> u32 {
        let context = instance
            .context(Arc::new(AtomicBool::new(false)))
            .with_probe(crate::probe::is_ending);
        self.instances.push(Some(Entry { instance, context }));
        (self.instances.len() - 1) as u32
    }

    pub fn add_stream(&mut self, stream: Stream) -> u32 {
        let handle = self.next_stream;
        self.next_stream += 1;
        self.streams.insert(handle, Arc::new(Mutex::new(stream)));
        handle
    }

    /// Drops what may take its time to go.
    pub fn discard<T: Send + 'static>(&self, what: T) {
        self.controls.spawn(Box::new(move || drop(what)));
    }

    /// Writes an answer where JavaScript reads it, and makes its text.
    ///
    /// # Safety
    /// On the thread of the environment, when its areas are attached.
    pub unsafe fn publish(
        &mut self,
        env: Env,
        answer: Answer,
        (text, units): (&str, usize),
    ) -> Value {
        match string(env, text, units) {
            Some(text) if answer.can_cross() => {
                self.unfetched = Some(answer).filter(|answer| !self.exchange.put(answer));
                text
            }
            _ => self.too_large(env),
        }
    }

    /// The answer cannot cross.
    ///
    /// # Safety
    /// As [`Environment::publish`].
    pub unsafe fn too_large(&mut self, env: Env) -> Value {
        const MESSAGE: &str = "the answer is larger than JavaScript can take";
        let message = (MESSAGE, MESSAGE.len());
        self.publish(env, Answer::without_value(Status::Defect), message)
    }

    /// Copies the input of a call out of the shared areas.
    ///
    /// # Safety
    /// As [`Environment::publish`].
    pub unsafe fn input(&self, head: &crate::exchange::Head, text: String) -> Input {
        Input {
            slots: self.exchange.input(head).to_vec(),
            text,
            units: head.text,
            bytes: self.exchange.input_bytes(head).to_vec(),
            transport: head.transport,
        }
    }

    /// What the modules are, as JSON.
    pub fn describe(&self) -> String {
        let modules = self.factories.iter().map(ModuleFactory::describe);
        opbus_core::Value::Array(modules.collect()).to_string()
    }
}

/// A JavaScript string; null when there is no text. `None` when it is longer than strings can be.
///
/// # Safety
/// On the thread of the environment.
pub unsafe fn string(env: Env, text: &str, units: usize) -> Option<Value> {
    let mut value = std::ptr::null_mut();
    if text.is_empty() {
        return Some(value);
    }
    let data: *const c_char = text.as_ptr().cast();
    // As many bytes as UTF-16 units is ASCII, which needs no decoding.
    let code = if text.len() == units {
        napi::napi_create_string_latin1(env, data, text.len(), &mut value)
    } else {
        napi::napi_create_string_utf8(env, data, text.len(), &mut value)
    };
    (code == napi::OK).then_some(value)
}
