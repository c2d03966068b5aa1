//! What a running call can know about its caller.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

/// Handed to every command: long work polls it, and ends early when nobody wants the answer any more.
pub struct CallContext {
    /// The caller has gone.
    caller: Arc<AtomicBool>,
    /// The instance is being shut down.
    instance: Option<Arc<AtomicBool>>,
    probe: Option<fn() -> bool>,
    observed: AtomicBool,
}

impl CallContext {
    /// A context that is cancelled by setting the flag.
    pub fn new(caller: Arc<AtomicBool>) -> Self {
        CallContext {
            caller,
            instance: None,
            probe: None,
            observed: AtomicBool::new(false),
        }
    }

    /// A context that is never cancelled, for tests.
    pub fn never() -> Self {
        CallContext::new(Arc::new(AtomicBool::new(false)))
    }

    /// Also cancelled by setting this flag.
    pub(crate) fn or(self, instance: Arc<AtomicBool>) -> Self {
        CallContext {
            instance: Some(instance),
            ..self
        }
    }

    /// Also cancelled when `probe` says so: for calls that block the very thread on which their cancellation would
    /// arrive. Only that thread may use the context.
    pub fn with_probe(self, probe: fn() -> bool) -> Self {
        CallContext {
            probe: Some(probe),
            ..self
        }
    }

    /// Whether the caller has gone. A command that has seen `true` may return whatever it likes: nobody sees it.
    pub fn is_cancelled(&self) -> bool {
        let cancelled = self.observed.load(Ordering::Relaxed)
            || self.caller.load(Ordering::Relaxed)
            || self
                .instance
                .as_ref()
                .map_or(false, |flag| flag.load(Ordering::Relaxed))
            || self.probe.map_or(false, |probe| probe());
        if cancelled {
            self.observed.store(true, Ordering::Relaxed);
        }
        cancelled
    }

    /// Whether the command has been told that it is cancelled: then its answer means nothing. Asking forgets it.
    pub(crate) fn take_observed(&self) -> bool {
        // A store on every call would cost more than the call; it is hardly ever true.
        self.observed.load(Ordering::Relaxed) && self.observed.swap(false, Ordering::Relaxed)
    }
}
