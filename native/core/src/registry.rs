//! The instances of this process. Every call to a module goes through its [`Instance`], which keeps panics in and
//! calls out when it is shut down.

use crate::context::CallContext;
use crate::panics::guard;
use crate::port::{Port, Status};
use crate::service::{HealthStatus, Initialization, ModuleFactory, PressureLevel, ServiceModule};
use crate::stream::Elements;
use crate::value::Value;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, Weak};

static LIVE: Mutex<Vec<(u64, Weak<Instance>)>> = Mutex::new(Vec::new());
static NEXT: AtomicU64 = AtomicU64::new(1);

/// Why a service method gave no answer: the status is `Defect` or `Unavailable`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub status: Status,
    pub message: String,
}

/// Makes an instance of a module. It is shut down when the last reference to it goes, if not before.
pub fn create(factory: &ModuleFactory, config: &Value) -> Result<Arc<Instance>, String> {
    let module = guard(|| (factory.create)(config))??;
    let instance = Arc::new(Instance {
        number: NEXT.fetch_add(1, Ordering::Relaxed),
        factory: *factory,
        module,
        gate: Gate::new(),
        closing: Arc::new(AtomicBool::new(false)),
    });
    crate::lock(&LIVE).push((instance.number, Arc::downgrade(&instance)));
    Ok(instance)
}

/// The instance of this number, while it lives.
pub fn get(number: u64) -> Option<Arc<Instance>> {
    crate::lock(&LIVE)
        .iter()
        .find(|(other, _)| *other == number)
        .and_then(|(_, instance)| instance.upgrade())
}

/// All instances that have not been shut down, oldest first.
pub fn instances() -> Vec<Arc<Instance>> {
    let live: Vec<_> = crate::lock(&LIVE)
        .iter()
        .filter_map(|(_, instance)| instance.upgrade())
        .collect();
    live.into_iter()
        .filter(|instance| !instance.is_shut_down())
        .collect()
}

/// The figures of all live instances, by the name of their module. A command that calls this holds no lock that its
/// own `emit_metrics` needs.
pub fn metrics() -> Vec<(String, Value)> {
    instances()
        .iter()
        .filter_map(|instance| {
            let figures = instance.metrics().ok().flatten()?;
            Some((instance.name().to_string(), figures))
        })
        .collect()
}

/// A module that is running.
pub struct Instance {
    number: u64,
    factory: ModuleFactory,
    module: Box<dyn ServiceModule>,
    gate: Gate,
    closing: Arc<AtomicBool>,
}

impl Instance {
    /// Unique in this process.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The name of its module.
    pub fn name(&self) -> &'static str {
        self.factory.name
    }

    pub fn factory(&self) -> &ModuleFactory {
        &self.factory
    }

    pub fn is_shut_down(&self) -> bool {
        self.gate.is_closed()
    }

    /// The context of a call to this instance: cancelled by `caller`, or by the instance's shutdown.
    pub fn context(&self, caller: Arc<AtomicBool>) -> CallContext {
        CallContext::new(caller).or(self.closing.clone())
    }

    /// Runs a command.
    pub fn call(&self, command: usize, context: &CallContext, port: &mut Port<'_>) -> Status {
        self.run(context, port, |port| {
            self.module.call(command, context, port)
        })
    }

    /// Opens a stream.
    pub fn open(
        self: &Arc<Self>,
        command: usize,
        context: &CallContext,
        port: &mut Port<'_>,
    ) -> Result<Stream, Status> {
        let mut opened = None;
        let status = self.run(context, port, |port| {
            match self.module.open(command, context, port) {
                Ok(elements) => {
                    opened = Some(elements);
                    Status::Ok
                }
                Err(status) => status,
            }
        });
        match (status, opened) {
            (Status::Ok, Some(elements)) => Ok(Stream {
                instance: self.clone(),
                elements: Some(elements),
            }),
            (status, opened) => {
                discard(opened);
                Err(status)
            }
        }
    }

    pub fn health(&self) -> Result<HealthStatus, Refusal> {
        self.ask(|module| module.managed().health())
    }

    pub fn pressure_response(&self, level: PressureLevel) -> Result<(), Refusal> {
        self.ask(|module| module.managed().pressure_response(level))
    }

    pub fn shed_load(&self) -> Result<(), Refusal> {
        self.ask(|module| module.managed().shed_load())
    }

    pub fn heal(&self) -> Result<bool, Refusal> {
        self.ask(|module| module.managed().heal())
    }

    /// Advances its initialisation; a module that has none is ready.
    pub fn initialize(&self) -> Result<Result<Initialization, String>, Refusal> {
        self.ask(|module| match module.lifecycle() {
            Some(lifecycle) if !lifecycle.is_initialized() => lifecycle.initialize(),
            _ => Ok(Initialization::Ready),
        })
    }

    /// Its figures; `None` when it has none.
    pub fn metrics(&self) -> Result<Option<Value>, Refusal> {
        self.ask(|module| module.metrics().map(|metrics| metrics.emit_metrics()))
    }

    /// What the names of its figures begin with.
    pub fn metric_prefix(&self) -> Result<Option<String>, Refusal> {
        self.ask(|module| {
            module
                .metrics()
                .map(|metrics| metrics.metric_prefix().to_string())
        })
    }

    /// Names and descriptions of its parameters.
    pub fn list_params(&self) -> Result<Vec<(&'static str, &'static str)>, Refusal> {
        self.ask(|module| {
            module
                .configurable()
                .map_or_else(Vec::new, |configurable| configurable.list_params())
        })
    }

    pub fn get_param(&self, name: &str) -> Result<Option<Value>, Refusal> {
        self.ask(|module| {
            module
                .configurable()
                .and_then(|configurable| configurable.get_param(name))
        })
    }

    /// The inner error says why the value is refused.
    pub fn set_param(&self, name: &str, value: Value) -> Result<Result<(), String>, Refusal> {
        self.ask(|module| match module.configurable() {
            Some(configurable) => configurable.set_param(name, value),
            None => Err(format!("{} has no parameters", self.name())),
        })
    }

    /// Refuses further calls, tells the running ones that they are cancelled, waits for them, and shuts the module down.
    /// A second call waits for the running ones as well, and does nothing else. Not to be called from within a call.
    pub fn shutdown(&self) -> Result<(), Refusal> {
        self.closing.store(true, Ordering::Relaxed);
        if !self.gate.close() {
            return Ok(());
        }
        let result = guard(|| {
            if let Some(lifecycle) = self.module.lifecycle() {
                lifecycle.shutdown();
            }
        });
        let managed = guard(|| self.module.managed().shutdown());
        result.and(managed).map_err(|message| Refusal {
            status: Status::Defect,
            message,
        })
    }

    fn run(
        &self,
        context: &CallContext,
        port: &mut Port<'_>,
        body: impl FnOnce(&mut Port<'_>) -> Status,
    ) -> Status {
        if !self.gate.enter() {
            return port.refuse(Status::Unavailable, self.shut_down());
        }
        let result = guard(|| body(port));
        self.gate.leave();
        if context.take_observed() {
            return if self.gate.is_closed() {
                port.refuse(Status::Unavailable, self.shut_down())
            } else {
                port.refuse(
                    Status::Interrupted,
                    "the call noticed that it was cancelled",
                )
            };
        }
        match result {
            Ok(status) => status,
            Err(message) => port.refuse(Status::Defect, format!("panic: {message}")),
        }
    }

    fn ask<T>(&self, body: impl FnOnce(&dyn ServiceModule) -> T) -> Result<T, Refusal> {
        if !self.gate.enter() {
            return Err(Refusal {
                status: Status::Unavailable,
                message: self.shut_down(),
            });
        }
        let result = guard(|| body(self.module.as_ref()));
        self.gate.leave();
        result.map_err(|message| Refusal {
            status: Status::Defect,
            message: format!("panic: {message}"),
        })
    }

    fn shut_down(&self) -> String {
        format!("{} has been shut down", self.name())
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        crate::lock(&LIVE).retain(|(number, _)| *number != self.number);
        let _ = self.shutdown();
    }
}

/// An open stream of an instance.
pub struct Stream {
    instance: Arc<Instance>,
    elements: Option<Box<dyn Elements>>,
}

impl Stream {
    pub fn instance(&self) -> &Arc<Instance> {
        &self.instance
    }

    /// Writes the next element; any status but `Ok` is the last.
    pub fn next(&mut self, context: &CallContext, port: &mut Port<'_>) -> Status {
        let elements = match &mut self.elements {
            Some(elements) => elements,
            None => return Status::End,
        };
        let status = self
            .instance
            .run(context, port, |port| elements.next(context, port));
        if status != Status::Ok {
            discard(self.elements.take());
        }
        status
    }

    /// Whether the next element would be there at once.
    pub fn is_ready(&self) -> bool {
        let elements = self.elements.as_ref();
        elements.map_or(false, |elements| {
            guard(|| elements.is_ready()).unwrap_or(false)
        })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        discard(self.elements.take());
    }
}

/// Drops the module's own value, which may panic.
fn discard(elements: Option<Box<dyn Elements>>) {
    let _ = guard(|| drop(elements));
}

/// Counts the calls inside, and can be closed; one atomic operation in each direction.
struct Gate {
    state: AtomicUsize,
    shut: Mutex<()>,
    changed: Condvar,
}

const CLOSED: usize = 1 << (usize::BITS - 1);

impl Gate {
    fn new() -> Self {
        Gate {
            state: AtomicUsize::new(0),
            shut: Mutex::new(()),
            changed: Condvar::new(),
        }
    }

    fn enter(&self) -> bool {
        if self.state.fetch_add(1, Ordering::Acquire) & CLOSED == 0 {
            return true;
        }
        self.leave();
        false
    }

    fn leave(&self) {
        if self.state.fetch_sub(1, Ordering::Release) == CLOSED | 1 {
            let _shut = crate::lock(&self.shut);
            self.changed.notify_all();
        }
    }

    fn is_closed(&self) -> bool {
        self.state.load(Ordering::Acquire) & CLOSED != 0
    }

    /// Closes it, and waits until nobody is inside. Whether it was this call that closed it.
    fn close(&self) -> bool {
        let first = self.state.fetch_or(CLOSED, Ordering::AcqRel) & CLOSED == 0;
        let mut shut = crate::lock(&self.shut);
        while self.state.load(Ordering::Acquire) != CLOSED {
            shut = match self.changed.wait(shut) {
                Ok(guard) => guard,
                Err(poisoned) => poisoned.into_inner(),
            };
        }
        first
    }
}
